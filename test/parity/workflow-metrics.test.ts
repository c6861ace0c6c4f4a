import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { createStack, metrics, type WorkflowMetrics } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, failure, keeper, START } from "./parts.js";

const keep = keeper();
const collectorOf = (clock = fakeClock(START)) => keep(createStack({ plugins: [metrics()], clock })).get(metrics);
const begin = {
  workflowType: "rag",
  userId: "user123",
  conversationId: "conv456",
  providerName: "openai",
  modelName: "gpt-4",
};
const unknown = { input: null, output: null, total: null, cacheRead: null, cacheWrite: null, reasoning: null };

/** One execution: what the document calls WorkflowMetrics. */
describe("TestWorkflowMetrics", () => {
  it("begins with what is known, and null where nothing is", () => {
    const collector = collectorOf();
    const id = collector.startWorkflowTracking(begin);
    const expected: WorkflowMetrics = {
      workflowId: id,
      rootId: id,
      resumedFrom: null,
      kind: "manual",
      workflowType: "rag",
      userId: "user123",
      service: null,
      tenantId: null,
      conversationId: "conv456",
      providerName: "openai",
      modelName: "gpt-4",
      workflowConfig: null,
      status: "running",
      code: null,
      startedAt: Date.parse(START),
      endedAt: null,
      executionTimeMs: null,
      timing: { modelMs: null, toolMs: null, retrievalMs: null, overheadMs: null, timeToFirstTokenMs: null },
      models: [],
      tokenUsage: unknown,
      toolCalls: 0,
      errors: [],
      errorCount: 0,
      retrievalContextSize: null,
      memoryUsageMb: null,
      userSatisfaction: null,
    };
    expect(collector.getWorkflowMetrics(id)).toEqual(expected);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("adds tokens per provider, adds tool calls, and replaces sizes", () => {
    const collector = collectorOf();
    const id = collector.startWorkflowTracking(begin);
    collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 100 }, toolCalls: 1, retrievalContextSize: 900 });
    const after = collector.updateWorkflowMetrics(id, {
      tokenUsage: { openai: 50, anthropic: 7 },
      toolCalls: 1,
      retrievalContextSize: 1200,
      memoryUsageMb: 12.5,
    });
    expect(after?.models.map(({ provider, model, tokens }) => [provider, model, tokens.total])).toEqual([
      ["openai", "gpt-4", 150],
      ["anthropic", null, 7],
    ]);
    expect(after).toMatchObject({ toolCalls: 2, retrievalContextSize: 1200, memoryUsageMb: 12.5 });
    expect(after?.tokenUsage.total).toBe(157);
  });

  it("is an error once one was reported, with its code and class, and never its message", () => {
    const collector = collectorOf();
    const id = collector.startWorkflowTracking(begin);
    const error = Object.assign(new TypeError("Anna's card is 4111"), { code: "ECONNRESET" });
    collector.updateWorkflowMetrics(id, { error });
    collector.updateWorkflowMetrics(id, { error });
    const final = collector.finishWorkflowTracking(id);
    expect(final).toMatchObject({
      status: "error",
      errorCount: 1,
      errors: [{ where: "manual", name: "rag", code: "ECONNRESET", type: "TypeError" }],
    });
    expect(JSON.stringify(final)).not.toContain("4111");
  });

  it("is finished with its duration by the monotonic clock, whatever happens to the wall clock", () => {
    const clock = fakeClock(START);
    const collector = collectorOf(clock);
    const id = collector.startWorkflowTracking(begin);
    clock.advance(2_500);
    clock.jump(-60_000);
    expect(collector.finishWorkflowTracking(id)).toMatchObject({ status: "ok", executionTimeMs: 2_500 });
  });

  it("keeps the configuration of the workflow", () => {
    const collector = collectorOf();
    const config = { enableMemory: true, memoryWindow: 20, hasRetriever: true, hasTools: false };
    const id = collector.startWorkflowTracking({ ...begin, config });
    expect(collector.finishWorkflowTracking(id)?.workflowConfig).toEqual(config);
  });

  it("is made for every run of a graph, by nobody's call", async () => {
    const clock = fakeClock(START);
    const stack = keep(createStack({ plugins: [metrics()], clock }));
    const llm = scriptedModel(calling("calculator", "web_search"), { provider: "openai", model: "gpt-4" });
    const tools = [scriptedTool("calculator", "4"), scriptedTool("web_search", "3 pages")];
    const workflow = await stack.createWorkflow({ name: "research", mode: "tools", llm, tools });
    await workflow.invoke(ask("2 + 2?"), stack.as({ userId: "user123", conversationId: "conv456" }));
    const report = stack.get(metrics).report({ userId: "user123" });
    expect(report.runs).toMatchObject({ total: 1, ok: 1, running: 0 });
    expect(report.models).toMatchObject([{ provider: "openai", model: "gpt-4", calls: 2, ok: 2 }]);
    expect(report.tools).toMatchObject([
      { name: "calculator", calls: 1, ok: 1 },
      { name: "web_search", calls: 1, ok: 1 },
    ]);
  });

  it("fails as a run when the model fails, and says where", async () => {
    const stack = keep(createStack({ plugins: [metrics()] }));
    const llm = scriptedModel([{ throw: new Error("no model today") }], { provider: "openai", model: "gpt-4" });
    const workflow = await stack.createWorkflow({ llm });
    const error = await failure(workflow.invoke(ask("hello"), stack.as({ userId: "user123" })));
    expect(error.message).toContain("no model today");
    expect(stack.get(metrics).report()).toMatchObject({
      runs: { error: 1, total: 1 },
      models: [{ failed: 1 }],
      errors: 1,
    });
  });
});
