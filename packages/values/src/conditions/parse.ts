import { ValuesError } from "../errors.js";
import { isPlainObject } from "../plain.js";
import { snapshot } from "../snapshot.js";
import { described, issue, nearestOf } from "./describe.js";
import { keysOf, labelOf } from "./lookup.js";
import { operandIssues } from "./operands.js";
import { type Check, CHECKS, OPERATORS } from "./operators.js";
import { isEmpty, rangeOf } from "./ranges.js";
import type { ConditionIssue, ConditionIssueCode } from "./types.js";

/** Groups and tests nested in each other. */
const DEEPEST = 16;
/** Groups and tests of one condition. */
const MOST_PARTS = 256;

/** One operator of a test, ready to run. `check` is null for `exists`. */
export interface Op {
  readonly name: string;
  readonly operand: unknown;
  readonly check: Check | null;
}

/** A condition that was found right. */
export type Parsed =
  | { readonly kind: "all" | "any"; readonly parts: readonly Parsed[] }
  | { readonly kind: "not"; readonly parts: readonly [Parsed] }
  | { readonly kind: "test"; readonly keys: readonly string[]; readonly label: string; readonly ops: readonly Op[] };

const EXAMPLE = '{ path: "user_tier", in: ["premium"] }';

/** Reads a condition once, as data; everything wrong with it goes to `issues`. Null when something was. */
export function parseCondition(input: unknown, at: string, issues: ConditionIssue[]): Parsed | null {
  const data = dataOf(input, at, issues);
  return data === null ? null : new Parser(issues).condition(data.value, at, 1);
}

/** The input as plain data, read once, so that nothing can change it afterwards. */
export function dataOf(input: unknown, at: string, issues: ConditionIssue[]): { readonly value: unknown } | null {
  const wrong = (code: ConditionIssueCode, got: string, expected: string): null => {
    issues.push(issue({ code, path: at, got, expected, fix: EXAMPLE }));
    return null;
  };
  try {
    const { value, opaque } = snapshot(input, { depth: 64, nodes: 20_000 });
    if (opaque.length === 0) return { value };
    return wrong("CONDITION_OPERAND", `a function or instance at ${opaque[0]}`, "plain data");
  } catch (error) {
    if (!ValuesError.isInstance(error)) return wrong("CONDITION_SHAPE", "what throws when it is read", "plain data");
    const large = error.code === "TOO_LARGE" || error.code === "TOO_DEEP";
    return wrong(
      large ? "CONDITION_TOO_LARGE" : "CONDITION_SHAPE",
      `${error.code} at ${error.path}`,
      "plain, bounded data",
    );
  }
}

class Parser {
  #parts = 0;

  constructor(readonly issues: ConditionIssue[]) {}

  #wrong(code: ConditionIssueCode, path: string, got: string, expected: string, fix: string): null {
    this.issues.push(issue({ code, path, got, expected, fix }));
    return null;
  }

  condition(input: unknown, at: string, depth: number): Parsed | null {
    if (++this.#parts > MOST_PARTS || depth > DEEPEST)
      return this.#parts === MOST_PARTS + 1 || depth > DEEPEST
        ? this.#wrong(
            "CONDITION_TOO_LARGE",
            at,
            "more",
            `at most ${MOST_PARTS} parts, ${DEEPEST} levels deep`,
            "fewer, flatter conditions",
          )
        : null;
    if (!isPlainObject(input)) return this.#wrong("CONDITION_SHAPE", at, described(input), "a condition", EXAMPLE);
    const keys = Object.keys(input);
    const group = keys.find((key) => key === "all" || key === "any" || key === "not");
    if (group === undefined) return this.#test(input, keys, at);
    if (keys.length > 1)
      return this.#wrong(
        "CONDITION_SHAPE",
        at,
        described(keys),
        `"${group}" alone`,
        `{ all: [{ ${group}: ... }, ${EXAMPLE}] }`,
      );
    if (group === "not") {
      const part = this.condition(input["not"], `${at}.not`, depth + 1);
      return part === null ? null : { kind: "not", parts: [part] };
    }
    return this.#group(group as "all" | "any", input[group], `${at}.${group}`, depth);
  }

  #group(kind: "all" | "any", list: unknown, at: string, depth: number): Parsed | null {
    if (!Array.isArray(list))
      return this.#wrong("CONDITION_SHAPE", at, described(list), "a list of conditions", `${kind}: [${EXAMPLE}]`);
    if (list.length === 0)
      return this.#wrong(
        "CONDITION_LIST_EMPTY",
        at,
        described(list),
        "at least one condition",
        `${kind}: [${EXAMPLE}]`,
      );
    const parts = list
      .slice(0, MOST_PARTS + 1)
      .map((part, index) => this.condition(part, `${at}[${index}]`, depth + 1));
    return parts.includes(null) ? null : { kind, parts: parts as readonly Parsed[] };
  }

  #test(input: Readonly<Record<string, unknown>>, names: readonly string[], at: string): Parsed | null {
    const before = this.issues.length;
    const keys = keysOf(input["path"]);
    if (keys === null)
      this.#wrong(
        "CONDITION_PATH",
        `${at}.path`,
        described(input["path"]),
        "keys joined by dots, up to 16",
        'path: "user.tier"',
      );
    const ops: Op[] = [];
    for (const name of names) {
      if (name === "path") continue;
      const operand = input[name];
      if (!OPERATORS.includes(name)) {
        const meant = nearestOf(name, OPERATORS);
        this.#wrong(
          "CONDITION_OPERATOR_UNKNOWN",
          `${at}.${name.slice(0, 64)}`,
          "an unknown operator",
          `one of ${OPERATORS.join(", ")}`,
          meant ?? EXAMPLE,
        );
        continue;
      }
      const wrong = operandIssues(name, operand, `${at}.${name}`);
      this.issues.push(...wrong);
      if (wrong.length > 0) continue;
      ops.push({ name, operand, check: name === "exists" ? null : (CHECKS[name]?.(operand as never) ?? null) });
    }
    if (ops.length === 0 && this.issues.length === before)
      this.#wrong("CONDITION_SHAPE", at, "no operator", `one of ${OPERATORS.join(", ")}`, EXAMPLE);
    if (this.issues.length === before && isEmpty(rangeOf(ops)))
      this.#wrong(
        "CONDITION_RANGE_EMPTY",
        at,
        "a range with nothing in it",
        "the lower end first, both of one type",
        "min: 0.7, max: 1",
      );
    return this.issues.length > before || keys === null ? null : { kind: "test", keys, label: labelOf(keys), ops };
  }
}
