import { describe, expect, it } from "vitest";
import { compileCondition, issuesOf, validateCondition } from "./condition.js";
import type { Condition, ConditionTest } from "./types.js";

const holds = (test: ConditionTest, context: unknown): boolean =>
  compileCondition({ path: "x", ...test }).matches(context);
const answer = (test: ConditionTest, context: unknown): string =>
  compileCondition({ path: "x", ...test }).explain(context).result;

describe("operators", () => {
  it.each<[ConditionTest, unknown, boolean]>([
    [{ eq: "a" }, "a", true],
    [{ eq: "a" }, "A", false],
    [{ eq: 1 }, 1, true],
    [{ eq: 0 }, -0, true],
    [{ eq: null }, null, true],
    [{ eq: { a: [1] } }, { a: [1] }, true],
    [{ eq: { a: [1] } }, { a: [2] }, false],
    [{ ne: "a" }, "b", true],
    [{ ne: null }, "b", true],
    [{ ne: "a" }, null, true],
    [{ in: ["premium", "enterprise"] }, "enterprise", true],
    [{ in: ["premium"] }, "prem", false],
    [{ in: [1, "1"] }, "1", true],
    [{ in: [{ a: 1 }] }, { a: 1 }, true],
    [{ notIn: ["free"] }, "premium", true],
    [{ lt: 1 }, 0.9, true],
    [{ lt: 1 }, 1, false],
    [{ lte: 1 }, 1, true],
    [{ gt: 1 }, 1, false],
    [{ gte: 1 }, 1, true],
    [{ gte: "2026-01-01" }, "2026-03-01", true],
    [{ between: [0.7, 1] }, 0.7, true],
    [{ between: [0.7, 1] }, 1.01, false],
    [{ min: 0.7, max: 1 }, 0.8, true],
    [{ min: 0.7 }, 5, true],
    [{ max: 1 }, 5, false],
    [{ exists: true }, null, true],
    [{ exists: false }, null, false],
    [{ contains: "refund" }, "a refund, please", true],
    [{ contains: "editor" }, ["viewer", "editor"], true],
    [{ contains: { id: 1 } }, [{ id: 2 }, { id: 1 }], true],
    [{ contains: 1 }, ["1"], false],
    [{ startsWith: "in" }, "invoice", true],
    [{ endsWith: ".pdf" }, "a.pdf", true],
    [{ matches: "inv-*-2026" }, "inv-17-2026", true],
    [{ matches: ["a?", "b?"] }, "b1", true],
    [{ matches: "(a+)+$" }, "aaaa", false],
    [{ startsWith: "a", endsWith: "z", ne: "az" }, "abz", true],
  ])("%j of %j is %s", (test, x, expected) => {
    expect(holds(test, { x })).toBe(expected);
  });

  it.each<[ConditionTest, unknown]>([
    [{ min: 0.7, max: 1 }, "0.8"],
    [{ gte: 0 }, null],
    [{ gte: 0 }, ""],
    [{ min: 0 }, [0.8]],
    [{ lt: 1 }, Number.NaN],
    [{ eq: 1 }, true],
    [{ eq: true }, 1],
    [{ ne: "5" }, 5],
    [{ in: ["a"] }, 1],
    [{ notIn: ["a"] }, 1],
    [{ contains: 1 }, "1"],
    [{ startsWith: "a" }, ["a"]],
    [{ matches: "*" }, 7],
    [{ eq: "x" }, new Proxy({}, {})],
  ])("%j of another type (%j) is neither yes nor no", (test, x) => {
    expect([answer(test, { x }), answer({ ...test }, {}), holds(test, { x })]).toEqual(["unknown", "unknown", false]);
  });
});

describe("look-up", () => {
  const at = (path: string | readonly string[]) => compileCondition({ path, exists: true });
  it("follows own data only", () => {
    const context = { user: { tier: "free", roles: ["a"] }, "a.b": 1 };
    expect(at("user.tier").matches(context)).toBe(true);
    expect(at("user.roles.0").matches(context)).toBe(true);
    expect(at(["a.b"]).matches(context)).toBe(true);
    for (const path of ["constructor", "__proto__", "user.toString", "user.tier.length", "a.b", "user.roles.1"])
      expect(at(path).matches(context)).toBe(false);
  });
  it("runs no getter and no Proxy", () => {
    const read = () => {
      throw new Error("was read");
    };
    expect(at("x").matches(Object.defineProperty({}, "x", { get: read, enumerable: true }))).toBe(false);
    expect(at("x").matches(new Proxy({ x: 1 }, { getOwnPropertyDescriptor: read, get: read }))).toBe(false);
    for (const context of [null, undefined, "x", 7, []]) expect(at("x").matches(context)).toBe(false);
  });
  it("takes undefined for nothing and null for something", () => {
    expect(at("x").matches({ x: undefined })).toBe(false);
    expect(holds({ eq: null }, {})).toBe(false);
    expect(holds({ in: [null, "a"] }, {})).toBe(false);
    expect(holds({ exists: false }, {})).toBe(true);
  });
});

describe("groups", () => {
  const yes: Condition = { path: "a", eq: 1 };
  const no: Condition = { path: "a", eq: 2 };
  const unknown: Condition = { path: "b", eq: 1 };
  const result = (condition: Condition) => compileCondition(condition).explain({ a: 1 }).result;
  it("follow Kleene's logic", () => {
    expect(result({ all: [yes, unknown] })).toBe("unknown");
    expect(result({ all: [no, unknown] })).toBe("no");
    expect(result({ any: [yes, unknown] })).toBe("yes");
    expect(result({ any: [no, unknown] })).toBe("unknown");
    expect(result({ not: no })).toBe("yes");
    expect(result({ not: yes })).toBe("no");
  });
  it("do not turn what is missing into a match", () => {
    expect(result({ not: unknown })).toBe("unknown");
    expect(compileCondition({ not: unknown }).matches({ a: 1 })).toBe(false);
  });
});

describe("explain", () => {
  it("says what was looked for and what was found", () => {
    const { explain } = compileCondition({
      all: [
        { path: "user_tier", in: ["premium", "enterprise"] },
        { path: "query_complexity", min: 0.7, max: 1 },
        { path: "note", contains: "x" },
      ],
    });
    expect(String(explain({ user_tier: "premium", query_complexity: 0.2, note: "secret ".repeat(20) }))).toBe(
      [
        "all: no",
        '  user_tier in ["premium", "enterprise"]: yes, it is "premium"',
        "  all: no",
        "    query_complexity min 0.7: no, it is 0.2",
        "    query_complexity max 1: yes, it is 0.2",
        '  note contains "x": no, it is a text of 140 characters',
      ].join("\n"),
    );
    expect(String(explain({ user_tier: 7 }))).toContain(
      'user_tier in ["premium", "enterprise"]: unknown, it is of another type\n  all: unknown\n    query_complexity min 0.7: unknown, it is missing',
    );
  });
  it("is data", () => {
    const trace = compileCondition({ path: "x", eq: 1 }).explain({ x: 1 });
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    expect(Object.isFrozen(trace)).toBe(true);
  });
});

describe("what is wrong with a condition", () => {
  it.each<[unknown, string, string]>([
    [null, "CONDITION_SHAPE", "$"],
    ["user.tier == 1", "CONDITION_SHAPE", "$"],
    [() => true, "CONDITION_OPERAND", "$"],
    [{}, "CONDITION_PATH", "$.path"],
    [{ path: "x" }, "CONDITION_SHAPE", "$"],
    [{ path: "a..b", eq: 1 }, "CONDITION_PATH", "$.path"],
    [{ path: "x", equals: 1 }, "CONDITION_OPERATOR_UNKNOWN", "$.equals"],
    [{ path: "x", regex: "a" }, "CONDITION_OPERATOR_UNKNOWN", "$.regex"],
    [JSON.parse('{"path":"x","__proto__":1}'), "CONDITION_OPERATOR_UNKNOWN", "$.__proto__"],
    [{ path: "x", in: "premium" }, "CONDITION_OPERAND", "$.in"],
    [{ path: "x", in: [] }, "CONDITION_LIST_EMPTY", "$.in"],
    [{ path: "x", min: 2, max: 1 }, "CONDITION_RANGE_EMPTY", "$"],
    [{ path: "x", gt: 1, lt: 1 }, "CONDITION_RANGE_EMPTY", "$"],
    [{ path: "x", between: [2, 1] }, "CONDITION_RANGE_EMPTY", "$.between"],
    [{ path: "x", between: [1] }, "CONDITION_OPERAND", "$.between"],
    [{ path: "x", min: null }, "CONDITION_OPERAND", "$.min"],
    [{ path: "x", max: Number.NaN }, "CONDITION_OPERAND", "$.max"],
    [{ path: "x", exists: 1 }, "CONDITION_OPERAND", "$.exists"],
    [{ path: "x", matches: /a/ }, "CONDITION_OPERAND", "$"],
    [{ path: "x", matches: "a".repeat(300) }, "CONDITION_OPERAND", "$.matches"],
    [{ path: "x", startsWith: "" }, "CONDITION_OPERAND", "$.startsWith"],
    [{ path: "x", eq: new Date(0) }, "CONDITION_OPERAND", "$.eq"],
    [{ all: [] }, "CONDITION_LIST_EMPTY", "$.all"],
    [{ all: { path: "x", eq: 1 } }, "CONDITION_SHAPE", "$.all"],
    [{ all: [{ path: "x", eq: 1 }], path: "y" }, "CONDITION_SHAPE", "$"],
    [
      { all: [{ path: "x", eq: 1 }, { any: [{ path: "y", is: 1 }] }] },
      "CONDITION_OPERATOR_UNKNOWN",
      "$.all[1].any[0].is",
    ],
    [
      {
        all: [
          { path: "x", eq: 1 },
          { path: "x", eq: 2 },
        ],
      },
      "CONDITION_CONTRADICTION",
      "$",
    ],
    [{ path: "x", eq: 5, max: 4 }, "CONDITION_CONTRADICTION", "$"],
  ])("%j: %s at %s", (condition, code, path) => {
    const issues = validateCondition(condition);
    expect(issues[0]).toMatchObject({ code, path });
    for (const issue of issues)
      for (const text of [issue.got, issue.expected, issue.fix, issue.message]) expect(text).not.toBe("");
  });

  it("names what was probably meant, and all of it at once", () => {
    const issues = validateCondition({ path: "", equals: 1, IN: [1], min: "a", max: [] });
    expect(issues.map(({ code, fix }) => [code, fix]).slice(1, 3)).toEqual([
      ["CONDITION_OPERATOR_UNKNOWN", "eq"],
      ["CONDITION_OPERATOR_UNKNOWN", "in"],
    ]);
    expect(issues).toHaveLength(4);
    let caught: unknown;
    try {
      compileCondition({ path: "", equals: 1 } as never);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ name: "ValuesError", code: "CONDITION_INVALID" });
    expect(issuesOf(caught)).toHaveLength(2);
    expect(issuesOf(new Error("else"))).toEqual([]);
  });

  it("is bounded", () => {
    let deep: unknown = { path: "x", eq: 1 };
    for (let i = 0; i < 17; i++) deep = { not: deep };
    expect(validateCondition(deep)).toMatchObject([{ code: "CONDITION_TOO_LARGE" }]);
    const wide = { any: Array.from({ length: 300 }, (_, i) => ({ path: "x", eq: i })) };
    expect(validateCondition(wide)).toMatchObject([{ code: "CONDITION_TOO_LARGE" }]);
    // Shared parts: small to write, endless to count.
    let bomb: unknown = "x";
    for (let i = 0; i < 40; i++) bomb = [bomb, bomb];
    expect(validateCondition({ path: "x", eq: bomb }).length).toBeGreaterThan(0);
    let groups: unknown = { path: "x", eq: 1 };
    for (let i = 0; i < 15; i++) groups = { any: [groups, groups] };
    expect(validateCondition(groups)).toMatchObject([{ code: "CONDITION_TOO_LARGE" }]);
    const cyclic: Record<string, unknown> = {};
    cyclic["not"] = cyclic;
    expect(validateCondition(cyclic)).toMatchObject([{ code: "CONDITION_SHAPE" }]);
  });

  it("is read once", () => {
    const condition = { path: "x", in: ["a"] };
    const compiled = compileCondition(condition);
    condition.in.push("b");
    expect(compiled.matches({ x: "b" })).toBe(false);
  });
});

it("gives up on what is too large to look at", () => {
  const pattern = `*${"?".repeat(200)}b*`;
  expect(answer({ matches: pattern }, { x: "a".repeat(1_000_000) })).toBe("unknown");
  expect(answer({ contains: `${"a".repeat(2_000)}b` }, { x: "a".repeat(1_000_000) })).toBe("unknown");
  expect(answer({ contains: "b" }, { x: "a".repeat(1_000_000) })).toBe("no");
});

it("takes 0 and -0 for one number, alone and inside of lists and objects", () => {
  for (const [asked, given] of [
    [0, -0],
    [[0], [-0]],
    [{ a: [-0] }, { a: [0] }],
  ] as const) {
    const from = { value: given };
    expect(compileCondition({ path: "value", eq: asked }).matches(from)).toBe(true);
    expect(compileCondition({ path: "value", ne: asked }).matches(from)).toBe(false);
    expect(compileCondition({ path: "value", in: [asked] }).matches(from)).toBe(true);
    expect(compileCondition({ path: "list", contains: asked }).matches({ list: [given] })).toBe(true);
  }
});
