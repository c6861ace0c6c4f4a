import type { BaseMessage } from "@langchain/core/messages";
import type { AnyMessage, MessageCounter } from "./message.js";
import { summaryOf } from "./summary-message.js";

/** One message of a conversation, and what it belongs to. */
export interface Piece {
  readonly message: BaseMessage;
  readonly tokens: number;
  /** A call and its results are one group: kept together, or left out together. */
  readonly group: number;
  readonly kind: "system" | "pinned" | "summary" | "orphan" | "talk";
}

/** A conversation, taken apart. */
export interface Layout {
  readonly pieces: readonly Piece[];
  /** Indexes of the pieces of each group, in order. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** Index of the last thing a human asked; -1 if nobody asked anything. */
  readonly question: number;
  /** The group of the last message, which the model is to go on from; -1 for none. */
  readonly lastGroup: number;
  readonly tokens: number;
}

/**
 * Takes a conversation apart. A result belongs to the nearest call before it with its id, for models may use an id
 * again; one whose call is nowhere is an orphan.
 */
export function layoutOf(
  messages: readonly BaseMessage[],
  counter: MessageCounter,
  pinned: (message: BaseMessage) => boolean,
): Layout {
  const callers = new Map<string, number>();
  const groupOf = messages.map((message, index) => {
    const { tool_calls: calls = [], tool_call_id: answers, type } = message as AnyMessage;
    for (const { id } of calls) if (id !== undefined) callers.set(id, index);
    if (type !== "tool") return index;
    return answers === undefined ? -1 : (callers.get(answers) ?? -1);
  });
  const held = new Set(groupOf.filter((group, index) => group !== -1 && pinned(messages[index] as BaseMessage)));
  const groups = new Map<number, number[]>();
  let question = -1;
  let lastGroup = -1;
  let tokens = 0;
  const pieces = messages.map((message, index): Piece => {
    const group = groupOf[index] as number;
    const kind = kindOf(message, group, held);
    const size = counter.count(message);
    tokens += size;
    if (kind !== "orphan") {
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [index]);
      else members.push(index);
    }
    if (message.type === "human" && kind !== "summary") question = index;
    if (kind === "talk" || kind === "pinned") lastGroup = group;
    return { message, tokens: size, group, kind };
  });
  return { pieces, groups, question, lastGroup, tokens };
}

function kindOf(message: BaseMessage, group: number, held: ReadonlySet<number>): Piece["kind"] {
  if (group === -1) return "orphan";
  if (message.type === "system") return "system";
  if (summaryOf(message) !== null) return "summary";
  return held.has(group) ? "pinned" : "talk";
}
