import { GraphTapError } from "@graphtap/kernel";
import { fakeClock } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { WorkflowMetricsCollector } from "./collector.js";
import { errorCatalog } from "./errors.js";
import { makeLedger } from "./fixtures/ledger.js";
import type { Place } from "./ledger.js";
import { LiveEvents } from "./live.js";
import { Rolling } from "./rolling.js";

function make() {
  const clock = fakeClock();
  const now = (): number => clock.now();
  const monotonic = (): number => clock.monotonic();
  const rolling = new Rolling(500, monotonic);
  const live = new LiveEvents();
  const ledger = makeLedger({ now, monotonic, rolling, live, maxActive: 10, maxHistory: 10 });
  return { clock, ledger, live, collector: new WorkflowMetricsCollector({ ledger, rolling, live, now, monotonic }) };
}
const caught = (fn: () => unknown): GraphTapError => {
  try {
    fn();
  } catch (error) {
    if (GraphTapError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("runs tracked by hand", () => {
  it("fail once for each failure that is reported, though two have the same text", () => {
    const { collector } = make();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    for (const error of ["timed out", "timed out", "timed out"]) collector.updateWorkflowMetrics(id, { error });
    const same = new Error("reset");
    collector.updateWorkflowMetrics(id, { error: same });
    collector.updateWorkflowMetrics(id, { error: same });
    expect(collector.finishWorkflowTracking(id)).toMatchObject({ errorCount: 4, status: "error" });
  });
  it("count for the provider they were tracked with, whether or not tokens were reported", () => {
    const { collector } = make();
    collector.finishWorkflowTracking(collector.startWorkflowTracking({ workflowType: "rag", providerName: "openai" }));
    const id = collector.startWorkflowTracking({ workflowType: "rag", providerName: "openai" });
    collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 1, local: 1 } });
    collector.finishWorkflowTracking(id);
    expect({ ...collector.getWorkflowStats().providers }).toEqual({ openai: 2, local: 1 });
  });
  it("have their tokens in the windows, and no model call that nobody made", () => {
    const { collector } = make();
    const id = collector.startWorkflowTracking({ workflowType: "rag", providerName: "openai", modelName: "gpt-4" });
    collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 150 } });
    collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 0, local: 50 } });
    const { tokens, models, byModel } = collector.getLiveStats().windows["1m"];
    expect(tokens).toMatchObject({ input: null, total: 200 });
    expect([models.calls, byModel]).toEqual([0, []]);
  });

  it("go from start to finish with the figures they were given", () => {
    const { collector, clock } = make();
    const id = collector.startWorkflowTracking({
      workflowType: "rag",
      userId: "user123",
      conversationId: "conv456",
      providerName: "openai",
      modelName: "gpt-4",
      config: { mode: "rag" },
    });
    clock.advance(400);
    collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 150 }, toolCalls: 2, retrievalContextSize: 1_200 });
    collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 50, local: 1 }, toolCalls: 1, memoryUsageMb: 5 });
    clock.advance(100);
    // Set back by an hour: durations do not care.
    clock.jump(-3_600_000);
    expect(collector.finishWorkflowTracking(id, { userSatisfaction: 0.9 })).toMatchObject({
      workflowId: id,
      kind: "manual",
      workflowType: "rag",
      userId: "user123",
      conversationId: "conv456",
      providerName: "openai",
      modelName: "gpt-4",
      workflowConfig: { mode: "rag" },
      status: "ok",
      executionTimeMs: 500,
      models: [
        { provider: "openai", model: "gpt-4", tokens: { input: null, output: null, total: 200 } },
        { provider: "local", model: null, tokens: { total: 1 } },
      ],
      tokenUsage: { total: 201, input: null },
      toolCalls: 3,
      retrievalContextSize: 1_200,
      memoryUsageMb: 5,
      userSatisfaction: 0.9,
    });
    clock.jump(3_600_000);
    expect(collector.getWorkflowStats({ hours: 24 })).toMatchObject({
      totalExecutions: 1,
      successRate: 1,
      avgExecutionTimeMs: 500,
      minExecutionTimeMs: 500,
      maxExecutionTimeMs: 500,
      totalTokens: 201,
      tokens: { input: null, output: null, total: 201, cacheRead: null, cacheWrite: null, reasoning: null },
      totalToolCalls: 3,
      errorCount: 0,
      workflowTypes: { rag: 1 },
      providers: { openai: 1, local: 1 },
    });
  });

  it("end once, and are an error when one was reported", () => {
    const { collector, clock } = make();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    const error = Object.assign(new Error("secret"), { code: "E_RAG" });
    collector.updateWorkflowMetrics(id, { error });
    collector.updateWorkflowMetrics(id, { error });
    clock.advance(10);
    const first = collector.finishWorkflowTracking(id);
    clock.advance(10);
    const second = collector.finishWorkflowTracking(id, { userSatisfaction: 0 });
    expect(first).toMatchObject({
      status: "error",
      executionTimeMs: 10,
      errorCount: 1,
      userSatisfaction: null,
      errors: [{ where: "manual", code: "E_RAG", type: "Error" }],
    });
    expect(second).toMatchObject({ status: "error", executionTimeMs: 10, userSatisfaction: 0 });
    expect(JSON.stringify(second)).not.toContain("secret");
    expect(collector.health).toMatchObject({ active: 0, dropped: 0, abandoned: 0, unmatched: 0 });
  });

  it("answer null for ids nobody knows, and leave no trace of them", () => {
    const { collector } = make();
    expect(collector.updateWorkflowMetrics("x", { toolCalls: 1 })).toBeNull();
    expect(collector.finishWorkflowTracking("x")).toBeNull();
    expect(collector.getWorkflowMetrics("__proto__")).toBeNull();
    expect(collector.report().runs.total).toBe(0);
  });

  it("take a rating and further figures for a run of a graph, but do not end it", () => {
    const { collector, ledger } = make();
    const run: Place = {
      runId: "r",
      rootRunId: "r",
      parentRunId: null,
      resumedFrom: null,
      threadId: "c",
      workflow: "w",
      node: null,
      route: "graph",
      principal: null,
    };
    ledger.began(run);
    collector.updateWorkflowMetrics("r", { retrievalContextSize: 7 });
    expect(collector.finishWorkflowTracking("r", { userSatisfaction: 1 })).toMatchObject({
      status: "running",
      endedAt: null,
    });
    ledger.ended("r", { status: "ok", code: null, durationMs: 3 });
    expect(collector.getWorkflowMetrics("r")).toMatchObject({
      status: "ok",
      executionTimeMs: 3,
      retrievalContextSize: 7,
      userSatisfaction: 1,
      conversationId: "c",
    });
    expect(collector.health.unmatched).toBe(0);
  });

  const wrong: [string, (collector: WorkflowMetricsCollector, id: string) => unknown, string][] = [
    ["no type", (c) => c.startWorkflowTracking({} as never), "workflowType"],
    ["an empty user", (c) => c.startWorkflowTracking({ workflowType: "w", userId: "" }), "userId"],
    ["a key nobody knows", (c) => c.startWorkflowTracking({ workflowType: "w", user: "a" } as never), "user"],
    ["negative tokens", (c, id) => c.updateWorkflowMetrics(id, { tokenUsage: { openai: -1 } }), "tokenUsage.openai"],
    ["half a token", (c, id) => c.updateWorkflowMetrics(id, { tokenUsage: { openai: 0.5 } }), "tokenUsage.openai"],
    ["tokens without a provider", (c, id) => c.updateWorkflowMetrics(id, { tokenUsage: { "": 1 } }), "tokenUsage"],
    ["a list of tokens", (c, id) => c.updateWorkflowMetrics(id, { tokenUsage: [1] as never }), "tokenUsage"],
    ["tool calls that are no number", (c, id) => c.updateWorkflowMetrics(id, { toolCalls: Number.NaN }), "toolCalls"],
    ["a satisfaction above 1", (c, id) => c.finishWorkflowTracking(id, { userSatisfaction: 1.1 }), "userSatisfaction"],
  ];
  it.each(wrong)("refuse %s", (_name, call, where) => {
    const { collector } = make();
    const id = collector.startWorkflowTracking({ workflowType: "w" });
    const before = collector.getWorkflowMetrics(id);
    const error = caught(() => call(collector, id));
    expect([error.code, error.plugin]).toEqual(["TRACKING_INVALID", "metrics"]);
    expect(error.message).toContain(where);
    expect(collector.getWorkflowMetrics(id)).toEqual(before);
    expect(collector.report().runs.total).toBe(1);
    expect(Object.keys(errorCatalog)).toContain(error.code);
  });

  it("keep tokens of a provider called __proto__", () => {
    const { collector } = make();
    const id = collector.startWorkflowTracking({ workflowType: "w" });
    const tokenUsage = JSON.parse('{"__proto__": 3, "constructor": 4}') as Record<string, number>;
    expect(
      collector
        .updateWorkflowMetrics(id, { tokenUsage })
        ?.models.map(({ provider, tokens }) => [provider, tokens.total]),
    ).toEqual([
      ["__proto__", 3],
      ["constructor", 4],
    ]);
  });
});

describe("queries", () => {
  it("are about a time, a user, a tenant, a workflow", () => {
    const { collector, clock } = make();
    const run = (workflowType: string, userId?: string, tenantId?: string) =>
      void collector.finishWorkflowTracking(collector.startWorkflowTracking({ workflowType, userId, tenantId }));
    run("old", "alice");
    clock.advance(2 * 3_600_000);
    run("rag", "alice", "acme");
    run("rag", "alice", "globex");
    run("plain", "bob");
    const count = (query: Parameters<typeof collector.report>[0]) => {
      const { totalExecutions } = collector.getWorkflowStats(query);
      expect(collector.report(query).runs.total).toBe(totalExecutions);
      return totalExecutions;
    };
    expect([
      count({}),
      count({ hours: 1 }),
      count({ hours: 2 }),
      count({ userId: "alice" }),
      count({ userId: "alice", tenantId: "acme" }),
      count({ workflowType: "rag" }),
      count({ userId: "al" }),
    ]).toEqual([4, 3, 4, 3, 1, 2, 0]);
    expect(count(undefined)).toBe(4);
    const { from, to } = collector.report({ hours: 1 });
    expect(to - from).toBe(3_600_000);
  });

  it("refuse what would mean everybody, or no time at all", () => {
    const { collector } = make();
    for (const query of [
      { userId: "" },
      { tenantId: "" },
      { hours: 0 },
      { hours: Number.NaN },
      { hours: "24" },
      { user: "a" },
      null,
    ])
      for (const ask of [() => collector.report(query as never), () => collector.getWorkflowStats(query as never)])
        expect(caught(ask).code).toBe("METRICS_QUERY_INVALID");
  });

  it("leave runs under way out of statistics and show them in reports", () => {
    const { collector } = make();
    collector.startWorkflowTracking({ workflowType: "w" });
    expect(collector.getWorkflowStats()).toMatchObject({ totalExecutions: 0, successRate: null, totalTokens: null });
    expect(collector.report().runs).toMatchObject({ total: 1, running: 1 });
  });

  it("give copies that later events do not change", () => {
    const { collector } = make();
    const id = collector.startWorkflowTracking({ workflowType: "w" });
    const before = collector.getWorkflowMetrics(id);
    collector.updateWorkflowMetrics(id, { toolCalls: 1, tokenUsage: { p: 1 }, error: new Error("x") });
    expect(before).toMatchObject({ toolCalls: 0, models: [], errors: [], errorCount: 0 });
  });
});

describe("what a caller hands in", () => {
  it("is copied: a configuration that changes later changes no record", () => {
    const { collector } = make();
    class Llm {
      readonly key = "sk-1";
    }
    const config = { mode: "rag", tools: ["a"], llm: new Llm(), pick: () => 1, since: new Date(0) };
    const id = collector.startWorkflowTracking({ workflowType: "rag", config });
    config.tools.push("b");
    config.mode = "plain";
    const kept = collector.getWorkflowMetrics(id)?.workflowConfig;
    expect(kept).toEqual({ mode: "rag", tools: ["a"], llm: "[Llm]", pick: "[function]", since: new Date(0) });
    expect(Object.isFrozen(kept)).toBe(true);
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(caught(() => collector.startWorkflowTracking({ workflowType: "rag", config: loop })).code).toBe(
      "TRACKING_INVALID",
    );
  });
});

describe("ratings of runs inside runs", () => {
  it("count for satisfaction as they do for health", () => {
    const { collector, ledger } = make();
    const place = (runId: string, parentRunId: string | null): Place => ({
      runId,
      rootRunId: "outer",
      parentRunId,
      resumedFrom: null,
      threadId: null,
      workflow: "w",
      node: null,
      route: "graph",
      principal: null,
    });
    ledger.began(place("outer", null));
    ledger.began(place("inner", "outer"));
    collector.rate("inner", 0.9, { rater: "a" });
    collector.rate("inner", 0.1, { rater: "b" });
    expect(collector.getWorkflowStats().satisfaction).toMatchObject({ ratings: 2, responseRate: null });
    ledger.ended("inner", { status: "ok", code: null, durationMs: 1 });
    ledger.ended("outer", { status: "ok", code: null, durationMs: 1 });
    expect(collector.getWorkflowStats()).toMatchObject({
      totalExecutions: 1,
      satisfaction: { ratings: 2, mean: 0.5, satisfiedRate: 0.5, responseRate: 1 },
    });
  });
});

describe("a collector without a stack", () => {
  it("keeps its own bounds and tells its own time", () => {
    const clock = fakeClock("2026-01-01T00:00:00Z");
    const collector = new WorkflowMetricsCollector({
      maxHistory: 2,
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
    });
    for (const workflowType of ["rag", "tools", "full"]) {
      const id = collector.startWorkflowTracking({ workflowType });
      clock.advance(50);
      collector.finishWorkflowTracking(id);
    }
    expect(collector.getWorkflowStats({ hours: 1 })).toMatchObject({
      totalExecutions: 2,
      avgExecutionTimeMs: 50,
      workflowTypes: { tools: 1, full: 1 },
    });
    expect(collector.health.dropped).toBe(1);
    expect(new WorkflowMetricsCollector().getWorkflowStats().totalExecutions).toBe(0);
    expect(caught(() => new WorkflowMetricsCollector({ maxHistory: 0 })).code).toBe("METRICS_OPTIONS_INVALID");
  });
});

it("names what is wrong with the arguments of a constructor or a listener", () => {
  expect(caught(() => new WorkflowMetricsCollector(null as never)).code).toBe("METRICS_OPTIONS_INVALID");
  const { collector } = make();
  expect(caught(() => collector.on("run.over" as "run.ended", () => undefined)).message).toContain("event");
  expect(caught(() => collector.on("run.ended", 7 as never)).message).toMatch(/listener: expected a function, got 7/);
});
