import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { healthScore } from "../health/score.js";
import type { SystemHealth, UserDashboard } from "../keys.js";
import { render } from "./render.js";
import { columnsOf } from "./width.js";
import { labelOf, valueOf } from "./words.js";

const user = (data: Record<string, unknown>): UserDashboard => ({
  version: 1,
  generatedAt: "2026-01-01T10:00:00.000Z",
  userId: "alice",
  tenantId: "acme",
  panels: [{ id: "metrics", title: "Runs", version: 1, data }],
  unavailable: [],
});

describe("render", () => {
  it("draws figures, tables and what is unknown", () => {
    const text = render(
      user({
        totalExecutions: 12,
        successRate: 0.9167,
        executionTimeMs: { p50: 812, p95: null },
        tools: [
          { name: "search", calls: 10, failed: 0, p95Ms: 41.26 },
          { name: "refund", calls: 2, failed: 1, p95Ms: null },
        ],
        byModel: { "gpt-4": { inputTokens: 1_200, outputTokens: 34 }, "gpt-5": { inputTokens: null, outputTokens: 1 } },
        expiry: Date.UTC(2026, 0, 8),
        tokens: null,
        nothing: { at: 0, all: null },
        none: [],
      }),
      { width: 80 },
    );
    expect(text).toBe(`User alice of acme  2026-01-01 10:00:00

Runs
  total executions 12 · success rate 91.7 % · expiry 2026-01-08 00:00 · tokens –
  execution time  p50 812 ms
  tools
    name    calls  failed    p95
    search     10       0  41 ms
    refund      2       1      –
  by model
    name   input tokens  output tokens
    gpt-4         1,200             34
    gpt-5             –              1
`);
  });

  it("draws the score with every point that is lost, and nothing where nothing is known", () => {
    const windows = (good: number, valid: number) => [{ windowMs: 3_600_000, good, valid }];
    const { score, ...health } = healthScore([
      {
        plugin: "metrics",
        check: {
          id: "metrics",
          status: "ok",
          indicators: [
            {
              id: "availability",
              title: "Runs that ended well",
              objective: 0.99,
              weight: 2,
              windows: windows(480, 500),
            },
            { id: "tools", title: "Tools that ended well", objective: 0.98, weight: 1, windows: windows(0, 0) },
          ],
        },
      },
    ]);
    const shown: SystemHealth = {
      version: 1,
      generatedAt: "2026-01-01T10:00:00.000Z",
      healthScore: score,
      ...health,
      checks: [{ plugin: "audit", id: "audit", status: "failing", detail: "disk full" }],
      panels: [{ id: "acme", title: "Acme", version: 1, data: {} }],
      unavailable: [{ plugin: "slow", problem: "timed out" }],
    };
    expect(render(shown, { width: 90 }))
      .toBe(`System health  0.49 at risk  ███████████████░░░░░░░░░░░░░░░  2026-01-01 10:00:00
confidence 96.2 %, coverage 66.7 %
  -0.51  Runs that ended well: 480 of 500 good, 99 % aimed at; budget burns 3.9x too fast
      –  Tools that ended well: nothing happened yet
  audit is failing: disk full

Acme
  nothing yet

! slow: timed out
`);
    for (const width of [60, 80])
      expect(render({ ...shown, healthScore: 0.3, status: "critical" }, { width }).split("\n")[0]?.length).toBe(width);
    expect(render({ ...shown, healthScore: null, status: "unknown" }).split("\n")[0]).toContain("– unknown");
    const well = shown.components.map((one) => ({ ...one, lost: 0, score: 1 }));
    expect(render({ ...shown, components: well })).toContain("\n     ok  Runs that ended well");
    expect(render(shown, { color: true })).toContain("\u001B[33m0.49 at risk\u001B[39m");
  });

  it("draws to any width that somebody gives", () => {
    const tools = [{ name: "a".repeat(300), calls: 1 }];
    const shown = user({ tools });
    for (const width of [Number.NaN, -5, 0, 1, 61.5])
      expect(
        Math.max(
          ...render(shown, { width })
            .split("\n")
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(100);
    expect(render(shown, { width: Number.POSITIVE_INFINITY })).toContain("a".repeat(300));
  });

  it("leaves lists of objects out of tables, also where some rows have none", () => {
    const tools = [
      { name: "a", calls: 1, limits: [] },
      { name: "b", calls: 2, limits: [{ allowed: true, limit: 3 }] },
    ];
    expect(render(user({ tools }))).not.toContain("limits");
  });

  it("cuts no heading of a narrow table, and names the columns that have no room", () => {
    const tools = ["file_manager", "lookup_order"].map((toolName) => ({
      toolName,
      permissionLevel: "read",
      allowedMethods: ["list", "read"],
      expiry: Date.UTC(2026, 0, 8),
      role: "customer",
      lastUsedAt: Date.UTC(2026, 0, 1),
    }));
    const text = (width: number): string => render(user({ tools }), { width });
    expect(text(100).split("\n")[4]).toBe(
      "    tool name     permission level  allowed methods            expiry  role          last used at",
    );
    expect(text(71)).toContain(`
    tool name     permission  allowed      expiry  role       last used
                  level       methods                                at
    file_manager  read        list,    2026-01-08  customer  2026-01-01
                              read          00:00                 00:00
`);
    expect(text(60)).toContain("no room for last used at\n");
    for (const heading of ["permission", "level", "allowed", "methods"]) expect(text(60)).toContain(heading);
  });

  it("keeps its width with letters that are two columns wide, and cuts none of them in two", () => {
    const wide = "数据处理工具非常长的名字测试";
    const family = "👩‍👩‍👧‍👦".repeat(30);
    const rows = [wide, "한국어".repeat(20), family, "plain"].map((name, calls) => ({
      name,
      calls,
      note: wide,
      other: wide,
    }));
    for (const width of [60, 80, 100]) {
      const text = render({ ...user({ rows, [wide]: 1 }), userId: family, tenantId: wide }, { width });
      for (const line of text.split("\n")) expect(columnsOf(line)).toBeLessThanOrEqual(width);
      expect(text).not.toMatch(/\p{Surrogate}/u);
      const table = text.split("\n").filter((line) => / [0-3]  /.test(line) && !line.includes("·"));
      const ends = table.map((line) => columnsOf(line.slice(0, line.search(/[0-3]  /))));
      expect(new Set(ends).size).toBe(1);
    }
    expect([columnsOf("abc"), columnsOf("数据"), columnsOf("e\u0301"), columnsOf("👍🏽"), columnsOf("🇩🇪")]).toEqual([
      3, 4, 1, 2, 2,
    ]);
  });

  it("keeps its width where a plugin says much of what is wrong", () => {
    const long = "x".repeat(300);
    const health: SystemHealth = {
      version: 1,
      generatedAt: "2026-01-01T10:00:00.000Z",
      panels: [{ id: "a", title: long, version: 1, data: { [long]: [{ a: 1 }] } }],
      unavailable: [],
      ...healthScore([]),
      healthScore: null,
      gates: [{ plugin: "audit", cap: 0.2, reason: long, lost: 0.5 }],
      checks: [{ plugin: "audit", id: "audit", status: "failing", detail: long }],
    };
    for (const line of render(health, { width: 60 }).split("\n")) expect(line.length).toBeLessThanOrEqual(60);
  });

  it("draws anything, within its width, and obeys no control character", () => {
    const key = fc.string({ maxLength: 12 });
    const data = fc.dictionary(key, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 });
    fc.assert(
      fc.property(data, fc.integer({ min: 60, max: 140 }), fc.integer({ min: 1, max: 5 }), (given, width, rows) => {
        const lines = render(user(given as Record<string, unknown>), { width, rows }).split("\n");
        for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
      { numRuns: 300 },
    );
  });
});

describe("words", () => {
  it.each([
    ["timeToFirstTokenMs", 1_540, "time to first token", "1.5 s"],
    ["heapBytes", 5_452_595, "heap", "5.2 MiB"],
    ["hit_rate", 0.5, "hit rate", "50 %"],
    ["hitRate", null, "hit rate", "–"],
    ["costNanoUsd", 1_234_567, "cost nano", "$0.0012"],
    ["calls", 1_234_567, "calls", "1,234,567"],
    ["idleMs", 259_200_000, "idle", "3 days"],
    ["valid", true, "valid", "yes"],
    ["methods", ["read", "list"], "methods", "read, list"],
    ["generatedAt", 1_767_261_600_000, "generated at", "2026-01-01 10:00"],
    ["ratio", 7, "ratio", "7"],
    ["Desk-Tools", 7, "Desk-Tools", "7"],
  ])("%s %j", (key, value, label, text) => {
    expect([labelOf(key), valueOf(key, value)]).toEqual([label, text]);
  });
});
