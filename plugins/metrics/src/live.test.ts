import { createStack, definePlugin, deny, hooks } from "@graphtap/langgraph";
import { fakeClock, scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import { Command, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { afterEach, describe, expect, it } from "vitest";
import { metrics } from "./plugin.js";
import type { MetricsEvents } from "./live.js";

const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.dispose();
});
const ask = (content = "hi") => ({ messages: [{ role: "user", content }] });
const policy = definePlugin({
  name: "test-policy",
  version: "1.0.0",
  identity: "none",
  setup: (api) =>
    api.tap(hooks.tool.authorize, ({ name }) => (name === "refund" ? deny("NOT_GRANTED", "No.") : undefined)),
});

function lab(options: Parameters<typeof metrics>[0] = {}) {
  const clock = fakeClock("2026-01-01T00:00:00Z");
  const stack = createStack({ name: "desk", plugins: [metrics(options), policy()], clock });
  open.push(stack);
  const search = scriptedTool("search", () => {
    clock.advance(30);
    return "found";
  });
  const build = (script: (turn: number) => Step, more: object = {}): ReturnType<typeof stack.createWorkflow> => {
    let turn = 0;
    return stack.createWorkflow({
      name: "desk",
      mode: "tools",
      llm: scriptedModel(() => {
        clock.advance(100);
        return script(turn++);
      }),
      tools: [search, scriptedTool("refund", "paid"), scriptedTool("broken", new Error("out of order"))],
      ...more,
    });
  };
  return { clock, stack, build, collector: stack.get(metrics) };
}
const callThenSay =
  (name: string) =>
  (turn: number): Step =>
    turn % 2 === 0
      ? { call: { name, args: {} }, usage: { input: 10, output: 2 } }
      : { say: "ok", usage: { input: 5, output: 1 } };

describe("what a run's time went into", () => {
  it("is told for model, tool, retriever and the graph itself", async () => {
    const { stack, collector, clock } = lab();
    const slow = definePlugin({
      name: "test-slow",
      version: "1.0.0",
      identity: "none",
      setup: (api) => api.tap(hooks.run.start, () => void clock.advance(7)),
    });
    await stack.use(slow());
    const desk = await stack.createWorkflow({
      name: "desk",
      mode: "full",
      retriever: {
        invoke: async () => {
          clock.advance(50);
          return [{ pageContent: "a fact", metadata: {} }];
        },
      },
      llm: scriptedModel((messages) => {
        clock.advance(100);
        return messages.at(-1)?.type === "human" ? { call: { name: "search", args: {} } } : { say: "ok" };
      }),
      tools: [
        scriptedTool("search", () => {
          clock.advance(30);
          return "found";
        }),
      ],
    });
    await desk.invoke(ask(), stack.as({ userId: "alice" }));
    const stats = collector.getWorkflowStats();
    expect(stats.timing).toMatchObject({ avgModelMs: 200, avgToolMs: 30, avgRetrievalMs: 50, avgOverheadMs: 7 });
    expect(stats).toMatchObject({ p50ExecutionTimeMs: 287, p99ExecutionTimeMs: 287 });
    expect(collector.report().nodes).toMatchObject([{ node: "model", calls: 2 }]);
  });

  it("has the time to the first token where a model streams", async () => {
    const { stack, collector, clock } = lab();
    const desk = await stack.createWorkflow({
      name: "desk",
      llm: scriptedModel(() => {
        clock.advance(40);
        return { say: "one two three" };
      }),
    });
    for await (const _ of await desk.stream(ask(), { streamMode: "messages", ...stack.as({ userId: "alice" }) }));
    expect(collector.getWorkflowStats().timing.avgTimeToFirstTokenMs).toBe(40);
    expect(collector.report().models[0]).toMatchObject({ firstChunkP50Ms: 40 });
  });
});

describe("windows", () => {
  it("hold what happened in them, by workflow, model, tool and kind of failure, and forget it", async () => {
    const { stack, collector, clock, build } = lab();
    const good = await build(callThenSay("search"));
    const bad = await build(() => ({ throw: Object.assign(new Error("slow down"), { status: 429 }) }), { name: "bad" });
    const denied = await build(callThenSay("refund"), { name: "denied" });
    const who = stack.as({ userId: "alice" });
    await good.invoke(ask(), who);
    await bad.invoke(ask(), who).catch(() => undefined);
    await denied.invoke(ask(), who);
    const { windows, activeRuns } = collector.getLiveStats();
    expect(activeRuns).toBe(0);
    expect(windows["1m"]).toMatchObject({
      runs: { calls: 3, ok: 2, failed: 1, successRate: 2 / 3 },
      tokens: { input: 30, output: 6, cacheRead: null },
      tools: { calls: 2, ok: 1, denied: 1, p50Ms: 30 },
      errorsByCategory: { rate_limited: 1 },
    });
    expect(windows["1m"].byTool.map(({ name, calls }) => [name, calls])).toEqual([
      ["refund", 1],
      ["search", 1],
    ]);
    expect(windows["24h"].byWorkflow.map(({ name }) => name)).toEqual(["bad", "denied", "desk"]);
    clock.advance(61_000);
    expect(collector.getLiveStats().windows["1m"].runs).toMatchObject({ calls: 0, successRate: null, p50Ms: null });
    expect(collector.getLiveStats().windows["5m"].runs.calls).toBe(3);
  });

  it("count an interrupt as a pause, and a resume as a run", async () => {
    const { stack, collector } = lab();
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("gate", () => {
          interrupt("sure?");
          return {};
        })
        .addEdge(START, "gate")
        .compile({ checkpointer: new MemorySaver() }),
    );
    const who = stack.as({ userId: "alice", conversationId: "c-1" });
    await graph.invoke(ask(), who);
    await graph.invoke(new Command({ resume: "yes" }), who);
    expect(collector.getLiveStats().windows["1m"]).toMatchObject({
      runs: { calls: 1, ok: 1, paused: 1, failed: 0 },
      errorsByCategory: {},
    });
  });
});

describe("failures", () => {
  it("have a category, are told newest first, and stay within a user's own", async () => {
    const { stack, collector, clock, build } = lab();
    const broken = await build(callThenSay("broken"));
    const limited = await build(() => ({ throw: Object.assign(new Error("secret text"), { status: 429 }) }));
    await broken.invoke(ask(), stack.as({ userId: "alice" }));
    clock.advance(1_000);
    await limited.invoke(ask(), stack.as({ userId: "bob" })).catch(() => undefined);
    const errors = collector.getRecentErrors();
    expect(
      errors.map(({ userId, where, name, category, retryable, node }) => [
        userId,
        where,
        name,
        category,
        retryable,
        node,
      ]),
    ).toEqual([
      ["bob", "model", "script-1", "rate_limited", true, "model"],
      ["alice", "tool", "broken", "tool", null, "tools"],
    ]);
    expect(JSON.stringify(errors)).not.toContain("secret");
    expect(collector.getRecentErrors({ userId: "alice" })).toHaveLength(1);
    expect(collector.getRecentErrors({ limit: 1 })).toHaveLength(1);
    expect(collector.getWorkflowStats().errorsByCategory).toEqual({ rate_limited: 1, tool: 1 });
    expect(() => collector.getRecentErrors({ userId: "" })).toThrow(/METRICS_QUERY_INVALID/);
  });
});

describe("rate", () => {
  it("takes a rating any time after the run, one per rater, and adds them up", async () => {
    const { stack, collector, clock, build } = lab();
    const desk = await build(callThenSay("search"));
    for (const userId of ["alice", "bob"]) await desk.invoke(ask(), stack.as({ userId }));
    const runs: string[] = [];
    collector.on("run.ended", ({ workflowId }) => void runs.push(workflowId));
    await desk.invoke(ask(), stack.as({ userId: "alice" }));
    const [run = ""] = runs;
    clock.advance(3_600_000);
    collector.rate(run, 0.2);
    collector.rate(run, 0.9, { tags: ["fast"], comment: "better now" });
    expect(collector.rate(run, 0.5, { rater: "operator" })?.userSatisfaction).toBeCloseTo(0.7);
    expect(collector.getWorkflowStats().satisfaction).toMatchObject({
      ratings: 2,
      satisfiedRate: 1,
      responseRate: 1 / 3,
    });
    expect(collector.rate("nobody", 1)).toBeNull();
  });

  it.each([[99], [-0.1], [Number.NaN]])("refuses the score %s", (score) => {
    expect(() => lab().collector.rate("x", score)).toThrow(/RATING_INVALID/);
  });

  it("has room for a hundred raters, and says so", async () => {
    const { collector } = lab();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    for (let rater = 0; rater < 100; rater++) collector.rate(id, 1, { rater: `r${rater}` });
    expect(() => collector.rate(id, 1, { rater: "one more" })).toThrow(/RATING_INVALID/);
    expect(collector.rate(id, 0, { rater: "r0" })?.userSatisfaction).toBeCloseTo(0.99);
  });
});

describe("what happens, as it happens", () => {
  it("reaches listeners, until they leave; one that throws changes nothing", async () => {
    const { stack, collector, build } = lab();
    const desk = await build(callThenSay("broken"));
    const seen: string[] = [];
    const listen = <K extends keyof MetricsEvents>(event: K): (() => void) =>
      collector.on(event, (() => void seen.push(event)) as MetricsEvents[K]);
    collector.on("run.started", () => {
      throw new Error("no");
    });
    collector.on("run.started", ({ workflow, userId }) => void seen.push(`${workflow} of ${userId}`));
    const stop = [listen("run.ended"), listen("failure"), listen("rated")];
    await desk.invoke(ask(), stack.as({ userId: "alice" }));
    expect(seen).toEqual(["desk of alice", "failure", "run.ended"]);
    for (const off of stop) off();
    await desk.invoke(ask(), stack.as({ userId: "bob" }));
    expect(seen).toHaveLength(4);
    expect(collector.health.listenersFailed).toBe(2);
  });

  it("shows the runs under way", async () => {
    const { stack, collector, clock } = lab();
    let seen: unknown;
    const desk = await stack.createWorkflow({
      name: "desk",
      llm: scriptedModel(() => {
        clock.advance(25);
        seen = collector.getActiveRuns();
        return { say: "ok" };
      }),
    });
    await desk.invoke(ask(), stack.as({ userId: "alice", tenantId: "acme" }));
    expect(seen).toMatchObject([{ workflow: "desk", userId: "alice", tenantId: "acme", runningMs: 25, openTools: 0 }]);
    expect(collector.getActiveRuns()).toEqual([]);
  });
});

describe("the configuration of a workflow", () => {
  it("is recorded with its runs, without prompt or tools", async () => {
    const { stack, collector, build } = lab();
    const desk = await build(callThenSay("search"), {
      systemMessage: "secret prompt",
      enableMemory: true,
      memoryWindow: 5,
    });
    let config: unknown;
    collector.on("run.ended", ({ workflowConfig }) => (config = workflowConfig));
    await desk.invoke(ask(), stack.as({ userId: "alice", conversationId: "c-1" }));
    expect(config).toMatchObject({
      mode: "tools",
      enableMemory: true,
      memoryWindow: 5,
      hasTools: true,
      tools: 3,
      hasRetriever: false,
    });
    expect(JSON.stringify(config)).not.toContain("secret");
  });
});

describe("panels and health", () => {
  it("show a user what is theirs in their tenant, and the system everything without ids", async () => {
    const { stack, build } = lab();
    const desk = await build(callThenSay("broken"));
    for (const [userId, tenantId] of [
      ["alice", "acme"],
      ["alice", "canary"],
      ["canary", "acme"],
    ] as const)
      await desk.invoke(ask(), stack.as({ userId, tenantId }));
    const [user] = await stack.call(hooks.dashboard.collect, { kind: "user", userId: "alice", tenantId: "acme" });
    expect(user).toMatchObject({
      value: {
        data: {
          totalExecutions: 1,
          errorCount: 1,
          recentErrors: [{ category: "tool" }],
          tools: [{ name: "broken", failed: 1 }],
        },
      },
    });
    expect(JSON.stringify(user)).not.toContain("canary");
    const [system] = await stack.call(hooks.dashboard.collect, { kind: "system" });
    expect(system).toMatchObject({ value: { data: { totalExecutions: 3, windows: { "1m": { ok: 3 } } } } });
    expect(JSON.stringify(system)).not.toMatch(/canary|alice/);
  });

  it("count for health only what somebody can be blamed for", async () => {
    const { stack, collector, build } = lab({ latencyTargetMs: 150 });
    const denied = await build(callThenSay("refund"));
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    for (let rater = 0; rater < 10; rater++) collector.rate(id, rater < 4 ? 0.1 : 1, { rater: `r${rater}` });
    await denied.invoke(ask(), stack.as({ userId: "alice" }));
    const [answer] = await stack.call(hooks.health.check, { at: 0 });
    const indicators = answer?.status === "ok" ? (answer.value.indicators ?? []) : [];
    const day = indicators.map(({ id: name, windows }) => [name, windows.at(-1)?.good, windows.at(-1)?.valid]);
    expect(day).toEqual([
      ["availability", 1, 1],
      ["models", 2, 2],
      ["tools", 0, 0],
      ["latency", 0, 1],
      ["quality", 6, 10],
    ]);
  });
});
