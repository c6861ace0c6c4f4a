import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeLedger } from "./fixtures/ledger.js";
import type { ModelEnded, Place, RunLedger, ToolEnded } from "./ledger.js";
import { type RunRecord, snapshotOf, tokensOf, toolCallsOf } from "./record.js";
import { MetricsReport } from "./report.js";
import { workflowStats } from "./stats.js";
import { type CallStatus, OTHER, type Tokens } from "./tally.js";

const place = (runId: string, part: Partial<Place> = {}): Place => ({
  runId,
  rootRunId: runId,
  parentRunId: null,
  resumedFrom: null,
  threadId: null,
  workflow: "support",
  node: null,
  route: "graph",
  principal: { userId: "alice", service: null, tenantId: null, label: "alice" },
  ...part,
});
const used = (input: number, output: number): Tokens => ({
  input,
  output,
  total: input + output,
  cacheRead: null,
  cacheWrite: null,
  reasoning: null,
});
const end = (status: CallStatus = "ok", durationMs = 1) => ({ status, code: null, error: null, durationMs });
const tool = (executionId: string, part: Partial<ToolEnded> = {}): ToolEnded => ({
  name: "refund",
  executionId,
  ...end(),
  ...part,
});
const model = (part: Partial<ModelEnded> = {}): ModelEnded => ({
  provider: "p",
  model: "m",
  usage: used(3, 2),
  timeToFirstChunkMs: null,
  coverage: "governed",
  ...end(),
  ...part,
});
const make = (maxActive = 100, maxHistory = 100) => makeLedger({ now: () => 5, maxActive, maxHistory });
const get = (ledger: RunLedger, id: string): RunRecord => {
  const record = ledger.find(id);
  if (record === undefined) throw new Error(`no record ${id}`);
  return record;
};
const report = (ledger: RunLedger) =>
  new MetricsReport(ledger.records(), { from: 0, to: 9, dropped: ledger.dropped, abandoned: ledger.abandoned });

describe("RunLedger", () => {
  it("ends a run once, whatever it is told after", () => {
    const ledger = make();
    ledger.began(place("r"));
    ledger.began(place("r"));
    expect(ledger.active).toBe(1);
    ledger.ended("r", end("ok", 7));
    ledger.ended("r", end("error", 9));
    ledger.began(place("r"));
    expect(ledger.active).toBe(0);
    expect(snapshotOf(get(ledger, "r"))).toMatchObject({ status: "ok", executionTimeMs: 7, startedAt: 5, endedAt: 5 });
    expect(ledger.unmatched).toBe(3);
    expect(report(ledger).runs).toMatchObject({ total: 1, ok: 1, error: 0 });
  });

  it("counts each execution of a tool once, and a refusal after it began as a refusal", () => {
    const ledger = make();
    const here = place("r");
    ledger.began(here);
    for (const id of ["a", "b", "c", "d", "e"]) ledger.toolStarted(here, id);
    ledger.toolEnded(here, tool("a", { durationMs: 4 }));
    ledger.toolEnded(here, tool("a"));
    ledger.toolEnded(here, tool("never began"));
    ledger.toolEnded(here, tool("b", { status: "error", error: new Error("x"), durationMs: 6 }));
    ledger.toolEnded(here, tool("c", { status: "cancelled" }));
    ledger.toolEnded(here, tool("d", { status: "paused" }));
    ledger.toolEnded(here, tool("e", { status: "denied" }));
    ledger.toolDenied(here, { name: "refund", code: "WITHHELD" });
    ledger.toolDenied(place("r", { principal: null }), { name: "refund", code: "NO" });
    expect(report(ledger).tools).toEqual([
      {
        name: "refund",
        calls: 5,
        ok: 1,
        failed: 1,
        denied: 2,
        cancelled: 1,
        paused: 1,
        p50Ms: 4,
        p95Ms: 6,
      },
    ]);
    expect(report(ledger).denials).toEqual([
      { who: "alice", tenantId: null, tool: "refund", code: "WITHHELD", count: 1 },
      { who: "nobody", tenantId: null, tool: "refund", code: "NO", count: 1 },
    ]);
    expect(ledger.unmatched).toBe(2);
    expect(report(ledger).errors).toBe(1);
  });

  it("takes pauses and cancellations for no errors", () => {
    const ledger = make();
    for (const status of ["paused", "cancelled", "denied"] as const) {
      ledger.began(place(status));
      ledger.ended(status, end(status));
    }
    expect(report(ledger).runs).toEqual({
      total: 3,
      ok: 0,
      error: 0,
      cancelled: 1,
      paused: 1,
      denied: 1,
      abandoned: 0,
      running: 0,
    });
    expect(report(ledger).errors).toBe(0);
    expect(workflowStats(ledger.records())).toMatchObject({
      totalExecutions: 3,
      successRate: null,
      errorCount: 0,
      avgExecutionTimeMs: null,
    });
  });

  it("counts a failure once on its way from a tool through a child run to the root", () => {
    const ledger = make();
    const root = place("root");
    const child = place("child", { rootRunId: "root", parentRunId: "root" });
    ledger.began(root);
    ledger.began(child);
    const error = new TypeError("broken");
    ledger.toolStarted(child, "t");
    ledger.toolEnded(child, tool("t", { status: "error", error, code: "BROKEN" }));
    ledger.failed(child, { error, code: "BROKEN" });
    ledger.ended("child", end("error"));
    ledger.failed(root, { error: new Error("outer", { cause: error }), code: null });
    ledger.ended("root", end("error"));
    expect(report(ledger)).toMatchObject({ errors: 1, runs: { total: 1, error: 1 } });
    expect(get(ledger, "child").failures).toMatchObject([
      { at: 5, where: "tool", name: "refund", code: "BROKEN", type: "TypeError" },
    ]);
    expect(JSON.stringify(snapshotOf(get(ledger, "child")))).not.toContain("broken");
  });

  it("adds tokens of runs inside runs once, and does not count the runs", () => {
    const ledger = make();
    const root = place("root");
    const child = place("child", { rootRunId: "root", parentRunId: "root", workflow: "inner" });
    ledger.began(root);
    ledger.began(child);
    ledger.modelEnded(root, model());
    ledger.modelEnded(child, model({ coverage: "observed", usage: used(10, 20) }));
    ledger.ended("child", end());
    ledger.ended("root", end());
    expect(report(ledger)).toMatchObject({
      runs: { total: 1, ok: 1 },
      models: [{ calls: 2, observed: 1, tokens: { input: 13, output: 22, total: 35 } }],
    });
    expect(workflowStats(ledger.records())).toMatchObject({
      totalExecutions: 1,
      totalTokens: 35,
      workflowTypes: { support: 1 },
    });
    expect(tokensOf(get(ledger, "root")).total).toBe(5);
  });

  it("keeps unknown tokens unknown", () => {
    const ledger = make();
    const here = place("r");
    ledger.began(here);
    ledger.modelEnded(here, model({ usage: null }));
    ledger.modelEnded(here, model({ usage: null, status: "cancelled" }));
    ledger.modelEnded(here, model({ usage: null, status: "denied" }));
    ledger.modelDenied(here, { provider: "p", model: "m", code: "NO" });
    const [row] = report(ledger).models;
    expect(row).toMatchObject({
      calls: 4,
      ok: 1,
      cancelled: 1,
      denied: 2,
      unreported: 2,
      tokens: { input: null, output: null, total: null },
    });
    ledger.modelEnded(here, model({ usage: { ...used(0, 0), total: null } }));
    expect(report(ledger).tokens).toEqual({
      input: 0,
      output: 0,
      total: null,
      cacheRead: null,
      cacheWrite: null,
      reasoning: null,
    });
  });

  it("adds what ends after its run", () => {
    const ledger = make();
    const here = place("r");
    ledger.began(here);
    ledger.toolStarted(here, "late");
    ledger.ended("r", end("cancelled"));
    ledger.toolEnded(here, tool("late"));
    ledger.modelEnded(here, model());
    expect(snapshotOf(get(ledger, "r"))).toMatchObject({ status: "cancelled", toolCalls: 1, tokenUsage: { total: 5 } });
    expect(ledger.unmatched).toBe(0);
  });

  it("puts the oldest run aside when too many are under way, and takes its end when it comes", () => {
    const ledger = make(2);
    for (const id of ["a", "b", "c"]) ledger.began(place(id));
    expect([ledger.active, ledger.abandoned, get(ledger, "a").status]).toEqual([2, 1, "abandoned"]);
    ledger.modelEnded(place("a"), model());
    ledger.ended("a", end("ok", 30));
    ledger.ended("a", end("error", 40));
    expect(snapshotOf(get(ledger, "a"))).toMatchObject({ status: "ok", executionTimeMs: 30, tokenUsage: { total: 5 } });
    expect(ledger.unmatched).toBe(1);
    expect(report(ledger).runs).toMatchObject({ total: 3, ok: 1, running: 2, abandoned: 0 });
  });

  it("forgets the oldest ended run, and counts what is told of it after", () => {
    const ledger = make(10, 2);
    for (const id of ["a", "b", "c"]) {
      ledger.began(place(id));
      ledger.ended(id, end());
    }
    expect([ledger.find("a"), ledger.dropped]).toEqual([undefined, 1]);
    ledger.toolEnded(place("a"), tool("x"));
    ledger.ended("a", end());
    expect(ledger.unmatched).toBe(2);
    expect(report(ledger).toString()).toContain("1 older runs are no longer kept");
  });

  it("makes a record of a tool or a model that is called by itself", () => {
    const ledger = make();
    const direct = (id: string) => place(id, { route: "direct", workflow: "refund" });
    ledger.toolStarted(direct("t"), "outer");
    ledger.modelEnded(direct("t"), model());
    expect(get(ledger, "t").status).toBe("running");
    ledger.toolEnded(direct("t"), tool("outer", { durationMs: 8 }));
    ledger.toolDenied(direct("d"), { name: "refund", code: "NO" });
    ledger.toolStarted(direct("e"), "begun");
    ledger.toolEnded(direct("e"), tool("begun", { status: "denied" }));
    ledger.toolDenied(direct("e"), { name: "refund", code: "WITHHELD" });
    ledger.modelEnded(direct("m"), model({ status: "error", error: new Error("x") }));
    const states = ["t", "d", "e", "m"]
      .map((id) => get(ledger, id))
      .map((record) => [record.kind, record.status, toolCallsOf(record)]);
    expect(states).toEqual([
      ["direct", "ok", 1],
      ["direct", "denied", 1],
      ["direct", "denied", 1],
      ["direct", "error", 0],
    ]);
    expect(ledger.active).toBe(0);
    const { runs, directCalls, tools } = report(ledger);
    expect([runs.total, directCalls, tools[0]?.calls, tools[0]?.denied]).toEqual([0, 4, 3, 2]);
  });

  it("does not know runs it was not told of", () => {
    const ledger = make();
    ledger.toolStarted(place("r"), "t");
    ledger.toolEnded(place("r"), tool("t"));
    ledger.modelEnded(place("r"), model());
    ledger.failed(place("r"), { error: new Error("x"), code: null });
    expect([ledger.unmatched, [...ledger.records()]]).toEqual([4, []]);
  });

  it("counts names beyond its room together", () => {
    const ledger = make();
    const here = place("r");
    ledger.began(here);
    for (let i = 0; i < 300; i++) {
      ledger.toolDenied(here, { name: `tool-${i}`, code: "NO" });
      ledger.modelEnded(here, model({ model: `m-${i}` }));
    }
    const record = get(ledger, "r");
    expect([record.tools.length, record.models.length, record.denials.length]).toEqual([257, 257, 257]);
    expect(record.tools.at(-1)).toMatchObject({ name: OTHER, denied: 44 });
    const sum = report(ledger);
    expect(sum.tools.reduce((n, row) => n + row.calls, 0)).toBe(300);
    expect(sum.tokens.total).toBe(1_500);
    for (let i = 0; i < 150; i++) ledger.failed(here, { error: new Error(String(i)), code: null });
    expect([record.failures.length, record.failureCount]).toEqual([100, 150]);
  });

  it("takes __proto__ and constructor for names like any other", () => {
    const ledger = make();
    for (const name of ["__proto__", "constructor"]) {
      ledger.began(place(name, { workflow: name }));
      ledger.modelEnded(place(name), model({ provider: name, model: name }));
      ledger.toolDenied(place(name), { name, code: name });
      ledger.ended(name, end());
    }
    const stats = workflowStats(ledger.records());
    expect(Object.entries(stats.workflowTypes)).toEqual([
      ["__proto__", 1],
      ["constructor", 1],
    ]);
    expect(Object.entries(stats.providers)).toEqual([
      ["__proto__", 1],
      ["constructor", 1],
    ]);
    expect(report(ledger).tools.map(({ name }) => name)).toEqual(["__proto__", "constructor"]);
  });

  const statuses = fc.constantFrom<CallStatus>("ok", "error", "denied", "cancelled", "paused");
  const event = fc.record({
    run: fc.nat(3),
    name: fc.constantFrom("a", "b"),
    status: statuses,
    ms: fc.nat(100),
    tokens: fc.option(fc.nat(50)),
    kind: fc.constantFrom("tool", "model", "denied"),
  });
  it("adds up any mix of events as a plain list of them does", () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.array(statuses, { minLength: 4, maxLength: 4 }),
        (events, ends) => {
          const ledger = make();
          const parent = (run: number) => (run === 0 ? {} : { rootRunId: "r0", parentRunId: "r0" });
          const at = (run: number) => place(`r${run}`, run < 2 ? parent(run) : {});
          for (let run = 0; run < 4; run++) ledger.began(at(run));
          for (const [i, { run, name, status, ms, tokens, kind }] of events.entries()) {
            if (kind === "denied") ledger.toolDenied(at(run), { name, code: "NO" });
            else if (kind === "model")
              ledger.modelEnded(
                at(run),
                model({ model: name, status, usage: tokens === null ? null : used(tokens, 1) }),
              );
            else {
              ledger.toolStarted(at(run), String(i));
              ledger.toolEnded(at(run), tool(String(i), { name, status, durationMs: ms }));
            }
          }
          for (const [run, status] of ends.entries()) ledger.ended(`r${run}`, end(status));

          const { runs, tools, tokens, denials, errors } = report(ledger);
          const toolEvents = events.filter(({ kind }) => kind === "tool");
          const count = (of: CallStatus) => toolEvents.filter(({ status }) => status === of).length;
          const refused = events.filter(({ kind }) => kind === "denied").length;
          const sum = (key: "ok" | "failed" | "denied" | "cancelled" | "paused" | "calls") =>
            tools.reduce((n, row) => n + row[key], 0);
          expect([sum("ok"), sum("failed"), sum("denied"), sum("cancelled"), sum("paused")]).toEqual([
            count("ok"),
            count("error"),
            refused,
            count("cancelled"),
            count("paused"),
          ]);
          expect(sum("calls")).toBe(count("ok") + count("error") + refused + count("cancelled"));
          expect(denials.reduce((n, row) => n + row.count, 0)).toBe(refused);
          const reported = events.flatMap(({ kind, tokens: t }) => (kind === "model" && t !== null ? [t] : []));
          expect(tokens.input).toBe(reported.length === 0 ? null : reported.reduce((a, b) => a + b, 0));
          expect(tokens.output).toBe(reported.length === 0 ? null : reported.length);
          expect(errors).toBe(events.filter(({ kind, status }) => kind !== "denied" && status === "error").length);
          const roots = ends.filter((_, run) => run !== 1);
          expect(runs.total).toBe(3);
          for (const status of ["ok", "error", "denied", "cancelled", "paused"] as const)
            expect(runs[status]).toBe(roots.filter((s) => s === status).length);
          expect([ledger.unmatched, ledger.active]).toEqual([0, 0]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
