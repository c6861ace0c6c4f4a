import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { RunRecord } from "./record.js";
import { MetricsReport, type ReportFacts } from "./report.js";
import { addTokens, noTokens, type Tokens } from "./tally.js";

let id = 0;
function record(status: RunRecord["status"] = "ok"): RunRecord {
  const name = `r${++id}`;
  const made = new RunRecord({
    id: name,
    rootId: name,
    parentId: null,
    resumedFrom: null,
    kind: "run",
    workflow: "w",
    userId: null,
    service: null,
    tenantId: null,
    conversationId: null,
    startedAt: 0,
    startedMs: 0,
  });
  made.status = status;
  return made;
}
const tokens = (input: number, output: number): Tokens => addTokens(noTokens(), { input, output });
const call = (record: RunRecord, provider: string | null, model: string | null, usage: Tokens | null): void =>
  record.callModel({
    provider,
    model,
    node: null,
    status: "ok",
    usage,
    observed: false,
    durationMs: 1,
    firstChunkMs: null,
  });
const text = (records: RunRecord[], facts: Partial<ReportFacts> = {}): string[] =>
  String(new MetricsReport(records, { from: 0, to: 1, dropped: 0, abandoned: 0, ...facts })).split("\n");

describe("the table of a report", () => {
  it("is laid out as in the first example of the documentation", () => {
    const alice = record();
    const bob = record();
    call(alice, "scripted", "script-1", tokens(100, 30));
    call(bob, "scripted", "script-1", tokens(20, 4));
    alice.callTool("refund", "ok", 1);
    bob.deny("bob", null, "refund", "PERMISSION_NOT_GRANTED");
    expect(text([alice, bob])).toEqual([
      "runs  2 ok                          tokens  scripted/script-1  in 120  out 34   cost n/a (no price)",
      "tool     calls  ok  failed  denied    p50       who denied: bob 1 (PERMISSION_NOT_GRANTED)",
      "refund       2   1       0       1   1 ms",
    ]);
  });

  it("says none and n/a for what is not known", () => {
    expect(text([])).toEqual(["runs  none                          tokens  none"]);
    const one = record("paused");
    call(one, null, null, null);
    call(one, null, null, tokens(1, 0));
    one.deny("nobody", null, "t", "X");
    expect(text([one])).toEqual([
      "runs  1 paused                      tokens  unknown/unknown  in 1  out 0   cost n/a (no price)   (1 of 2 calls reported none)",
      "tool     calls  ok  failed  denied    p50       who denied: nobody 1 (X)",
      "t            1   0       0       1    n/a",
    ]);
  });

  it("keeps its columns with many runs, models and digits, and says what is left out", () => {
    const many = record("error");
    for (let i = 0; i < 12; i++) call(many, "p", `model-${String(i).padStart(2, "0")}`, tokens(1_234_567, 1));
    for (let i = 0; i < 25; i++)
      many.callTool(`a-rather-long-tool-name-${String(i).padStart(2, "0")}`, "error", 61_000 * (i + 1));
    for (let i = 0; i < 7; i++) many.deny(`user-${i}`, i === 0 ? "acme" : null, "a-rather-long-tool-name-00", "NO");
    many.deny("user-0", "acme", "another", "NO");
    const lines = text([record(), record("cancelled"), record("denied"), record("running"), many], { dropped: 1_500 });
    expect(lines[0]).toBe(
      "runs  1 ok, 1 error, 1 cancelled, 1 denied, 1 running  tokens  p/model-00  in 1,234,567  out 1   cost n/a (no price)",
    );
    expect(lines[1]).toBe(`${" ".repeat(44)}p/model-01  in 1,234,567  out 1   cost n/a (no price)`);
    expect(lines[10]?.trim()).toBe("and 2 more models");
    expect(lines[11]).toBe(
      "tool                        calls  ok  failed  denied       p50       who denied: user-0 of acme 2 (NO), user-1 1 (NO), user-2 1 (NO), user-3 1 (NO), user-4 1 (NO), and 2 more",
    );
    expect(lines[12]).toBe("a-rather-long-tool-name-00      8   0       1       7   1.0 min");
    expect(lines.slice(-2)).toEqual(["and 6 more tools", "1,500 older runs are no longer kept"]);
  });

  it("writes durations so that each can be read", () => {
    const one = record();
    for (const [name, ms] of Object.entries({ a: 0, b: 0.2, c: 999, d: 1_500, e: 90_000 }))
      one.callTool(name, "ok", ms);
    expect(
      text([one])
        .slice(2)
        .map((line) => /\S+ \S+$/.exec(line)?.[0]),
    ).toEqual(["0 ms", "<1 ms", "999 ms", "1.5 s", "1.5 min"]);
  });

  it("lets no name move the cursor, forge a line or fill the screen", () => {
    const one = record();
    one.callTool("a\nrefund  9\u001b[2J\u202e\u2028", "ok", 1);
    call(one, "p".repeat(500), "m\r", null);
    one.deny("bob\n", "t\t", "x", "C\u0000");
    const printed = text([one]).join("\n");
    expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(printed.split("\n")).toHaveLength(4);
    expect(printed).toContain("bob? of t? 1 (C?)");
    expect(printed).toContain(`${"p".repeat(59)}…/m?`);
  });

  it("is what console.log shows, while the data stays data", () => {
    const report = new MetricsReport([record()], { from: 1, to: 2, dropped: 0, abandoned: 0 });
    expect(inspect(report)).toBe(String(report));
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({
      from: 1,
      to: 2,
      runs: { total: 1, ok: 1 },
      models: [],
      cost: null,
    });
    expect(Object.isFrozen(report)).toBe(true);
  });

  it("adds up names beyond a thousand in one row", () => {
    const records = Array.from({ length: 6 }, (_, i) => {
      const one = record();
      for (let n = 0; n < 200; n++) one.callTool(`t-${i}-${n}`, "ok", 1);
      return one;
    });
    const { tools } = new MetricsReport(records, { from: 0, to: 1, dropped: 0, abandoned: 0 });
    expect([tools.length, tools.find(({ name }) => name === "__other__")?.calls]).toEqual([1_001, 200]);
  });
});
