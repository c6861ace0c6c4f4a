import { kindOf } from "../plain.js";
import type { ConditionIssue } from "./types.js";

/** Texts longer than this are not shown: a trace may be logged. */
const LONGEST = 48;
const SHOWN = 5;

/** What a value is, in a few words; short scalars and lists of them as they are. Runs no code of the value. */
export function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string")
    return value.length <= LONGEST ? JSON.stringify(value) : `a text of ${value.length} characters`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return `a ${typeof value}`;
  if (value === null || typeof value === "boolean") return String(value);
  const kind = kindOf(value as object);
  if (kind === "array") {
    const list = value as readonly unknown[];
    const scalars = list.length <= SHOWN && list.every((item) => item === null || typeof item !== "object");
    return scalars ? `[${list.map(described).join(", ")}]` : `a list of ${list.length}`;
  }
  return kind === "plain" ? "an object" : `a ${kind}`;
}

/** An issue, with its sentence made from its parts. */
export function issue(fields: Omit<ConditionIssue, "message">): ConditionIssue {
  return Object.freeze({ ...fields, message: `${fields.path}: expected ${fields.expected}, got ${fields.got}.` });
}

/** The known name that somebody probably meant; null when none is close. */
export function nearestOf(name: string, known: readonly string[]): string | null {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, "");
  const wanted = plain(name.slice(0, LONGEST));
  const same = known.find((candidate) => plain(candidate) === wanted);
  if (same !== undefined) return same;
  return (
    SYNONYMS.get(wanted) ?? known.find((candidate) => wanted.length > 2 && plain(candidate).startsWith(wanted)) ?? null
  );
}

/** What other languages call them. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ["equals", "eq"],
  ["equal", "eq"],
  ["is", "eq"],
  ["not", "ne"],
  ["neq", "ne"],
  ["nin", "notIn"],
  ["oneof", "in"],
  ["noneof", "notIn"],
  ["range", "between"],
  ["minimum", "min"],
  ["maximum", "max"],
  ["ge", "gte"],
  ["le", "lte"],
  ["includes", "contains"],
  ["has", "contains"],
  ["prefix", "startsWith"],
  ["suffix", "endsWith"],
  ["regex", "matches"],
  ["regexp", "matches"],
  ["pattern", "matches"],
  ["glob", "matches"],
  ["like", "matches"],
]);
