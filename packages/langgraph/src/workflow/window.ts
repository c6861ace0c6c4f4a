import type { BaseMessage } from "@langchain/core/messages";

interface AnyMessage {
  readonly tool_calls?: readonly { readonly id?: string | undefined }[] | undefined;
  readonly tool_call_id?: string;
}

/**
 * What a model may see of a conversation: at most the last `limit` messages, system messages not counted and always
 * kept. It starts with a human message, because providers refuse an answer without its question; the current turn,
 * from the last human message on, is whole even if it is longer than the limit; a tool result never stands without
 * the call it answers.
 *
 * @param limit undefined: everything.
 */
export function visibleMessages(messages: readonly BaseMessage[], limit: number | undefined): readonly BaseMessage[] {
  if (limit === undefined) return messages;
  const spoken = messages.filter((message) => message.type !== "system");
  if (spoken.length <= limit) return messages;
  const start = startOf(spoken, limit);
  if (spoken.length === messages.length) return spoken.slice(start);
  const seen = new Set(spoken.slice(start));
  return messages.filter((message) => message.type === "system" || seen.has(message));
}

function startOf(spoken: readonly BaseMessage[], limit: number): number {
  const earliest = spoken.length - limit;
  const turn = spoken.findLastIndex((message) => message.type === "human");
  // Nobody asked anything: there is no turn to keep whole, only calls and results to keep together.
  if (turn === -1) return skipResults(spoken, withCalls(spoken, earliest));
  const inside = spoken.findIndex((message, index) => index >= earliest && message.type === "human");
  return withCalls(spoken, inside === -1 ? turn : inside);
}

/** Moves the start back until every tool result has its call, to the question that led to the call. */
function withCalls(spoken: readonly BaseMessage[], from: number): number {
  const callers = callersOf(spoken);
  let start = from;
  for (let index = spoken.length - 1; index >= start; index--) {
    const caller = callers[index];
    if (caller === undefined || caller >= start) continue;
    const question = spoken.findLastIndex((message, i) => i <= caller && message.type === "human");
    start = question === -1 ? caller : question;
  }
  return start;
}

/** For each tool result, where its call is: the nearest one before it, for models may use an id again. */
function callersOf(spoken: readonly BaseMessage[]): readonly (number | undefined)[] {
  const made = new Map<string, number>();
  return spoken.map((message, index) => {
    const { tool_call_id: answered, tool_calls: calls = [] } = message as AnyMessage;
    for (const { id } of calls) if (id !== undefined) made.set(id, index);
    return answered === undefined ? undefined : made.get(answered);
  });
}

/** Results whose calls are nowhere cannot come first. */
function skipResults(spoken: readonly BaseMessage[], from: number): number {
  let start = from;
  while (start < spoken.length - 1 && spoken[start]?.type === "tool") start++;
  return start;
}
