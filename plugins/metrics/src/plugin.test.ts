import { readFile } from "node:fs/promises";
import { createStack, definePlugin, deny, hooks } from "@graphtap/langgraph";
import { fakeClock, type ModelScript, scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import type { StructuredToolInterface } from "@langchain/core/tools";
import { Command, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { afterEach, describe, expect, it, vi } from "vitest";
import { metrics } from "./index.js";

const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.dispose();
});
function stackOf(options: Parameters<typeof metrics>[0] = {}) {
  const clock = fakeClock();
  const stack = createStack({ name: "desk", plugins: [metrics(options)], clock });
  open.push(stack);
  return { stack, clock, collector: stack.get(metrics) };
}
const user = (content: string) => ({ messages: [{ role: "user", content }] });
const on = (thread_id: string) => ({ configurable: { thread_id } });
const usage = (input: number, output: number) => ({ input, output });

/** Model and tools in a loop. `model` is what the node calls: wrapped, it is governed; bare, it is only observed. */
function agent(
  model: { invoke(messages: never, config?: never): Promise<unknown> },
  tools: StructuredToolInterface[] = [],
) {
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({
      messages: [(await model.invoke(state.messages as never, config as never)) as never],
    }))
    .addNode("tools", new ToolNode(tools))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile({ checkpointer: new MemorySaver() });
}
const script: ModelScript = (messages): Step =>
  messages.at(-1)?.type === "human"
    ? { call: { name: "search", args: {} }, usage: usage(100, 7) }
    : { say: "a found answer", usage: usage(200, 9) };

describe("metrics, around a graph", () => {
  for (const coverage of ["governed", "observed"] as const)
    for (const way of ["invoke", "stream"] as const)
      it(`counts the tokens of a model that is ${coverage}, in ${way}`, async () => {
        const { stack, collector } = stackOf();
        const search = scriptedTool("search", "found");
        const model = scriptedModel(script);
        const graph = stack.wrap(agent(coverage === "governed" ? stack.wrapModel(model) : model, [search]));
        if (way === "invoke") await graph.invoke(user("q"), on("1"));
        else for await (const _ of await graph.stream(user("q"), { ...on("1"), streamMode: "messages" }));
        expect(collector.report()).toMatchObject({
          runs: { total: 1, ok: 1 },
          models: [
            {
              provider: "scripted",
              model: "script-1",
              calls: 2,
              ok: 2,
              unreported: 0,
              observed: coverage === "observed" ? 2 : 0,
              tokens: { input: 300, output: 16, total: 316 },
            },
          ],
          tools: [{ name: "search", calls: 1, ok: 1, denied: 0 }],
          errors: 0,
        });
        expect(collector.health).toMatchObject({ active: 0, dropped: 0, abandoned: 0, unmatched: 0 });
      });

  it("takes tokens that nobody reports for unknown", async () => {
    const { stack, collector } = stackOf();
    const model = stack.wrapModel(scriptedModel([{ say: "x", usage: null }]));
    await stack.wrap(agent(model)).invoke(user("q"), on("1"));
    expect(collector.report().models).toMatchObject([
      { calls: 1, unreported: 1, tokens: { input: null, output: null, total: null } },
    ]);
    expect(collector.getWorkflowStats().totalTokens).toBeNull();
  });

  it("counts a model's failure once, with its run", async () => {
    const { stack, collector } = stackOf();
    const error = Object.assign(new RangeError("too long"), { lc_error_code: "CONTEXT_OVERFLOW" });
    for (const wrap of [true, false]) {
      const model = scriptedModel([{ throw: error }]);
      const graph = stack.wrap(agent(wrap ? stack.wrapModel(model) : model));
      await expect(graph.invoke(user("q"), on("1"))).rejects.toThrow("too long");
    }
    expect(collector.report()).toMatchObject({
      errors: 2,
      runs: { total: 2, error: 2, ok: 0 },
      models: [{ calls: 2, failed: 2 }],
    });
    expect(collector.getWorkflowStats()).toMatchObject({ successRate: 0, errorCount: 2 });
  });

  it("counts a tool's failure once, also when the run goes on", async () => {
    const { stack, collector } = stackOf();
    const model = stack.wrapModel(scriptedModel(script));
    await stack.wrap(agent(model, [scriptedTool("search", new Error("down"))])).invoke(user("q"), on("1"));
    expect(collector.report()).toMatchObject({
      errors: 1,
      runs: { ok: 1, error: 0 },
      tools: [{ calls: 1, failed: 1, ok: 0 }],
    });
  });

  it("counts the failure of a node once", async () => {
    const { stack, collector } = stackOf();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("bad", () => {
        throw new TypeError("bad node");
      })
      .addEdge(START, "bad")
      .compile();
    await expect(stack.wrap(graph).invoke(user("q"))).rejects.toThrow("bad node");
    expect(collector.report()).toMatchObject({ errors: 1, runs: { total: 1, error: 1 } });
  });

  it("counts a model call that a guard refuses as denied, and reports no tokens for it", async () => {
    const closed = definePlugin({
      name: "acme-closed",
      version: "1.0.0",
      setup: (api) => void api.tap(hooks.model.authorize, () => deny("CLOSED", "closed")),
    });
    const stack = createStack({ plugins: [metrics(), closed()] });
    open.push(stack);
    const graph = stack.wrap(agent(stack.wrapModel(scriptedModel([]))));
    await expect(graph.invoke(user("q"), stack.as({ userId: "alice", conversationId: "1" }))).rejects.toMatchObject({
      code: "CLOSED",
    });
    expect(stack.get(metrics).report()).toMatchObject({
      errors: 0,
      runs: { total: 1, denied: 1 },
      models: [{ provider: "scripted", calls: 1, denied: 1, failed: 0, unreported: 0, tokens: { total: null } }],
    });
  });

  it("takes aborts and streams that are left for cancelled, not for failed, and leaves no run open", async () => {
    const { stack, collector } = stackOf();
    const model = scriptedModel([{ hang: true }, { say: "a b c", usage: usage(1, 1) }]);
    const graph = stack.wrap(agent(stack.wrapModel(model)));
    const stop = new AbortController();
    const running = graph.invoke(user("q"), { ...on("1"), signal: stop.signal });
    await vi.waitFor(() => expect(model.calls).toHaveLength(1));
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    for await (const _ of await graph.stream(user("q"), { ...on("2"), streamMode: "messages" })) break;
    await stack.flush();
    expect(collector.report()).toMatchObject({ errors: 0, runs: { total: 2, cancelled: 2, error: 0, running: 0 } });
    expect(collector.health.active).toBe(0);
  });

  it("takes a pause for no failure, and records the resume as a run that continues it", async () => {
    const { stack, collector } = stackOf();
    const ask = scriptedTool("search", () => `answered ${String(interrupt("sure?"))}`);
    const graph = stack.wrap(agent(stack.wrapModel(scriptedModel(script)), [ask]));
    await graph.invoke(user("q"), on("1"));
    expect(collector.report()).toMatchObject({
      errors: 0,
      runs: { total: 1, paused: 1 },
      tools: [{ calls: 0, paused: 1, p50Ms: null }],
    });
    await graph.invoke(new Command({ resume: "yes" }), on("1"));
    expect(collector.report()).toMatchObject({
      errors: 0,
      runs: { total: 2, paused: 1, ok: 1 },
      tools: [{ calls: 1, ok: 1, paused: 1 }],
      tokens: { input: 300, output: 16 },
    });
  });

  it("counts a run inside a run as part of it: one run, its tokens once, its failure once", async () => {
    const { stack, collector } = stackOf();
    const inner = stack.wrap(
      agent(stack.wrapModel(scriptedModel([{ say: "in", usage: usage(5, 5) }, { throw: new Error("inner") }]))),
    );
    const outer = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("call", async () => (await inner.invoke(user("q"), on("inner"))) as never)
        .addEdge(START, "call")
        .compile({ checkpointer: new MemorySaver() }),
    );
    await outer.invoke(user("q"), on("outer"));
    expect(collector.report()).toMatchObject({
      runs: { total: 1, ok: 1 },
      models: [{ calls: 1 }],
      tokens: { input: 5, output: 5 },
    });
    await expect(outer.invoke(user("q"), on("outer"))).rejects.toThrow("inner");
    expect(collector.report()).toMatchObject({ errors: 1, runs: { total: 2, ok: 1, error: 1 } });
    expect(collector.getWorkflowStats()).toMatchObject({ totalExecutions: 2, errorCount: 1 });
    expect(collector.health).toMatchObject({ active: 0, unmatched: 0 });
  });

  it("records tools and models that are called by themselves", async () => {
    const { stack, collector } = stackOf();
    await stack.wrapTool(scriptedTool("search", "x")).invoke({});
    await stack.wrapModel(scriptedModel([{ say: "x", usage: usage(3, 4) }])).invoke("q");
    expect(collector.report()).toMatchObject({
      directCalls: 2,
      runs: { total: 0 },
      tools: [{ name: "search", calls: 1, ok: 1 }],
      tokens: { input: 3, output: 4 },
    });
    expect(collector.health).toMatchObject({ active: 0, dropped: 0, abandoned: 0, unmatched: 0 });
  });

  it("keeps 40 runs at a time apart, to the token", async () => {
    const { stack, collector } = stackOf();
    const model = scriptedModel((messages) => ({ say: "x", usage: usage(Number(messages.at(-1)?.text), 1) }));
    const graph = stack.wrap(agent(stack.wrapModel(model)));
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        graph.invoke(user(String(i)), stack.as({ userId: `u${i % 4}`, conversationId: String(i) })),
      ),
    );
    expect(collector.report().tokens).toMatchObject({ input: 780, output: 40 });
    expect(collector.report({ userId: "u3" })).toMatchObject({
      runs: { total: 10, ok: 10 },
      tokens: { input: 210, output: 10 },
    });
  });

  it("measures with the stack's clock", async () => {
    const { stack, clock, collector } = stackOf();
    const slow = scriptedTool("search", () => {
      clock.advance(250);
      return "x";
    });
    await stack.wrap(agent(stack.wrapModel(scriptedModel(script)), [slow])).invoke(user("q"), on("1"));
    expect(collector.report().tools[0]?.p50Ms).toBe(250);
    expect(collector.getWorkflowStats()).toMatchObject({
      avgExecutionTimeMs: 250,
      minExecutionTimeMs: 250,
      maxExecutionTimeMs: 250,
    });
    clock.advance(3_600_000);
    expect(collector.report({ hours: 1 }).runs.total).toBe(0);
  });

  it("keeps no more runs than it may", async () => {
    const { stack, collector } = stackOf({ maxHistory: 3 });
    const graph = stack.wrap(agent(stack.wrapModel(scriptedModel(() => ({ say: "x" })))));
    for (let i = 0; i < 5; i++) await graph.invoke(user("q"), on(String(i)));
    expect(collector.report()).toMatchObject({ runs: { total: 3 }, dropped: 2 });
  });

  it("carries the version of its package", async () => {
    const file = new URL("../package.json", import.meta.url);
    expect(metrics.version).toBe((JSON.parse(await readFile(file, "utf8")) as { version: string }).version);
  });

  it.each([{ maxHistory: 0 }, { maxActive: 1.5 }, { maxHistory: "10" }, { history: 10 }])(
    "refuses options %o",
    (options) => {
      expect(() => metrics(options as never)).toThrow("[PLUGIN_OPTIONS_INVALID]");
    },
  );
});
