import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { data } from "../fixtures/random-data.js";
import { compileCondition, validateCondition } from "./condition.js";
import { compileRules, type RuleList, validateRules } from "./rules.js";
import type { Condition, ConditionResult } from "./types.js";

const KEYS = ["a", "b", "c", "__proto__", "constructor", "length", "0"];
const scalar = fc.constantFrom<unknown>("", "a", "ab", "b", "0.8", 0, -0, 1, 0.5, -1, 1e9, true, false, null);
const context = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 4 }),
  ),
})).value;
const path = fc.array(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 });
const bound = fc.constantFrom<number | string>(-1, 0, 0.5, 1, "a", "ab", "b");
const test = fc.oneof(
  fc.record({ eq: context }),
  fc.record({ ne: context }),
  fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
  fc.record({ notIn: fc.array(context, { minLength: 1, maxLength: 3 }) }),
  fc.record({ lt: bound }),
  fc.record({ lte: bound }),
  fc.record({ gt: bound }),
  fc.record({ gte: bound, lt: bound }),
  fc.record({ min: bound, max: bound }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ contains: scalar }),
  fc.record({ startsWith: fc.constantFrom("a", "ab") }),
  fc.record({ endsWith: fc.constantFrom("b", "ab") }),
  fc.record({ matches: fc.constantFrom("*", "a?", "*b", "a*b*") }),
);
const conditionOn = (at: fc.Arbitrary<readonly string[]>, tests: fc.Arbitrary<object>) =>
  fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.tuple(at, tests).map(([keys, operators]) => ({ path: keys, ...operators })),
      fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
      tie("any").map((not) => ({ not })),
    ),
  })).any as fc.Arbitrary<Condition>;
const condition = conditionOn(path, test);
/** Few keys and values, so that rules often meet. */
const small = fc.constantFrom<unknown>("a", "ab", 0, 0.5, 1, null);
const near = conditionOn(
  fc.constantFrom(["a"], ["b"]),
  fc.oneof(
    fc.record({ eq: small }),
    fc.record({ in: fc.array(small, { minLength: 1, maxLength: 3 }) }),
    fc.record({ min: fc.constantFrom(0, 0.5), max: fc.constantFrom(0.5, 1) }),
    fc.record({ gt: fc.constantFrom(0, 0.5) }),
    fc.record({ exists: fc.boolean() }),
    fc.record({ startsWith: fc.constantFrom("a", "ab") }),
  ),
);
const nearContext = fc.record({ a: small, b: small }, { requiredKeys: [] });

/** What a condition means, written down as plainly as possible: a list of worlds, no compiling, no budget. */
const kind = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "list" : typeof value);
const text = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? { entries: Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)) }
      : inner,
  );
const equal = (a: unknown, b: unknown): boolean => kind(a) === kind(b) && text(a) === text(b);
function naive(asked: Condition, from: unknown): ConditionResult {
  const said = (value: boolean): ConditionResult => (value ? "yes" : "no");
  const all = (list: readonly ConditionResult[]): ConditionResult =>
    list.includes("no") ? "no" : list.includes("unknown") ? "unknown" : "yes";
  const not = (one: ConditionResult): ConditionResult => (one === "yes" ? "no" : one === "no" ? "yes" : one);
  if ("all" in asked) return all(asked.all.map((part) => naive(part, from)));
  if ("any" in asked) return not(all(asked.any.map((part) => not(naive(part, from)))));
  if ("not" in asked) return not(naive(asked.not, from));
  const { path: keys, ...operators } = asked;
  let value: unknown = from;
  for (const key of keys)
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as never)[key] : undefined;
  return all(
    Object.entries(operators).map(([op, operand]): ConditionResult => {
      if (op === "exists") return said((value !== undefined) === operand);
      if (value === undefined) return "unknown";
      const list = (Array.isArray(operand) ? operand : [operand]) as readonly unknown[];
      const types = (wanted: readonly unknown[]): boolean =>
        value === null || wanted.some((one) => one === null || kind(one) === kind(value));
      const ordered = (compare: (a: never, b: never) => boolean): ConditionResult =>
        typeof value === typeof operand && (typeof value === "number" || typeof value === "string")
          ? said(compare(value as never, operand as never))
          : "unknown";
      const onText = (holds: (given: string) => boolean): ConditionResult =>
        typeof value === "string" ? said(holds(value)) : "unknown";
      switch (op) {
        case "eq":
          return types([operand]) ? said(equal(value, operand)) : "unknown";
        case "ne":
          return types([operand]) ? said(!equal(value, operand)) : "unknown";
        case "in":
          return types(list) ? said(list.some((one) => equal(one, value))) : "unknown";
        case "notIn":
          return types(list) ? said(!list.some((one) => equal(one, value))) : "unknown";
        case "lt":
          return ordered((a, b) => a < b);
        case "lte":
        case "max":
          return ordered((a, b) => a <= b);
        case "gt":
          return ordered((a, b) => a > b);
        case "gte":
        case "min":
          return ordered((a, b) => a >= b);
        case "contains":
          if (Array.isArray(value)) return said(value.some((one) => equal(one, operand)));
          return typeof operand === "string" ? onText((given) => given.includes(operand)) : "unknown";
        case "startsWith":
          return onText((given) => given.startsWith(operand as string));
        case "endsWith":
          return onText((given) => given.endsWith(operand as string));
        default:
          return onText((given) =>
            new RegExp(`^${(operand as string).replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`).test(given),
          );
      }
    }),
  );
}

describe("conditions against an oracle", () => {
  it("answer as their meaning says", () => {
    let asked = 0;
    fc.assert(
      fc.property(condition, fc.array(context, { minLength: 4, maxLength: 8 }), (given, contexts) => {
        if (validateCondition(given).length > 0) return;
        const { matches, explain } = compileCondition(given);
        for (const from of contexts) {
          asked++;
          const expected = naive(given, from);
          expect(explain(from).result).toBe(expected);
          expect(matches(from)).toBe(expected === "yes");
        }
      }),
      { numRuns: 3_000 },
    );
    expect(asked).toBeGreaterThan(5_000);
  });

  it("that are called contradictory never hold, and rules called unreachable are never chosen", () => {
    let dead = 0;
    fc.assert(
      fc.property(
        fc.array(near, { minLength: 2, maxLength: 4 }),
        fc.array(nearContext, { minLength: 20, maxLength: 20 }),
        (list, contexts) => {
          for (const one of list)
            if (validateCondition(one).some(({ code }) => code === "CONDITION_CONTRADICTION"))
              for (const from of contexts) expect(naive(one, from)).not.toBe("yes");
          const rules = list.map((when, index) => ({ name: `r${index}`, when }));
          for (const { code, path: at } of validateRules({ rules, otherwise: null })) {
            if (code !== "RULE_UNREACHABLE") continue;
            dead++;
            const index = Number(/\d+/.exec(at)?.[0]);
            for (const from of contexts)
              if (naive(list[index] as Condition, from) === "yes")
                expect(list.slice(0, index).some((earlier) => naive(earlier, from) === "yes")).toBe(true);
          }
        },
      ),
      { numRuns: 3_000 },
    );
    expect(dead).toBeGreaterThan(100);
  });
});

describe("conditions of anybody", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
  });
  it("never throw anything but CONDITION_INVALID, whatever they and their contexts are", () => {
    fc.assert(
      fc.property(
        fc.oneof(anything, condition, test),
        fc.array(fc.oneof(anything, data), { maxLength: 3 }),
        (given, contexts) => {
          const issues = validateCondition(given);
          const list = { rules: given as never, otherwise: null } satisfies RuleList;
          const broken = validateRules(list);
          if (issues.length > 0)
            expect(() => compileCondition(given as Condition)).toThrow(
              expect.objectContaining({ code: "CONDITION_INVALID" }),
            );
          if (broken.length > 0)
            expect(() => compileRules(list)).toThrow(expect.objectContaining({ code: "CONDITION_INVALID" }));
          for (const from of contexts) {
            if (issues.length === 0) expect(typeof compileCondition(given as Condition).matches(from)).toBe("boolean");
            if (broken.length === 0) expect(compileRules(list).explain(from).choice).toHaveProperty("use");
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
