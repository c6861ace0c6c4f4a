import { described, issue } from "./issue.js";
import type { WorkflowIssue, WorkflowMode } from "./spec.js";

export type Raw = Readonly<Record<string, unknown>>;

/** What each mode needs beside a model. */
export const MODES: Readonly<Record<WorkflowMode, { readonly retriever: boolean; readonly tools: boolean }>> = {
  plain: { retriever: false, tools: false },
  rag: { retriever: true, tools: false },
  tools: { retriever: false, tools: true },
  full: { retriever: true, tools: true },
};

export const isMode = (value: unknown): value is WorkflowMode =>
  typeof value === "string" && Object.hasOwn(MODES, value);

/** Longest history a window may ask for. */
const MAX_WINDOW = 10_000;
const MAX_NAME = 128;

interface Rule {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
  readonly fix: string;
  readonly code?: "WORKFLOW_MEMORY_WINDOW";
}

const hasMethods =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === "object" && value !== null && names.every((name) => typeof (value as Raw)[name] === "function");

const text = (example: string): Rule => ({
  accepts: (value) => typeof value === "string" && value.trim() !== "" && value.length <= MAX_NAME,
  expected: `a text of 1 to ${MAX_NAME} characters`,
  fix: example,
});

const isSystem = (value: unknown): boolean =>
  typeof value === "string"
    ? value !== ""
    : typeof value === "object" && value !== null && (value as Raw)["type"] === "system";
const system: Rule = {
  accepts: isSystem,
  expected: "a text or a SystemMessage",
  fix: 'systemMessage: "You answer support questions."',
};

/** What each option must be. `llm`, `model`, `mode`, `retriever` and `tools` depend on each other and have rules of their own. */
const RULES: Readonly<Record<string, Rule>> = {
  name: text('name: "support"'),
  description: {
    ...text('description: "Answers support questions."'),
    accepts: (value) => typeof value === "string",
    expected: "a text",
  },
  systemMessage: system,
  systemPrompt: system,
  enableMemory: {
    accepts: (value) => typeof value === "boolean",
    expected: "true or false",
    fix: "enableMemory: true",
  },
  memoryWindow: {
    accepts: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_WINDOW,
    expected: `a whole number of messages from 1 to ${MAX_WINDOW}`,
    fix: "memoryWindow: 20",
    code: "WORKFLOW_MEMORY_WINDOW",
  },
  checkpointer: {
    accepts: hasMethods("getTuple", "put", "putWrites"),
    expected: "a checkpointer",
    fix: "checkpointer: new MemorySaver()",
  },
  store: {
    accepts: hasMethods("get", "put", "search"),
    expected: "a LangGraph store",
    fix: "store: new InMemoryStore()",
  },
  providerName: text('providerName: "openai"'),
  modelName: text('modelName: "gpt-5-mini"'),
};

/** Every option there is, as users may write it. */
export const OPTION_NAMES: readonly string[] = ["llm", "model", "mode", "retriever", "tools", ...Object.keys(RULES)];

/** Checks the options that stand for themselves. */
export function* simpleIssues(raw: Raw): Generator<WorkflowIssue> {
  for (const [name, rule] of Object.entries(RULES)) {
    const value = raw[name];
    if (value === undefined || rule.accepts(value)) continue;
    const code = rule.code ?? "WORKFLOW_OPTION_TYPE";
    yield issue({ code, path: name, got: described(value), expected: rule.expected, fix: rule.fix });
  }
}
