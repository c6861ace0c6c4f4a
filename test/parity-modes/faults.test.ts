import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { Annotation, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { audit } from "@graphtap/audit";
import { composition } from "@graphtap/composition";
import { createStack, definePlugin, hooks, transform } from "@graphtap/langgraph";
import { metrics } from "@graphtap/metrics";
import { fakeClock, recordHooks, scriptedModel, type ScriptedModel, scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { label, lineOf } from "./record.js";

const USAGE = { usage: { input: 10, output: 5 } };
const State = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
type Work = (state: unknown, config: { signal?: AbortSignal }) => unknown;
const twoSteps = (options: object = {}, first: Work = () => ({ log: ["a"] })) =>
  new StateGraph(State)
    .addNode("a", first as never)
    .addNode("b", () => ({ log: ["b"] }))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .compile(options);
const chat = (work: Work) =>
  new StateGraph(MessagesAnnotation)
    .addNode("chat", work as never)
    .addEdge(START, "chat")
    .compile();

async function watched(...plugins: readonly ReturnType<ReturnType<typeof definePlugin>>[]) {
  const clock = fakeClock();
  const stack = createStack({ name: "faults", clock, ungated: "report", plugins: [metrics(), ...plugins] });
  const seen = recordHooks(stack);
  await seen.ready;
  /** An aborted run ends when what heeds the abort has had its turn. */
  const over = async () => {
    while (seen.of(hooks.run.end).length === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const lines = () => seen.events().map(({ hook, value, context }) => label(lineOf(hook, value, context)));
  return { stack, seen, clock, lines, over };
}
const ends = (lines: readonly string[]) => lines.filter((line) => /^(run|model)\.end|^run\.pause/.test(line));

describe("a time-out is told as one, whatever LangGraph throws for it", () => {
  const heeding: Work = (_state, { signal }) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  const deaf: Work = () => new Promise((resolve) => setTimeout(resolve, 40, {}));
  const stepping = (work: Work) => Object.assign(twoSteps({}, work), { stepTimeout: 10 });

  it.each([
    ["the run's, a node that heeds it", () => twoSteps({}, heeding), { timeout: 10 }],
    ["the run's, a node that does not", () => twoSteps({}, deaf), { timeout: 10 }],
    ["a step's, a node that heeds it", () => stepping(heeding), {}],
    ["a step's, a node that does not", () => stepping(deaf), {}],
  ])("%s", async (_name, make, config) => {
    const { stack, seen, over } = await watched();
    await expect(stack.wrap(make()).invoke({}, config)).rejects.toThrow(/abort/i);
    await over();
    expect(seen.of(hooks.run.end).map(({ value }) => [value.status, value.code])).toEqual([["error", "TIMEOUT"]]);
    expect(seen.of(hooks.run.error).map(({ value }) => (value.error as Error).name)).toEqual(["TimeoutError"]);
    const { errors } = stack.get(metrics).report();
    const { errorsByCategory } = stack.get(metrics).getLiveStats().windows["1m"];
    expect([errors, errorsByCategory]).toEqual([1, { timeout: 1 }]);
  });

  it("is one failure where a model hangs", async () => {
    const { stack, over } = await watched();
    const model = stack.wrapModel(scriptedModel([{ say: "half", hang: true }]));
    const graph = stack.wrap(chat(async () => ({ messages: [await model.invoke("?")] })));
    await expect(graph.invoke({ messages: [] }, { timeout: 20 })).rejects.toThrow(/abort/i);
    await over();
    const { errors } = stack.get(metrics).report();
    expect([errors, stack.get(metrics).getLiveStats().windows["1m"].errorsByCategory]).toEqual([1, { timeout: 1 }]);
  });
});

describe("what withConfig bound counts like what comes with the call", () => {
  const thread = { configurable: { thread_id: "bound" } };

  it.each([
    ["the thread, at a breakpoint of the graph", { interruptBefore: ["b"] }, thread],
    ["thread and breakpoint", {}, { ...thread, interruptBefore: ["b"] }],
  ])("%s", async (_name, options, config) => {
    const { stack, lines } = await watched();
    const graph = stack.wrap(twoSteps({ checkpointer: new MemorySaver(), ...options })).withConfig(config as object);
    await graph.invoke({});
    await graph.invoke(null, { interruptBefore: [] });
    expect(ends(lines())).toEqual(["run.pause", "run.end paused", "run.end ok"]);
  });

  it("a run from an older checkpoint is not paused for what lay behind that one", async () => {
    const { stack, lines } = await watched();
    const graph = stack.wrap(twoSteps({ checkpointer: new MemorySaver(), interruptAfter: ["a"] }));
    await graph.invoke({}, thread);
    await graph.invoke(null, thread);
    for await (const { config, next } of graph.getStateHistory(thread))
      if (next[0] === "b") await graph.invoke(null, config);
    expect(ends(lines()).at(-1)).toBe("run.end ok");
  });

  it("the stream modes, where the output is judged", async () => {
    const hiding = definePlugin({
      name: "test-hiding",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.run.output, () => transform({ value: { log: ["hidden"] } }));
      },
    });
    const { stack } = await watched(hiding());
    const graph = stack.wrap(twoSteps()).withConfig({ streamMode: ["updates", "values"] } as object);
    const chunks: unknown[] = [];
    for await (const chunk of await graph.stream({})) chunks.push(chunk);
    expect(chunks.at(-1)).toEqual(["values", { log: ["hidden"] }]);
  });
});

describe("a model's stream that nobody reads to its end", () => {
  const left =
    (model: ScriptedModel): Work =>
    async () => {
      for await (const chunk of await model.stream("?")) return { messages: [chunk] };
      return {};
    };
  const dropped =
    (model: ScriptedModel): Work =>
    async () => {
      await (await model.stream("?"))[Symbol.asyncIterator]().next();
      return {};
    };

  it.each(["governed", "observed"] as const)("ends before its run when its node leaves it: %s", async (coverage) => {
    const { stack, seen, lines } = await watched();
    const raw = scriptedModel([{ say: "one two three", ...USAGE }]);
    const model = coverage === "governed" ? stack.wrapModel(raw) : raw;
    await stack.wrap(chat(left(model))).invoke({ messages: [] });
    expect(ends(lines())).toEqual(["model.end cancelled ABORTED", "run.end ok"]);
    expect(seen.of(hooks.model.end).map(({ value }) => [value.coverage, value.usage, value.late])).toEqual([
      [coverage, null, false],
    ]);
    expect(stack.get(metrics).report().models).toMatchObject([{ calls: 1, cancelled: 1, unreported: 1 }]);
  });

  it("ends, and settles what it took, a minute after its run when it is dropped", async () => {
    const settled: unknown[] = [];
    const limit = definePlugin({
      name: "test-limit",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.model.admit, () => ({ settle: (actual) => void settled.push(actual) }));
      },
    });
    const { stack, clock, lines } = await watched(limit());
    const model = stack.wrapModel(scriptedModel([{ say: "one two three", ...USAGE }]));
    await stack.wrap(chat(dropped(model))).invoke({ messages: [] });
    expect(ends(lines())).toEqual(["run.end ok"]);
    clock.advance(60_000);
    expect(ends(lines())).toEqual(["run.end ok", "model.end cancelled ABORTED late"]);
    expect(settled).toEqual([{ status: "cancelled", usage: null }]);
  });
});

describe("a model that is closed over in a node", () => {
  it("tells the time to its first chunk where it streams, and none where it does not", async () => {
    const { stack, seen } = await watched();
    const model = scriptedModel([{ say: "one two" }], { whenDone: "repeat" });
    const graph = stack.wrap(chat(async () => ({ messages: [await model.invoke("?")] })));
    await graph.invoke({ messages: [] });
    for await (const _ of await graph.stream({ messages: [] }, { streamMode: "messages" }));
    expect(seen.of(hooks.model.end).map(({ value }) => [value.streaming, value.timeToFirstChunkMs])).toEqual([
      [false, null],
      [true, 0],
    ]);
  });
});

describe("an integration that keeps no usage_metadata", () => {
  class Older extends BaseChatModel {
    constructor(readonly tokens: object) {
      super({});
    }
    override _llmType(): string {
      return "older";
    }
    override async _generate() {
      const message = new AIMessage({ content: "hello", response_metadata: { tokenUsage: this.tokens } });
      return { generations: [{ text: "hello", message }] };
    }
  }

  it.each([
    ["counts", { promptTokens: 7, completionTokens: 3, totalTokens: 10 }, { input: 7, output: 3, total: 10 }],
    ["zeros for unknown", { promptTokens: 0, completionTokens: 0, totalTokens: 0 }, null],
  ])("%s", async (_name, tokens, usage) => {
    const { stack, seen } = await watched();
    const [governed, observed] = [stack.wrapModel(new Older(tokens)), new Older(tokens)];
    await stack
      .wrap(chat(async () => ({ messages: [await governed.invoke("?"), await observed.invoke("?")] })))
      .invoke({ messages: [] });
    const none = { cacheRead: null, cacheWrite: null, reasoning: null };
    const expected = usage === null ? null : { ...usage, ...none };
    expect(seen.of(hooks.model.end).map(({ value }) => value.usage)).toEqual([expected, expected]);
  });
});

describe("a tool that the model made up", () => {
  const asking = (model: ScriptedModel, options: object) =>
    new StateGraph(MessagesAnnotation)
      .addNode("agent", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addNode("tools", new ToolNode([scriptedTool("search", "found")], options))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile();

  it.each([
    ["that is told so", {}, "ok"],
    ["whose node throws", { handleToolErrors: false }, "error"],
  ])("is one failed call, of a model %s, and nobody allowed it", async (_name, options, status) => {
    const { stack, seen } = await watched(audit());
    const model = scriptedModel([
      { call: { name: "made_up" }, ...USAGE },
      { say: "sorry", ...USAGE },
    ]);
    await stack
      .wrap(asking(model, options))
      .invoke({ messages: [] })
      .catch(() => undefined);
    expect(seen.of(hooks.run.end).map(({ value }) => value.status)).toEqual([status]);
    expect(seen.of(hooks.tool.end).map(({ value }) => [value.name, value.status, value.code])).toEqual([
      ["made_up", "error", "TOOL_NOT_FOUND"],
    ]);
    const { errors, tools } = stack.get(metrics).report();
    expect([errors, tools.map(({ name, calls, failed }) => [name, calls, failed])]).toEqual([1, [["made_up", 1, 1]]]);
    expect(stack.get(audit).query({ event: "tool.allowed" }).entries).toEqual([]);
  });
});

describe("a member of a composite that takes too long", () => {
  it.each([
    ["fails with it", {}, ["model.end error MEMBER_TIMEOUT", "run.end error MEMBER_TIMEOUT"]],
    [
      "has a fallback",
      { fallback: { mode: "plain", llm: scriptedModel([{ say: "instead" }]) } },
      ["model.end error MEMBER_TIMEOUT", "model.end ok", "run.end ok"],
    ],
  ])("is one time-out where it %s", async (_name, more, told) => {
    const stack = createStack({ name: "faults", plugins: [metrics(), composition()] });
    const seen = recordHooks(stack);
    await seen.ready;
    const slow = { mode: "plain", llm: scriptedModel([{ say: "half", hang: true }]) } as const;
    const composite = await stack.get(composition).createCompositeWorkflow({
      name: "composite",
      workflows: [{ name: "slow", workflow: slow, timeoutMs: 20, ...(more as object) }],
    });
    const asked = { messages: [new HumanMessage("?")] };
    await stack
      .get(composition)
      .executeCompositeWorkflow(composite, asked, {})
      .catch(() => undefined);
    expect(ends(seen.events().map(({ hook, value, context }) => label(lineOf(hook, value, context))))).toEqual(told);
    const { errors } = stack.get(metrics).report();
    expect([errors, stack.get(metrics).getLiveStats().windows["1m"].errorsByCategory]).toEqual([1, { timeout: 1 }]);
  });
});

it("a node that throws what cannot be read has its end as well", async () => {
  const { stack, lines } = await watched();
  const unreadable = new Proxy(new Error("?"), {
    get() {
      throw new Error("not to be read");
    },
  });
  const graph = stack.wrap(
    chat(() => {
      throw unreadable;
    }),
  );
  await expect(graph.invoke({ messages: [] })).rejects.toThrow("not to be read");
  expect(lines()).toEqual([
    "run.start",
    "node.start chat",
    "node.error chat",
    "node.end chat error",
    "run.error",
    "run.end error",
  ]);
});
