import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { createStack, metrics } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, DAY, failure, HOUR, keeper, START } from "./parts.js";

const keep = keeper();
function collectorOf(options: Parameters<typeof metrics>[0] = {}) {
  const clock = fakeClock(START);
  return { clock, collector: keep(createStack({ plugins: [metrics(options)], clock })).get(metrics) };
}
const begin = {
  workflowType: "rag",
  userId: "user123",
  conversationId: "conv456",
  providerName: "openai",
  modelName: "gpt-4",
};

describe("TestWorkflowMetricsCollector", () => {
  it("runs the document's usage example", () => {
    const stack = keep(createStack({ plugins: [metrics()], clock: fakeClock(START) }));
    const workflowMetricsCollector = stack.get(metrics);

    // Start tracking
    const workflowId = workflowMetricsCollector.startWorkflowTracking({
      workflowType: "rag",
      userId: "user123",
      conversationId: "conv456",
      providerName: "openai",
      modelName: "gpt-4",
    });
    // Update metrics during execution
    workflowMetricsCollector.updateWorkflowMetrics(workflowId, {
      tokenUsage: { openai: 150 },
      toolCalls: 2,
      retrievalContextSize: 1200,
    });
    // Finish tracking
    const finalMetrics = workflowMetricsCollector.finishWorkflowTracking(workflowId, { userSatisfaction: 0.9 });
    // Get statistics
    const stats = workflowMetricsCollector.getWorkflowStats({ hours: 24 });

    expect(finalMetrics).toMatchObject({
      workflowId,
      workflowType: "rag",
      userId: "user123",
      conversationId: "conv456",
      status: "ok",
      models: [{ provider: "openai", model: "gpt-4", tokens: { total: 150 } }],
      toolCalls: 2,
      retrievalContextSize: 1200,
      userSatisfaction: 0.9,
    });
    expect(stats).toMatchObject({
      totalExecutions: 1,
      successRate: 1,
      totalTokens: 150,
      totalToolCalls: 2,
      errorCount: 0,
      workflowTypes: { rag: 1 },
      providers: { openai: 1 },
    });
  });

  it("follows a run from its start to its finish, and then keeps it", () => {
    const { collector } = collectorOf();
    const id = collector.startWorkflowTracking(begin);
    expect(collector.health).toMatchObject({ active: 1 });
    expect(collector.getWorkflowStats()).toMatchObject({ totalExecutions: 0 });
    collector.finishWorkflowTracking(id, { userSatisfaction: 0.9 });
    expect(collector.health).toMatchObject({ active: 0 });
    expect(collector.getWorkflowMetrics(id)).toMatchObject({ status: "ok", userSatisfaction: 0.9 });
    expect(collector.getWorkflowStats()).toMatchObject({ totalExecutions: 1 });
  });

  it("adds up five runs: time, share of successes, tokens, calls, types and providers", () => {
    const { clock, collector } = collectorOf();
    for (let run = 0; run < 5; run++) {
      const id = collector.startWorkflowTracking({
        ...begin,
        workflowType: run < 3 ? "rag" : "tools",
        providerName: run < 4 ? "openai" : "anthropic",
      });
      collector.updateWorkflowMetrics(id, { tokenUsage: { [run < 4 ? "openai" : "anthropic"]: 100 }, toolCalls: run });
      if (run === 4) collector.updateWorkflowMetrics(id, { error: new Error("x") });
      clock.advance((run + 1) * 1_000);
      collector.finishWorkflowTracking(id);
    }
    expect(collector.getWorkflowStats({ hours: 24 })).toMatchObject({
      totalExecutions: 5,
      successRate: 0.8,
      avgExecutionTimeMs: 3_000,
      minExecutionTimeMs: 1_000,
      maxExecutionTimeMs: 5_000,
      totalTokens: 500,
      tokens: { input: null, output: null, total: 500, cacheRead: null, cacheWrite: null, reasoning: null },
      totalToolCalls: 10,
      errorCount: 1,
      workflowTypes: { rag: 3, tools: 2 },
      providers: { openai: 4, anthropic: 1 },
    });
    expect(collector.getWorkflowStats({ workflowType: "tools" })).toMatchObject({
      totalExecutions: 2,
      totalToolCalls: 7,
    });
  });

  it("asks about a time and a user", () => {
    const { clock, collector } = collectorOf();
    const run = (userId: string) =>
      collector.finishWorkflowTracking(collector.startWorkflowTracking({ ...begin, userId }));
    run("user123");
    clock.advance(DAY - HOUR);
    run("user123");
    run("demo_user");
    clock.advance(2 * HOUR);
    expect(collector.getWorkflowStats({ hours: 24 }).totalExecutions).toBe(2);
    expect(collector.getWorkflowStats({ hours: 24, userId: "user123" }).totalExecutions).toBe(1);
    expect(collector.getWorkflowStats({ hours: 48, userId: "user123" }).totalExecutions).toBe(2);
    expect(collector.getWorkflowStats({ hours: 1 }).totalExecutions).toBe(0);
  });

  it("shows runs under way in reports, which statistics leave out", async () => {
    const stack = keep(createStack({ plugins: [metrics()] }));
    const collector = stack.get(metrics);
    const during: unknown[] = [];
    const llm = scriptedModel(() => {
      during.push(collector.report().runs.running, collector.getWorkflowStats().totalExecutions);
      return { say: "hi" };
    });
    await (await stack.createWorkflow({ llm })).invoke(ask("hello"), stack.as({ userId: "user123" }));
    expect(during).toEqual([1, 0]);
    expect(collector.report().runs).toMatchObject({ running: 0, ok: 1 });
    expect(collector.getWorkflowStats().totalExecutions).toBe(1);
  });

  it("counts each tool's calls, how they ended, and how long they took", async () => {
    const clock = fakeClock(START);
    const stack = keep(createStack({ plugins: [metrics()], clock }));
    const sums = scriptedTool("calculator", () => {
      clock.advance(20);
      return "4";
    });
    const tools = [sums, scriptedTool("web_search", new Error("no network"))];
    const llm = scriptedModel(calling("calculator", "web_search"));
    const workflow = await stack.createWorkflow({ mode: "tools", llm, tools });
    for (let run = 0; run < 3; run++) await workflow.invoke(ask("2 + 2?"), stack.as({ userId: "user123" }));
    const [first, second] = stack.get(metrics).report().tools;
    expect(first).toMatchObject({ name: "calculator", calls: 3, ok: 3, failed: 0, denied: 0 });
    expect(Math.abs((first?.p50Ms ?? 0) - 20)).toBeLessThanOrEqual(20 * 0.016);
    expect(second).toMatchObject({ name: "web_search", calls: 3, ok: 0, failed: 3, denied: 0 });
  });

  it("counts providers and models of a run apart", async () => {
    const stack = keep(createStack({ plugins: [metrics()] }));
    for (const [provider, model, input] of [
      ["openai", "gpt-4", 120],
      ["openai", "gpt-4-mini", 60],
      ["anthropic", "claude", 30],
    ] as const) {
      const llm = scriptedModel([{ say: "hi", usage: { input, output: 30 } }], { provider, model });
      await (await stack.createWorkflow({ llm })).invoke(ask("hello"), stack.as({ userId: "user123" }));
    }
    const { models } = stack.get(metrics).report();
    expect(new Map(models.map((row) => [`${row.provider}/${row.model}`, row.tokens.total]))).toEqual(
      new Map([
        ["openai/gpt-4", 150],
        ["openai/gpt-4-mini", 90],
        ["anthropic/claude", 60],
      ]),
    );
    expect(stack.get(metrics).getWorkflowStats().providers).toEqual({ openai: 2, anthropic: 1 });
  });

  it("keeps 10,000 runs and counts those it dropped", () => {
    const { collector } = collectorOf();
    for (let run = 0; run < 10_001; run++) collector.finishWorkflowTracking(collector.startWorkflowTracking(begin));
    expect(collector.getWorkflowStats().totalExecutions).toBe(10_000);
    expect(collector.health).toMatchObject({ active: 0, dropped: 1 });
  });

  it("refuses wrong figures by the name of the option, and changes nothing", async () => {
    const { collector } = collectorOf();
    const id = collector.startWorkflowTracking(begin);
    const error = await failure(
      Promise.resolve().then(() => collector.finishWorkflowTracking(id, { userSatisfaction: 90 })),
    );
    expect(error).toMatchObject({ code: "TRACKING_INVALID", message: expect.stringContaining("userSatisfaction") });
    expect(collector.getWorkflowMetrics(id)).toMatchObject({ status: "running", userSatisfaction: null });
  });
});
