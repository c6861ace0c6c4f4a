/** What a run does before its model is called. */
const OPEN = ["run.start", "node.start gate", "node.end gate ok"];
const ASKS = ["node.start agent", "model.start", "model.end ok", "node.end agent ok"];
const ANSWERS = ASKS;

/** One tool call that begins and ends in `node`. */
const called = (node: string, tool: string, end: string): string[] => [
  `node.start ${node}`,
  `tool.start ${tool}`,
  `tool.end ${tool} ${end}`,
];

/**
 * The order of the observer hooks, by outcome: the same in every route. Names of nodes and tools, status, code and
 * lateness are part of it.
 */
export const GOLDEN = {
  ok: [...OPEN, ...ASKS, ...called("tools", "search", "ok"), "node.end tools ok", ...ANSWERS, "run.end ok"],
  "model error": [
    ...OPEN,
    "node.start agent",
    "model.start",
    "model.end error MODEL_RATE_LIMIT",
    "node.error agent",
    "node.end agent error MODEL_RATE_LIMIT",
    "run.error MODEL_RATE_LIMIT",
    "run.end error MODEL_RATE_LIMIT",
  ],
  retried: [
    ...OPEN,
    "node.start agent",
    "model.start",
    "model.end error",
    "node.error agent",
    "node.end agent error",
    ...ASKS,
    ...called("tools", "search", "ok"),
    "node.end tools ok",
    ...ANSWERS,
    "run.end ok",
  ],
  "tool error": [
    ...OPEN,
    ...ASKS,
    ...called("tools", "broken", "error"),
    "node.end tools ok",
    ...ANSWERS,
    "run.end ok",
  ],
  "tool error, not handled": [
    ...OPEN,
    ...ASKS,
    ...called("strict", "broken", "error"),
    "node.error strict",
    "node.end strict error",
    "run.error",
    "run.end error",
  ],
  "denied tool": [
    ...OPEN,
    ...ASKS,
    "node.start tools",
    "tool.denied refund NOT_GRANTED",
    "node.end tools ok",
    ...ANSWERS,
    "run.end ok",
  ],
  "denied model": [
    ...OPEN,
    "node.start agent",
    "model.denied NO_MODEL",
    "node.end agent denied NO_MODEL",
    "run.end denied NO_MODEL",
  ],
  "denied output": [
    ...OPEN,
    ...ASKS,
    ...called("tools", "search", "ok"),
    "node.end tools ok",
    ...ANSWERS,
    "run.denied NOT_TO_BE_SAID",
    "run.end denied NOT_TO_BE_SAID",
  ],
  "denied run": ["run.start", "run.denied NO_ROOM", "run.end denied NO_ROOM"],
  "nobody runs it": ["run.start", "run.denied IDENTITY_MISSING", "run.end denied IDENTITY_MISSING"],
  "aborted in the model": [
    ...OPEN,
    "node.start agent",
    "model.start",
    "model.end cancelled ABORTED",
    "node.end agent cancelled ABORTED",
    "run.end cancelled ABORTED",
  ],
  "aborted in a tool": [
    ...OPEN,
    ...ASKS,
    ...called("tools", "wait", "cancelled ABORTED"),
    "node.end tools ok",
    "run.end cancelled ABORTED",
  ],
  "time-out": [
    ...OPEN,
    "node.start agent",
    "model.start",
    "model.end error TIMEOUT",
    "node.error agent",
    "node.end agent error TIMEOUT",
    "run.error TIMEOUT",
    "run.end error TIMEOUT",
  ],
  "early break": [
    ...OPEN,
    ...ASKS,
    "node.start tools",
    "tool.start stubborn",
    "run.end cancelled ABORTED",
    "tool.end stubborn ok late",
    "node.end tools ok late",
  ],
  "paused for an approval": [
    ...OPEN,
    ...ASKS,
    "node.start tools",
    "node.end tools paused",
    "run.pause",
    "run.end paused",
  ],
  paused: ["run.start", "node.start gate", "node.end gate paused", "run.pause", "run.end paused"],
} as const satisfies Record<string, readonly string[]>;

export type OutcomeName = keyof typeof GOLDEN;
