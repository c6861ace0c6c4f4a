import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { Annotation, Command, interrupt, MemorySaver, StateGraph } from "@langchain/langgraph";
import { createStack, definePlugin, hooks, metrics, type MetricsReport, WorkflowMetricsCollector } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, failure, keeper, shelf, START } from "./parts.js";

const keep = keeper();
function desk(...more: Parameters<typeof createStack>[0]["plugins"][number][]) {
  const clock = fakeClock(START);
  const stack = keep(createStack({ name: "desk", plugins: [metrics(), ...more] as const, clock }));
  return { clock, stack, collector: stack.get(metrics) };
}
const as = (stack: ReturnType<typeof desk>["stack"], conversationId = "conv456") =>
  stack.as({ userId: "user123", conversationId });

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: metrics", () => {
  it("runs began when a graph was created and never ended", async () => {
    const { stack, collector } = desk();
    const leave = new AbortController();
    const llm = scriptedModel((messages) => {
      switch (messages.at(-1)?.text) {
        case "fail":
          return { throw: new Error("down") };
        case "hang":
          queueMicrotask(() => leave.abort());
          return { hang: true };
        default:
          return { say: "one two three" };
      }
    });
    const workflow = await stack.createWorkflow({ llm });
    expect(collector.report().runs.total).toBe(0);
    expect(collector.health.active).toBe(0);

    await workflow.invoke(ask("hello"), as(stack));
    await failure(workflow.invoke(ask("fail"), as(stack)));
    await failure(workflow.invoke(ask("hang"), { ...as(stack), signal: leave.signal }));
    for await (const _ of await workflow.stream(ask("hello"), { ...as(stack), streamMode: "messages" })) break;
    expect(collector.report().runs).toMatchObject({ total: 4, ok: 1, error: 1, cancelled: 2, running: 0 });
    expect(collector.health).toMatchObject({ active: 0, dropped: 0, abandoned: 0, unmatched: 0 });
  });

  it("20,000 runs that never ended stayed in memory", () => {
    const { collector } = desk();
    for (let run = 0; run < 20_000; run++) collector.startWorkflowTracking({ workflowType: "rag", userId: "user123" });
    expect(collector.health).toMatchObject({ active: 10_000, abandoned: 10_000, dropped: 0 });
    expect(collector.getWorkflowStats()).toMatchObject({ totalExecutions: 10_000, successRate: null });
  });

  it("every question went through the list of all runs, and knew no more than was in it", () => {
    // With room for one run there is no list to go through: what windows tell was added up as it happened.
    const collector = new WorkflowMetricsCollector({ maxHistory: 1 });
    for (let run = 0; run < 1_000; run++) {
      const id = collector.startWorkflowTracking({ workflowType: "rag", userId: "user123" });
      if (run % 4 === 0) collector.updateWorkflowMetrics(id, { error: new Error("down") });
      collector.finishWorkflowTracking(id);
    }
    const { runs, errorsByCategory } = collector.getLiveStats().windows["24h"];
    expect(runs).toMatchObject({ calls: 1_000, ok: 750, failed: 250, successRate: 0.75 });
    expect(errorsByCategory).toEqual({ unknown: 250 });
  });

  it("every warning crashed on its own logger", async () => {
    const clumsy = definePlugin({
      name: "clumsy",
      version: "1.0.0",
      setup(api) {
        api.tap(hooks.run.start, () => {
          api.log.warn("about to fail", { at: 1n });
          throw new TypeError("an observer's own mistake");
        });
      },
    });
    const logger = {
      log() {
        throw new TypeError("unexpected keyword argument");
      },
    };
    const stack = keep(createStack({ plugins: [metrics(), clumsy()], logger }));
    const collector = stack.get(metrics);
    expect(collector.updateWorkflowMetrics("no-such-run", { toolCalls: 1 })).toBe(null);
    expect(collector.finishWorkflowTracking("no-such-run")).toBe(null);
    const workflow = await stack.createWorkflow({ llm: scriptedModel(() => ({ say: "hi" })) });
    for (let turn = 0; turn < 3; turn++)
      expect((await workflow.invoke(ask("hello"), stack.as({ userId: "user123" }))).messages.at(-1)?.text).toBe("hi");
    expect(collector.report()).toMatchObject({ runs: { ok: 3 }, errors: 0 });
  });

  it("a stream was not measured, and tokens of a tool loop were those of one call", async () => {
    const reports: MetricsReport[] = [];
    for (const way of ["invoke", "stream"] as const) {
      const { stack, collector } = desk();
      const script = calling("calculator");
      const llm = scriptedModel((messages) => ({ ...script(messages), usage: { input: 100, output: 10 } }));
      const workflow = await stack.createWorkflow({ mode: "tools", llm, tools: [scriptedTool("calculator", "4")] });
      if (way === "invoke") await workflow.invoke(ask("2 + 2?"), as(stack));
      else
        for await (const _ of await workflow.stream(ask("2 + 2?"), { ...as(stack), streamMode: "messages" })) continue;
      reports.push(collector.report());
    }
    for (const { runs, models, tools, errors } of reports) {
      expect(runs).toMatchObject({ total: 1, ok: 1 });
      expect(models).toMatchObject([{ calls: 2, unreported: 0, tokens: { input: 200, output: 20, total: 220 } }]);
      expect(tools).toMatchObject([{ name: "calculator", calls: 1, ok: 1 }]);
      expect(errors).toBe(0);
    }
  });

  it("one recovered tool error failed the run for ever, and the call was not counted", async () => {
    const { stack, collector } = desk();
    const tools = [scriptedTool("web_search", new Error("no network"))];
    const workflow = await stack.createWorkflow({ mode: "tools", llm: scriptedModel(calling("web_search")), tools });
    const { messages } = await workflow.invoke(ask("news?"), as(stack));
    expect(messages.at(-1)?.text).toContain("no network");
    expect(collector.getWorkflowStats()).toMatchObject({ successRate: 1, errorCount: 1, totalToolCalls: 1 });
    expect(collector.report().tools).toMatchObject([{ name: "web_search", calls: 1, failed: 1 }]);
  });

  it("a model's error became a chat message and the run a success", async () => {
    const { stack, collector } = desk();
    const workflow = await stack.createWorkflow({
      llm: scriptedModel([{ throw: new Error("key sk-live-1 is wrong") }]),
    });
    expect((await failure(workflow.invoke(ask("hello"), as(stack)))).message).toContain("is wrong");
    expect(collector.getWorkflowStats()).toMatchObject({ totalExecutions: 1, successRate: 0, errorCount: 1 });
    expect(JSON.stringify(collector.report())).not.toContain("sk-live-1");
  });

  it("a failed retrieval was an empty context", async () => {
    const { stack, collector } = desk();
    const retriever = { ...shelf(), invoke: () => Promise.reject(new Error("index is gone")) };
    const llm = scriptedModel(() => ({ say: "I know nothing" }));
    const workflow = await stack.createWorkflow({ mode: "rag", llm, retriever });
    expect((await failure(workflow.invoke(ask("hello"), as(stack)))).message).toBe("index is gone");
    expect(llm.callCount).toBe(0);
    expect(collector.report()).toMatchObject({ runs: { error: 1 }, errors: 1 });
  });

  it("an interrupt counted as an error", async () => {
    const { stack, collector } = desk();
    const State = Annotation.Root({ answer: Annotation<string> });
    const workflow = stack.wrap(
      new StateGraph(State)
        .addNode("wait", () => ({ answer: interrupt<string, string>("go on?") }))
        .addEdge("__start__", "wait")
        .compile({ checkpointer: new MemorySaver() }),
    );
    await workflow.invoke({ answer: "" }, as(stack));
    expect(collector.report()).toMatchObject({ runs: { paused: 1, error: 0 }, errors: 0 });
    expect(await workflow.invoke(new Command({ resume: "yes" }), as(stack))).toEqual({ answer: "yes" });
    expect(collector.report()).toMatchObject({ runs: { paused: 1, ok: 1, error: 0, running: 0 }, errors: 0 });
    expect(collector.getWorkflowStats().successRate).toBe(1);
  });

  it("an error carried the time at which its run began", () => {
    const { clock, collector } = desk();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    clock.advance(5_000);
    const { errors, startedAt } = collector.updateWorkflowMetrics(id, { error: new Error("x") }) ?? {};
    expect(errors?.[0]?.at).toBe((startedAt ?? 0) + 5_000);
  });

  it("a second finish overwrote the measured time with nothing", () => {
    const { clock, collector } = desk();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    clock.advance(1_500);
    expect(collector.finishWorkflowTracking(id)?.executionTimeMs).toBe(1_500);
    clock.advance(9_000);
    expect(collector.finishWorkflowTracking(id)?.executionTimeMs).toBe(1_500);
    expect(collector.getWorkflowStats()).toMatchObject({ totalExecutions: 1, maxExecutionTimeMs: 1_500 });
  });

  it("an empty user id as a filter gave everybody's figures", async () => {
    const { collector } = desk();
    collector.finishWorkflowTracking(collector.startWorkflowTracking({ workflowType: "rag", userId: "user123" }));
    for (const question of [() => collector.getWorkflowStats({ userId: "" }), () => collector.report({ userId: "" })])
      expect(await failure(Promise.resolve().then<unknown>(question))).toMatchObject({ code: "METRICS_QUERY_INVALID" });
    expect(collector.getWorkflowStats({ userId: "demo_user" }).totalExecutions).toBe(0);
  });

  it("a satisfaction of 99 was taken, and only before a user could rate", async () => {
    const { stack, collector } = desk();
    const runs: string[] = [];
    const workflow = await stack.createWorkflow({ llm: scriptedModel(() => ({ say: "hi" })) });
    await stack.use(
      definePlugin({
        name: "ids",
        version: "1.0.0",
        setup: (api) => void api.tap(hooks.run.end, ({ runId }) => void runs.push(runId)),
      })(),
    );
    await workflow.invoke(ask("hello"), as(stack));
    const [runId = ""] = runs;
    for (const userSatisfaction of [99, -0.1, Number.NaN, "0.9"]) {
      const rated = Promise.resolve().then(() =>
        collector.finishWorkflowTracking(runId, { userSatisfaction } as never),
      );
      expect(await failure(rated)).toMatchObject({ code: "TRACKING_INVALID" });
    }
    expect(collector.getWorkflowMetrics(runId)?.userSatisfaction).toBe(null);
    expect(collector.finishWorkflowTracking(runId, { userSatisfaction: 0.9 })).toMatchObject({
      status: "ok",
      userSatisfaction: 0.9,
    });
  });

  it("negative tokens and calls were added", async () => {
    const { collector } = desk();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    for (const update of [
      { tokenUsage: { openai: -150 } },
      { toolCalls: -2 },
      { toolCalls: 1.5 },
      { retrievalContextSize: -1 },
    ]) {
      const added = Promise.resolve().then(() => collector.updateWorkflowMetrics(id, update));
      expect(await failure(added)).toMatchObject({ code: "TRACKING_INVALID" });
    }
    expect(collector.getWorkflowMetrics(id)).toMatchObject({ toolCalls: 0, tokenUsage: { total: null } });
  });

  it("a system at rest had a success rate of 0 and no fastest run", () => {
    const { collector } = desk();
    expect(collector.getWorkflowStats()).toMatchObject({
      totalExecutions: 0,
      successRate: null,
      avgExecutionTimeMs: null,
      minExecutionTimeMs: null,
      maxExecutionTimeMs: null,
      totalTokens: null,
    });
  });

  it("names that every object has were keys of the statistics", () => {
    const { collector } = desk();
    for (const name of ["constructor", "__proto__", "toString"]) {
      const id = collector.startWorkflowTracking({ workflowType: name, providerName: name });
      collector.updateWorkflowMetrics(id, { tokenUsage: JSON.parse(`{"${name}": 10}`) });
      collector.finishWorkflowTracking(id);
    }
    const { workflowTypes, providers, totalTokens } = collector.getWorkflowStats();
    expect(new Map(Object.entries(workflowTypes))).toEqual(
      new Map([
        ["__proto__", 1],
        ["constructor", 1],
        ["toString", 1],
      ]),
    );
    expect(Object.keys(providers)).toHaveLength(3);
    expect(totalTokens).toBe(30);
  });
});
