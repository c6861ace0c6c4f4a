import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import type { BaseMessage } from "@langchain/core/messages";
import { createStack, hooks, LazyToolLoader, perf, security, StateCompressor, WorkflowCache } from "graphtap";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ask, calling, HOUR, keeper, shelf, START } from "./parts.js";

const keep = keeper();
function desk(options: Parameters<typeof perf>[0] = {}) {
  const clock = fakeClock(START);
  const stack = keep(createStack({ name: "desk", plugins: [perf(options)], clock }));
  const { workflows: workflowCache, tools: lazyToolLoader, compressor } = stack.get(perf);
  return { clock, stack, workflowCache, lazyToolLoader, compressor };
}
const described = (description: string) => ({ description, schema: z.looseObject({}) });

describe("TestWorkflowPerformance", () => {
  it("runs the document's usage example", async () => {
    const { stack, workflowCache, lazyToolLoader } = desk();
    const llm = scriptedModel(() => ({ say: "ok" }));
    const retriever = shelf("a text");
    const workflowConfig = { llm, retriever, enableMemory: true };
    const recipe = { providerName: "openai", workflowType: "rag", config: workflowConfig };
    // Check cache first
    const cachedWorkflow = workflowCache.get(recipe);
    expect(cachedWorkflow).toBe(null);
    // Create and cache workflow
    const workflow = await stack.createWorkflow({ mode: "rag", ...workflowConfig });
    expect(workflowCache.put({ ...recipe, workflow })).toBe(true);
    expect(workflowCache.get({ ...recipe, config: { ...workflowConfig } })).toBe(workflow);

    lazyToolLoader.register("calculator", async () => scriptedTool("calculator", "4"));
    lazyToolLoader.register("web_search", async () => scriptedTool("web_search", "found"));
    // Lazy load tools
    const calculator = await lazyToolLoader.getTool("calculator");
    const requiredTools = await lazyToolLoader.getTools(["calculator", "web_search"]);
    expect(calculator).toMatchObject({ name: "calculator" });
    expect(requiredTools.tools.map((tool) => (tool as { name?: string }).name)).toEqual(["calculator", "web_search"]);
    expect(requiredTools).toMatchObject({ complete: true, missing: [], failed: [] });
  });

  it("caches at creation by itself: the second of the same is not compiled", async () => {
    const { stack, workflowCache, clock } = desk();
    const llm = scriptedModel(() => ({ say: "ok" }));
    const spec = { llm, name: "support", enableMemory: true };
    const [first, second] = [await stack.createWorkflow(spec), await stack.createWorkflow(spec)];
    expect(second.nodes).toBe(first.nodes);
    expect(workflowCache.stats()).toMatchObject({ hits: 1, misses: 1, builds: { count: 1 }, entries: 1 });
    clock.advance(HOUR);
    expect((await stack.createWorkflow(spec)).nodes).not.toBe(first.nodes);
    expect(workflowCache.stats()).toMatchObject({ misses: 2, stale: 1 });
  });

  it("has the document's bounds: 100 workflows, an hour", () => {
    const cache = new WorkflowCache();
    for (let n = 0; n < 101; n++)
      cache.put({ providerName: "openai", workflowType: "plain", config: { n }, workflow: { n } });
    expect(cache.stats()).toMatchObject({ maxEntries: 100, ttlMs: HOUR, entries: 100, evictions: { entries: 1 } });
  });

  it("loads a tool at its first call, under the permissions of any other", async () => {
    const clock = fakeClock(START);
    const stack = keep(createStack({ plugins: [perf(), security()], clock }));
    const loader = stack.get(perf).tools;
    loader.register("calculator", async () => scriptedTool("calculator", "4"), described("Adds."));
    loader.register("file_manager", async () => scriptedTool("file_manager", "3 files"), described("Lists files."));
    stack.get(security).grantToolPermission({ userId: "user123", toolName: "calculator", permissionLevel: "write" });
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(calling("calculator", "file_manager")),
      tools: [loader.lazy("calculator"), loader.lazy("file_manager")],
    });
    const { messages } = await workflow.invoke(ask("go"), stack.as({ userId: "user123", conversationId: "conv456" }));
    expect(messages.slice(-3, -1).map(({ text }) => text.slice(0, 22))).toEqual(["4", "PERMISSION_NOT_GRANTED"]);
    expect([loader.isLoaded("calculator"), loader.isLoaded("file_manager")]).toEqual([true, false]);
  });

  it("compresses a long conversation for the model and keeps it in the state", async () => {
    const { stack, compressor } = desk({ compression: { maxTokens: 400, summarize: () => "They spoke of refunds." } });
    const llm = scriptedModel(() => ({ say: "fine ".repeat(20) }));
    const workflow = await stack.createWorkflow({
      llm,
      systemMessage: "Be kind.",
      enableMemory: true,
      memoryWindow: 500,
    });
    const conv456 = stack.as({ userId: "user123", conversationId: "conv456" });
    for (let turn = 0; turn < 60; turn++) await workflow.invoke(ask(`question ${turn}`), conv456);
    for (const { messages } of llm.calls) expect(compressor?.countTokens(messages)).toBeLessThanOrEqual(400);
    const sent = llm.calls.at(-1)?.messages.map(({ text }) => text) ?? [];
    expect([sent[0], sent.at(-1)]).toEqual(["Be kind.", "question 59"]);
    expect(sent[1]).toContain("They spoke of refunds.");
    expect((await workflow.getState(conv456)).values).toMatchObject({ messages: { length: 120 } });
    expect(compressor?.stats().summaries.made).toBeLessThan(20);
  });

  it("tells hit and miss rates, load times, compile times, compression and memory to the system's dashboard", async () => {
    const { stack, lazyToolLoader } = desk({ compression: { maxTokens: 400 } });
    const llm = scriptedModel(() => ({ say: "ok" }));
    for (let n = 0; n < 4; n++) await stack.createWorkflow({ llm });
    lazyToolLoader.register("calculator", async () => scriptedTool("calculator", "4"));
    await lazyToolLoader.preload();
    const [panel] = await stack.call(hooks.dashboard.collect, { kind: "system" });
    expect(panel).toMatchObject({
      value: {
        id: "performance",
        data: {
          cache: { hitRate: 0.75, missRate: 0.25, builds: { count: 1, p50Ms: 0, p95Ms: 0 } },
          tools: { loads: 1, loadMs: { p50: 0, p95: 0 }, tools: [{ name: "calculator", loaded: true, lastLoadMs: 0 }] },
          compression: { compressed: 0, maxTokens: 400 },
          memory: { last: { rssBytes: expect.any(Number) as number }, windows: [{ samples: 1 }, {}, {}, {}] },
        },
      },
    });
    const user = { kind: "user", userId: "user123", tenantId: null } as const;
    expect(await stack.call(hooks.dashboard.collect, user)).toMatchObject([
      { value: { data: { compression: { compressed: 0, tokensBefore: 0, tokensAfter: 0, dropped: 0 } } } },
    ]);
  });

  it("each part works without a stack", async () => {
    const loader = new LazyToolLoader();
    loader.register("calculator", () => scriptedTool("calculator", "4"));
    expect(await loader.getTool("calculator")).toMatchObject({ name: "calculator" });
    const compressor = new StateCompressor({ maxTokens: 50 });
    const { messages } = await compressor.compress(
      Array.from({ length: 40 }, (_, n) => ({
        type: n % 2 === 0 ? "human" : "ai",
        content: `line ${n}`,
        text: "",
      })) as never,
    );
    expect(compressor.countTokens(messages as readonly BaseMessage[])).toBeLessThanOrEqual(50);
    await loader.dispose();
  });
});
