import { describe, expect, it } from "vitest";
import { compileRules, type RuleList, validateRules } from "./rules.js";

const tiers: RuleList = {
  rules: { user_tier: { in: ["premium", "enterprise"] }, query_complexity: { min: 0.7, max: 1 } },
};
const codes = (list: unknown): readonly string[] => validateRules(list as RuleList).map(({ code }) => code);
const rule = (name: string, when: object, more: object = {}) => ({ name, when, ...more });

describe("choosing", () => {
  it.each([null, undefined, 5, "rules", [], () => []])("says that there is no list in %s", (given) => {
    expect(codes(given)).toContain("CONDITION_SHAPE");
    expect(() => compileRules(given as never)).toThrow(expect.objectContaining({ code: "CONDITION_INVALID" }));
  });

  it("takes the first that holds, in the document's form", () => {
    const { choose } = compileRules(tiers);
    expect(choose({ user_tier: "premium", query_complexity: 0.8 })).toEqual({ rule: "user_tier", use: "user_tier" });
    expect(choose({ user_tier: "free", query_complexity: 0.8 }).use).toBe("query_complexity");
    expect(choose({ user_tier: "free", query_complexity: 0.1 })).toEqual({ rule: null, use: null });
  });
  it("takes values for equality and whole conditions by name", () => {
    const { choose, reads } = compileRules({
      rules: {
        query_type: "technical",
        tags: ["a"],
        both: {
          all: [
            { path: "x.y", eq: 1 },
            { path: "z", eq: 2 },
          ],
        },
      },
      otherwise: "plain",
    });
    expect(choose({ query_type: "technical" }).use).toBe("query_type");
    expect(choose({ tags: ["a"] }).use).toBe("tags");
    expect(choose({ x: { y: 1 }, z: 2 }).use).toBe("both");
    expect(choose({})).toEqual({ rule: null, use: "plain" });
    expect(reads).toEqual(["query_type", "tags", "x", "z"]);
  });
  it("asks by priority, then by the order of the list", () => {
    const made = compileRules({
      rules: [
        rule("a", { path: "x", min: 1 }, { use: "low" }),
        rule("b", { path: "y", min: 1 }, { use: "high", priority: 5 }),
        rule("c", { path: "z", min: 1 }, { priority: -1 }),
        rule("d", { path: "w", min: 1 }),
      ] as never,
      otherwise: null,
    });
    expect(made.rules.map(({ name }) => name)).toEqual(["b", "a", "d", "c"]);
    expect(made.choose({ x: 1, y: 1 })).toEqual({ rule: "b", use: "high" });
    expect(made.choose({ z: 1, w: 1 }).rule).toBe("d");
  });
  it("explains every rule, also behind the one that holds", () => {
    const { choice, rules } = compileRules(tiers).explain({ user_tier: "premium" });
    expect(choice.rule).toBe("user_tier");
    expect(rules.map(({ name, matched, trace }) => [name, matched, trace.result])).toEqual([
      ["user_tier", true, "yes"],
      ["query_complexity", false, "unknown"],
    ]);
  });
});

describe("what is wrong with rules", () => {
  const when = { path: "x", eq: 1 };
  it.each<[unknown, string]>([
    [{ rules: null, otherwise: null }, "CONDITION_SHAPE"],
    [{ rules: [], otherwise: null }, "CONDITION_LIST_EMPTY"],
    [{ rules: {}, otherwise: null }, "CONDITION_LIST_EMPTY"],
    [{ rules: [rule("a", when)] }, "RULE_DEFAULT_MISSING"],
    [{ rules: [rule("a", when), rule("a", { path: "y", eq: 1 })], otherwise: null }, "RULE_NAME"],
    [{ rules: [rule("", when)], otherwise: null }, "RULE_NAME"],
    [{ rules: [rule("a", when, { priority: Number.NaN })], otherwise: null }, "RULE_PRIORITY"],
    [{ rules: [rule("a", when, { weight: 1 })], otherwise: null }, "CONDITION_SHAPE"],
    [{ rules: [rule("a", when, { use: "b" })], otherwise: null, targets: ["a"] }, "RULE_TARGET_MISSING"],
    [{ rules: [rule("a", when)], otherwise: "z", targets: ["a"] }, "RULE_TARGET_MISSING"],
    [{ rules: { tier: 1, "10": 1, "2": 1 } }, "RULE_ORDER"],
    [{ rules: { x: { in: "premium" } } }, "CONDITION_OPERAND"],
  ])("%j: %s", (list, code) => {
    expect(codes(list)).toEqual([code]);
  });

  it("names the rule of the document's form", () => {
    expect(validateRules({ rules: { user_tier: { in: [] } } })).toMatchObject([{ path: "$.rules.user_tier.in" }]);
  });

  it.each<[object, object]>([
    [
      { path: "x", in: ["a", "b"] },
      { path: "x", eq: "a" },
    ],
    [
      { path: "x", min: 0, max: 1 },
      { path: "x", between: [0.2, 0.5] },
    ],
    [
      { path: "x", exists: true },
      { path: "x", gt: 3 },
    ],
    [
      { path: "x", startsWith: "in" },
      { path: "x", eq: "invoice" },
    ],
    [
      { path: "x", eq: 1 },
      {
        all: [
          { path: "x", eq: 1 },
          { path: "y", eq: 2 },
        ],
      },
    ],
    [
      {
        any: [
          { path: "x", eq: 1 },
          { path: "y", eq: 1 },
        ],
      },
      { path: "y", eq: 1 },
    ],
    [{ not: { path: "x", eq: 1 } }, { all: [{ not: { path: "x", eq: 1 } }, { path: "y", eq: 1 }] }],
  ])("%j leaves nothing for %j", (first, second) => {
    const list = { rules: [rule("a", first), rule("b", second)], otherwise: null };
    expect(codes(list)).toEqual(["RULE_UNREACHABLE"]);
    expect(codes({ ...list, rules: [rule("b", second), rule("a", first)] })).toEqual([]);
    // A higher priority brings it forward.
    expect(codes({ ...list, rules: [rule("a", first), rule("b", second, { priority: 1 })] })).toEqual([]);
  });

  it("sees what several earlier rules take together", () => {
    const rules = [
      rule("a", { path: "x", eq: 1 }),
      rule("b", { path: "x", eq: 2 }),
      rule("c", { path: "x", in: [1, 2] }),
    ];
    expect(codes({ rules, otherwise: null })).toEqual(["RULE_UNREACHABLE"]);
  });

  it.each<[object, object]>([
    [
      { path: "document_type", in: ["pdf"] },
      { path: "has_images", eq: true },
    ],
    [
      { path: "x", gt: 1 },
      { path: "x", gte: 1 },
    ],
    [
      { path: "x", min: 1 },
      { path: "x", min: "a" },
    ],
    [
      { path: "x", ne: 1 },
      { path: "x", eq: 1 },
    ],
    [
      {
        all: [
          { path: "x", eq: 1 },
          { path: "y", eq: 1 },
        ],
      },
      { path: "x", eq: 1 },
    ],
  ])("%j leaves something for %j", (first, second) => {
    expect(codes({ rules: [rule("a", first), rule("b", second)], otherwise: null })).toEqual([]);
  });
});
