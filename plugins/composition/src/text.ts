import { inspect } from "node:util";

const LONGEST = 200;

/** The first line of an error's message, short. */
export function summaryOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split("\n", 1)[0] ?? "";
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}...`;
}

/** What a value is, in a few words; contents of objects and long texts are not shown. */
export function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string")
    return value.length <= 48 ? JSON.stringify(value) : `a text of ${value.length} characters`;
  if (value === null || typeof value !== "object") return typeof value === "function" ? "a function" : inspect(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const kind: unknown = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor
    ?.name;
  return typeof kind === "string" && kind !== "Object" ? `an instance of ${kind}` : "an object";
}
