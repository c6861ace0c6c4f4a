import { ValuesError } from "../errors.js";
import { issue } from "./describe.js";
import { evaluate, trace } from "./evaluate.js";
import { BUDGET } from "./operators.js";
import { type Parsed, parseCondition } from "./parse.js";
import { neverHolds } from "./reach.js";
import type { Condition, ConditionIssue, ConditionTrace } from "./types.js";

/** A condition ready to be asked. Asking never throws, runs no code of the context, and takes a bounded number of steps. */
export interface CompiledCondition {
  /** Whether it holds. What is missing or of another type is no match, and neither is its opposite. */
  matches(context: unknown): boolean;
  /** The same with the answer of each part. */
  explain(context: unknown): ConditionTrace;
  /** The first keys of all paths it reads. */
  readonly reads: readonly string[];
}

/** Everything that is wrong with a condition; empty when nothing is. Takes anything. */
export function validateCondition(condition: unknown): readonly ConditionIssue[] {
  const issues: ConditionIssue[] = [];
  readCondition(condition, "$", issues);
  return issues;
}

/** Reads one condition, and adds what is wrong with it. */
export function readCondition(condition: unknown, at: string, issues: ConditionIssue[]): Parsed | null {
  const parsed = parseCondition(condition, at, issues);
  if (parsed !== null && neverHolds(parsed))
    issues.push(
      issue({
        code: "CONDITION_CONTRADICTION",
        path: at,
        got: "parts that exclude each other",
        expected: "a condition that some context can satisfy",
        fix: "any: [...] where one of them is enough",
      }),
    );
  return parsed;
}

/** @throws ValuesError CONDITION_INVALID with every issue. */
export function throwIssues(issues: readonly ConditionIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  const more = issues.length === 1 ? "" : ` And ${issues.length - 1} more.`;
  const error = new ValuesError("CONDITION_INVALID", first.path, `${first.message}${more}`);
  Object.defineProperty(error, "issues", { value: Object.freeze([...issues]), enumerable: true });
  throw error;
}

/** What is wrong, as `compileCondition` and `compileRules` threw it; empty for any other error. */
export function issuesOf(error: unknown): readonly ConditionIssue[] {
  return ValuesError.isInstance(error) && error.code === "CONDITION_INVALID"
    ? ((error as { issues?: readonly ConditionIssue[] }).issues ?? [])
    : [];
}

/**
 * Checks a condition and makes it ready. It is read once: changing the object afterwards changes nothing.
 *
 * @throws ValuesError CONDITION_INVALID; `issuesOf(error)` lists all of it
 * @example
 * const premium = compileCondition({ path: "user_tier", in: ["premium", "enterprise"] });
 * premium.matches({ user_tier: "premium" }); // true
 * premium.matches({ user_tier: ["premium"] }); // false: a list is no text
 */
export function compileCondition(condition: Condition): CompiledCondition {
  const issues: ConditionIssue[] = [];
  const parsed = readCondition(condition, "$", issues);
  throwIssues(issues);
  return ready(parsed as Parsed);
}

/** A parsed condition as users have it. */
export function ready(parsed: Parsed): CompiledCondition {
  return Object.freeze({
    matches: (context: unknown) => evaluate(parsed, context, { left: BUDGET }) === "yes",
    explain: (context: unknown) => trace(parsed, context, { left: BUDGET }),
    reads: Object.freeze([...new Set(readsOf(parsed))]),
  });
}

const readsOf = (parsed: Parsed): readonly string[] =>
  parsed.kind === "test" ? parsed.keys.slice(0, 1) : parsed.parts.flatMap(readsOf);
