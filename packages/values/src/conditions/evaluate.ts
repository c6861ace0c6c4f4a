import { described } from "./describe.js";
import { lookUp } from "./lookup.js";
import type { Budget } from "./operators.js";
import type { Op, Parsed } from "./parse.js";
import type { ConditionProblem, ConditionResult, ConditionTrace } from "./types.js";

type Test = Extract<Parsed, { kind: "test" }>;

const RESULT = { true: "yes", false: "no" } as const;
const resultOf = (answer: boolean): ConditionResult => RESULT[`${answer}`];

/** Answers one operator on what was found. */
function ask(op: Op, found: { readonly value: unknown } | null, budget: Budget): ConditionResult | ConditionProblem {
  if (op.check === null) return resultOf((found !== null) === op.operand);
  if (found === null) return "missing";
  const answer = op.check(found.value, budget);
  return typeof answer === "boolean" ? resultOf(answer) : answer;
}

const problemOf = (answer: ConditionResult | ConditionProblem): ConditionProblem | null =>
  answer === "missing" || answer === "type" || answer === "limit" ? answer : null;

/** Kleene's logic: what cannot be answered stays unanswered, unless the rest decides without it. */
function joined(kind: "all" | "any", results: Iterable<ConditionResult>): ConditionResult {
  const decisive: ConditionResult = kind === "all" ? "no" : "yes";
  let unknown = false;
  for (const result of results) {
    if (result === decisive) return decisive;
    unknown ||= result === "unknown";
  }
  return unknown ? "unknown" : kind === "all" ? "yes" : "no";
}

const negated = (result: ConditionResult): ConditionResult =>
  result === "unknown" ? result : result === "yes" ? "no" : "yes";

/** The answer alone; stops where it is decided. */
export function evaluate(parsed: Parsed, context: unknown, budget: Budget): ConditionResult {
  switch (parsed.kind) {
    case "not":
      return negated(evaluate(parsed.parts[0], context, budget));
    case "test":
      return joined("all", answers(parsed, context, budget));
    default:
      return joined(
        parsed.kind,
        mapped(parsed.parts, (part) => evaluate(part, context, budget)),
      );
  }
}

function* answers(test: Test, context: unknown, budget: Budget): Generator<ConditionResult> {
  const found = lookUp(context, test.keys);
  for (const op of test.ops) {
    const answer = ask(op, found, budget);
    yield problemOf(answer) === null ? (answer as ConditionResult) : "unknown";
  }
}

function* mapped<T, R>(list: readonly T[], each: (item: T) => R): Generator<R> {
  for (const item of list) yield each(item);
}

/** The answer of every part, decided or not. */
export function trace(parsed: Parsed, context: unknown, budget: Budget): ConditionTrace {
  if (parsed.kind === "test") return traceTest(parsed, context, budget);
  const parts = parsed.parts.map((part) => trace(part, context, budget));
  const results = parts.map(({ result }) => result);
  const result = parsed.kind === "not" ? negated(results[0] ?? "unknown") : joined(parsed.kind, results);
  return node({ kind: parsed.kind, result, path: null, op: null, expected: null, got: null, problem: null, parts });
}

function traceTest(test: Test, context: unknown, budget: Budget): ConditionTrace {
  const found = lookUp(context, test.keys);
  const got = found === null ? null : described(found.value);
  const parts = test.ops.map((op) => {
    const answer = ask(op, found, budget);
    const problem = problemOf(answer);
    const result = problem === null ? (answer as ConditionResult) : "unknown";
    const expected = described(op.operand);
    return node({ kind: "test", result, path: test.label, op: op.name, expected, got, problem, parts: [] });
  });
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const result = joined(
    "all",
    parts.map((part) => part.result),
  );
  return node({ kind: "all", result, path: test.label, op: null, expected: null, got, problem: null, parts });
}

const node = (fields: Omit<ConditionTrace, "toString">): ConditionTrace => {
  const made = { ...fields };
  // Not enumerable: a trace is data, and is compared and stored as such.
  Object.defineProperty(made, "toString", { value: () => written(made, "").join("\n") });
  return Object.freeze(made) as ConditionTrace;
};

const SAID: Readonly<Record<ConditionProblem, string>> = {
  missing: "is missing",
  type: "is of another type",
  limit: "is too large to look at",
};

function written(at: Omit<ConditionTrace, "toString">, indent: string): readonly string[] {
  const found = at.problem === null ? `is ${at.got ?? "missing"}` : SAID[at.problem];
  const text =
    at.kind === "test" ? `${at.path} ${at.op} ${at.expected}: ${at.result}, it ${found}` : `${at.kind}: ${at.result}`;
  return [`${indent}${text}`, ...at.parts.flatMap((part) => written(part, `${indent}  `))];
}
