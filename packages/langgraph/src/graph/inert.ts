import { types } from "node:util";

/**
 * Whether a value, mostly the answer of a node, is plain data to LangGraph: no Command, no Send, no list that may hold one, no runnable, and
 * nothing that runs code of the host's when its fields are read. Told without running any.
 */
export function isInert(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) return typeof answer !== "function";
  if (types.isProxy(answer)) return false;
  const prototype: unknown = Object.getPrototypeOf(answer);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if ("lg_name" in answer || "lc_runnable" in answer) return false;
  for (const key of Object.keys(answer))
    if (Object.getOwnPropertyDescriptor(answer, key)?.get !== undefined) return false;
  return true;
}
