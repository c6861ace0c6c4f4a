import { sameData } from "@graphtap/values";
import { type BaseMessage, isBaseMessage, RemoveMessage } from "@langchain/core/messages";

type Values = Readonly<Record<string, unknown>>;

/** What a member changed of what it was given: whole values, by channel. */
export function changesOf(before: Values, after: Values, keys: readonly string[]): Values {
  const changes: Record<string, unknown> = {};
  for (const key of keys)
    if (Object.hasOwn(after, key) && after[key] !== undefined && !unchanged(before[key], after[key]))
      changes[key] = after[key];
  return changes;
}

/** The same value, or one that came back from a checkpoint. */
export function unchanged(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true;
  if (isMessages(before) && isMessages(after))
    return before.length === after.length && before.every((message, index) => sameMessage(message, after[index]));
  return sameData(before, after);
}

export const isMessages = (value: unknown): value is readonly BaseMessage[] =>
  Array.isArray(value) && value.every((item) => isBaseMessage(item));

function sameMessage(a: BaseMessage, b: BaseMessage | undefined): boolean {
  if (a === b) return true;
  if (b === undefined || a.id !== b.id || a.type !== b.type) return false;
  const data = (message: BaseMessage): unknown => {
    const { content, name, tool_calls, tool_call_id, status, additional_kwargs } = message as BaseMessage & Values;
    return { content, name, tool_calls, tool_call_id, status, additional_kwargs };
  };
  return sameData(data(a), data(b));
}

/**
 * What a list of messages needs to become what a member made of it, for a channel that joins messages by id: new and
 * changed ones, and a removal of each that is gone. Handing back the whole list would be the same only while every message
 * has an id.
 */
export function messagesDelta(before: unknown, after: readonly BaseMessage[]): readonly BaseMessage[] {
  const old = isMessages(before) ? before : [];
  const known = new Map(old.map((message) => [message.id ?? message, message]));
  const kept = new Set<unknown>();
  const delta: BaseMessage[] = [];
  for (const message of after) {
    const id = message.id ?? message;
    const earlier = known.get(id);
    if (earlier !== undefined) kept.add(id);
    if (earlier === undefined || !sameMessage(earlier, message)) delta.push(message);
  }
  for (const id of known.keys())
    if (!kept.has(id) && typeof id === "string") delta.unshift(new RemoveMessage({ id }) as BaseMessage);
  return delta;
}

/** What was added at the end of a list; null when that is not what happened to it. */
export function appended(before: unknown, after: unknown): readonly unknown[] | null {
  if (!Array.isArray(after)) return null;
  const old: readonly unknown[] = Array.isArray(before) ? before : [];
  if (after.length < old.length) return null;
  return old.every((item, index) => unchanged(item, after[index])) ? after.slice(old.length) : null;
}
