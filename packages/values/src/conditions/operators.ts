import { compileGlob } from "../glob.js";
import { isPlainObject } from "../plain.js";
import { sameBy } from "../same.js";
import type { ConditionBound, ConditionData } from "./types.js";

/** Steps that one evaluation may take; what would take more is answered `unknown`. */
export const BUDGET = 10_000_000;

/** How many steps are left. */
export interface Budget {
  left: number;
}

/** A test's answer: whether it holds, or why that cannot be said. */
export type Answer = boolean | "type" | "limit";

/** Tests a value that is there. */
export type Check = (value: unknown, budget: Budget) => Answer;

const spend = (budget: Budget, steps: number): boolean => (budget.left -= steps) >= 0;

export const isBound = (value: unknown): value is ConditionBound =>
  typeof value === "string" || (typeof value === "number" && Number.isFinite(value));

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "list" : isPlainObject(value) ? "object" : typeof value;

/** Values of different types are never compared; null may be asked for by name. */
const comparable = (value: unknown, operand: ConditionData): boolean =>
  value === null || operand === null || typeOf(value) === typeOf(operand);

/** Numbers as mathematics has them, at every depth: 0 and -0 are one, NaN is none. */
const same = (value: unknown, operand: ConditionData): boolean => sameBy(equal, value, operand);
const equal = (a: unknown, b: unknown): boolean => a === b;

function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 1;
}

function oneOf(operands: readonly ConditionData[]): Check {
  const scalars: ReadonlySet<unknown> = new Set(
    operands.filter((operand) => typeof operand !== "object" || operand === null),
  );
  const rest = operands.filter((operand) => typeof operand === "object" && operand !== null);
  return (value, budget) => {
    if (!spend(budget, sizeOf(value) * (1 + rest.length))) return "limit";
    if (!operands.some((operand) => comparable(value, operand))) return "type";
    return scalars.has(value) || rest.some((operand) => same(value, operand));
  };
}

const inverse =
  (check: Check): Check =>
  (value, budget) => {
    const answer = check(value, budget);
    return typeof answer === "boolean" ? !answer : answer;
  };

function compared(operand: ConditionBound, holds: (value: ConditionBound, operand: ConditionBound) => boolean): Check {
  return (value, budget) => {
    if (!isBound(value) || typeof value !== typeof operand) return "type";
    return spend(budget, typeof value === "string" ? Math.min(value.length, String(operand).length) : 1)
      ? holds(value, operand)
      : "limit";
  };
}

const atLeast = (operand: ConditionBound): Check => compared(operand, (value, bound) => value >= bound);
const atMost = (operand: ConditionBound): Check => compared(operand, (value, bound) => value <= bound);

const both =
  (first: Check, second: Check): Check =>
  (value, budget) => {
    const answer = first(value, budget);
    return answer === true ? second(value, budget) : answer;
  };

const onText =
  (cost: (text: string) => number, holds: (text: string) => boolean): Check =>
  (value, budget) => {
    if (typeof value !== "string") return "type";
    return spend(budget, cost(value)) ? holds(value) : "limit";
  };

/** An engine's search may look at a place again for each character of what it looks for, though it rarely does. */
const searching = (text: string, wanted: string): number => text.length * (1 + (wanted.length >> 4));

function contains(operand: ConditionData): Check {
  const element = oneOf([operand]);
  return (value, budget) => {
    if (typeof value === "string")
      return typeof operand !== "string"
        ? "type"
        : spend(budget, searching(value, operand))
          ? value.includes(operand)
          : "limit";
    if (!Array.isArray(value)) return "type";
    for (let index = 0; index < value.length; index++) {
      const property = Object.getOwnPropertyDescriptor(value, index);
      // A hole, an accessor or an element of another type is simply not the one that is looked for.
      const answer = spend(budget, 1)
        ? property !== undefined && "value" in property
          ? element(property.value, budget)
          : false
        : "limit";
      if (answer === "limit") return "limit";
      if (answer === true) return true;
    }
    return false;
  };
}

function matches(patterns: readonly string[]): Check {
  const globs = patterns.map((pattern) => compileGlob(pattern));
  // A part with a ? in it is tried at every place; see compileGlob.
  const factor = patterns.reduce(
    (sum, pattern) => sum + (pattern.includes("?") ? pattern.length : 1 + (pattern.length >> 4)),
    0,
  );
  return onText(
    (text) => text.length * factor,
    (text) => globs.some((glob) => glob(text)),
  );
}

/** The check of each operator, for an operand that was found right. `exists` has none: it is asked before there is a value. */
export const CHECKS: Readonly<Record<string, (operand: never) => Check>> = Object.freeze({
  eq: (operand: ConditionData) => oneOf([operand]),
  ne: (operand: ConditionData) => inverse(oneOf([operand])),
  in: oneOf,
  notIn: (operands: readonly ConditionData[]) => inverse(oneOf(operands)),
  lt: (operand: ConditionBound) => compared(operand, (value, bound) => value < bound),
  lte: atMost,
  gt: (operand: ConditionBound) => compared(operand, (value, bound) => value > bound),
  gte: atLeast,
  between: ([low, high]: readonly [ConditionBound, ConditionBound]) => both(atLeast(low), atMost(high)),
  min: atLeast,
  max: atMost,
  contains,
  startsWith: (operand: string) =>
    onText(
      () => operand.length,
      (text) => text.startsWith(operand),
    ),
  endsWith: (operand: string) =>
    onText(
      () => operand.length,
      (text) => text.endsWith(operand),
    ),
  matches: (operand: string | readonly string[]) => matches(typeof operand === "string" ? [operand] : operand),
});

/** Every operator there is. */
export const OPERATORS: readonly string[] = Object.freeze([...Object.keys(CHECKS), "exists"]);
