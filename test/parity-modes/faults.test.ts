import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import {
  Annotation,
  Command,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { audit } from "@graphtap/audit";
import { composition } from "@graphtap/composition";
import { createStack, definePlugin, deny, hooks, type PluginApi, transform } from "@graphtap/langgraph";
import { metrics } from "@graphtap/metrics";
import { fakeClock, recordHooks, scriptedModel, type ScriptedModel, scriptedTool } from "@graphtap/testkit";
import { createAgent, createMiddleware } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
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

it("a model's failure keeps its code through langchain's middleware", async () => {
  const { stack, seen, lines } = await watched();
  const limited = Object.assign(new Error("slow down"), { lc_error_code: "MODEL_RATE_LIMIT" });
  const model = scriptedModel([{ throw: limited }]);
  const passing = (name: string) => createMiddleware({ name, wrapModelCall: (request, handler) => handler(request) });
  const agent = stack.wrap(createAgent({ model, tools: [], middleware: [passing("Outer"), passing("Inner")] }));
  await expect(agent.invoke({ messages: [new HumanMessage("?")] })).rejects.toThrow("slow down");
  expect(ends(lines())).toEqual(["model.end error MODEL_RATE_LIMIT", "run.end error MODEL_RATE_LIMIT"]);
  expect(seen.of(hooks.run.error).map(({ value }) => value.code)).toEqual(["MODEL_RATE_LIMIT"]);
  expect(stack.get(metrics).report().errors).toBe(1);
});

it("a model that is refused is a refusal through langchain's middleware", async () => {
  const { stack, lines } = await watched(
    tapping((api) => api.tap(hooks.model.authorize, () => deny("NO_MODEL", "No."))),
  );
  const model = stack.wrapModel(scriptedModel([{ say: "never" }]));
  const passing = createMiddleware({ name: "Passing", wrapModelCall: (request, handler) => handler(request) });
  const agent = stack.wrap(createAgent({ model, tools: [], middleware: [passing] }));
  await expect(agent.invoke({ messages: [new HumanMessage("?")] })).rejects.toThrow("NO_MODEL");
  expect(ends(lines())).toEqual(["run.end denied NO_MODEL"]);
  expect(stack.get(metrics).report()).toMatchObject({ errors: 0, runs: { denied: 1 } });
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

const tapping = (setup: (api: PluginApi) => void) =>
  definePlugin({ name: "test-tapping", version: "1.0.0", identity: "none", setup })();

describe("what a model's reply cost counts", () => {
  const modes = {
    invoke: (graph: { invoke(input: object): Promise<unknown> }) => graph.invoke({ messages: [] }),
    stream: async (graph: { stream(input: object, config: object): Promise<AsyncIterable<unknown>> }) => {
      for await (const _ of await graph.stream({ messages: [] }, { streamMode: "messages" }));
    },
  };
  const spent = { input: 10, output: 5, total: 15, cacheRead: null, cacheWrite: null, reasoning: null };

  it.each(["invoke", "stream"] as const)("when a filter withholds it: %s", async (mode) => {
    const { stack, seen } = await watched(
      tapping((api) =>
        api.tap(hooks.model.result, () => {
          throw new Error("not to be shown");
        }),
      ),
    );
    const model = stack.wrapModel(scriptedModel([{ say: "a secret", ...USAGE }]));
    const graph = stack.wrap(chat(async () => ({ messages: [await model.invoke("?")] })));
    await expect(modes[mode](graph)).rejects.toThrow("RESULT_WITHHELD");
    expect(seen.of(hooks.model.end).map(({ value }) => [value.status, value.usage])).toEqual([["denied", spent]]);
    expect(seen.of(hooks.run.end).map(({ value }) => value.usage)).toEqual([spent]);
  });

  it.each(["invoke", "stream"] as const)("when a layer throws it away and asks again: %s", async (mode) => {
    const { stack, seen } = await watched(
      tapping((api) =>
        api.tap(hooks.model.call, async (call, next) => {
          const first = await next(call);
          if (first.kind === "stream") for await (const _ of first.chunks);
          return next(call);
        }),
      ),
    );
    const model = stack.wrapModel(scriptedModel([{ say: "a b", ...USAGE }], { whenDone: "repeat" }));
    await modes[mode](stack.wrap(chat(async () => ({ messages: [await model.invoke("?")] }))));
    const twice = { ...spent, input: 20, output: 10, total: 30 };
    expect(seen.of(hooks.model.end).map(({ value }) => value.usage)).toEqual([twice]);
  });

  it.each(["invoke", "stream"] as const)("not twice when a layer answers instead: %s", async (mode) => {
    const usage_metadata = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    const message = Object.assign(new AIMessage("instead"), { usage_metadata });
    const { stack, seen } = await watched(
      tapping((api) =>
        api.tap(hooks.model.call, async () => ({
          kind: "message",
          result: { generations: [{ text: "instead", message }] },
        })),
      ),
    );
    const model = stack.wrapModel(scriptedModel([{ say: "never" }]));
    await modes[mode](stack.wrap(chat(async () => ({ messages: [await model.invoke("?")] }))));
    expect(seen.of(hooks.model.end).map(({ value }) => value.usage)).toEqual([spent]);
  });
});

it("a consumer who leaves at the interrupt leaves a run that paused, and its resume knows it", async () => {
  const { stack, seen, lines } = await watched();
  const asking = new StateGraph(State)
    .addNode("ask", () => ({ log: [interrupt("go on?") as string] }))
    .addEdge(START, "ask")
    .compile({ checkpointer: new MemorySaver() });
  const graph = stack.wrap(asking);
  const thread = { configurable: { thread_id: "asked" } };
  for await (const chunk of await graph.stream({}, { ...thread, streamMode: "updates" }))
    if ("__interrupt__" in chunk) break;
  await graph.invoke(new Command({ resume: "yes" }), thread);
  expect(ends(lines())).toEqual(["run.pause", "run.end paused", "run.end ok"]);
  const [paused] = seen.of(hooks.run.start);
  expect(seen.of(hooks.run.resume).map(({ value }) => value.resumedFrom)).toEqual([paused?.value.runId]);
});

describe("a run that is aborted while something of it is judged", () => {
  /** Takes its time, and says how many of its holds are out. */
  const slow = (
    tap: "run.input" | "run.admit" | "model.authorize" | "model.admit" | "tool.authorize" | "tool.admit",
  ) => {
    let reached = (): void => {};
    const begun = new Promise<void>((resolve) => (reached = resolve));
    let open = (): void => {};
    const released = new Promise<void>((resolve) => (open = resolve));
    const out = { holds: 0 };
    const wait = async (): Promise<void> => {
      reached();
      await released;
    };
    const hold = async () => {
      await wait();
      out.holds++;
      return { settle: () => void out.holds--, release: () => void out.holds-- };
    };
    const plugin = tapping((api) => {
      if (tap === "run.input") api.tap(hooks.run.input, async () => (await wait(), deny("NO", "No.")));
      if (tap === "run.admit") api.tap(hooks.run.admit, hold);
      if (tap === "model.authorize") api.tap(hooks.model.authorize, wait);
      if (tap === "model.admit") api.tap(hooks.model.admit, hold);
      if (tap === "tool.authorize") api.tap(hooks.tool.authorize, wait);
      if (tap === "tool.admit") api.tap(hooks.tool.admit, hold);
    });
    return { plugin, begun, open, out };
  };

  it.each(["run.input", "run.admit", "model.authorize", "model.admit", "tool.authorize", "tool.admit"] as const)(
    "begins nothing more, tells of nothing more, and gives back what it took: %s",
    async (tap) => {
      const { plugin, begun, open, out } = slow(tap);
      const { stack, seen, lines, over } = await watched(plugin);
      const search = scriptedTool("search", "found");
      const raw = scriptedModel([
        { call: { name: "search" }, ...USAGE },
        { say: "found", ...USAGE },
      ]);
      const model = stack.wrapModel(raw);
      const graph = stack.wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("agent", async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }))
          .addNode("tools", new ToolNode([search]))
          .addEdge(START, "agent")
          .addConditionalEdges("agent", toolsCondition)
          .addEdge("tools", "agent")
          .compile(),
      );
      const gone = new AbortController();
      const run = graph.invoke({ messages: [] }, { signal: gone.signal });
      await begun;
      gone.abort();
      await expect(run).rejects.toThrow("abort");
      await over();
      open();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      const after = lines().slice(lines().findIndex((line) => line.startsWith("run.end")));
      expect(after.filter((line) => !/^node\.end .* late$/.test(line))).toEqual(["run.end cancelled ABORTED"]);
      expect([raw.callCount, search.callCount]).toEqual([tap.startsWith("tool") ? 1 : 0, 0]);
      expect(out.holds).toBe(0);
      expect(new Set(seen.events().map(({ context }) => context?.runId)).size).toBe(1);
      expect(stack.inspect().heldEpochs).toBe(0);
    },
  );

  /** Has an `invoke` of its own, which asks no signal. */
  const deaf = (ran: unknown[]) => ({
    name: "deaf",
    schema: z.object({}),
    invoke: async (call: { id?: string }) => {
      ran.push(call);
      return new ToolMessage({ content: "done", tool_call_id: call.id ?? "" });
    },
  });
  it.each(["model.authorize", "model.admit"] as const)(
    "asks no model, where the answer comes right after the abort: %s",
    async (tap) => {
      const { plugin, begun, open, out } = slow(tap);
      const { stack, lines } = await watched(plugin);
      const raw = scriptedModel([{ say: "late", ...USAGE }]);
      const gone = new AbortController();
      const run = stack.wrapModel(raw).invoke("hi", { signal: gone.signal });
      await begun;
      gone.abort();
      open();
      await expect(run).rejects.toThrow("abort");
      expect([raw.callCount, out.holds]).toEqual([0, 0]);
      expect(lines().filter((line) => line.startsWith("model."))).toEqual([]);
    },
  );

  it.each(["tool.authorize", "tool.admit"] as const)(
    "runs no tool that would not ask, where the answer comes right after the abort: %s",
    async (tap) => {
      const call = { name: "deaf", args: {}, id: "c1", type: "tool_call" } as const;
      for (const way of ["node", "direct"] as const) {
        const { plugin, begun, open, out } = slow(tap);
        const { stack, lines } = await watched(plugin);
        const ran: unknown[] = [];
        const graph = stack.wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("tools", new ToolNode([deaf(ran) as never]))
            .addEdge(START, "tools")
            .compile(),
        );
        const gone = new AbortController();
        const input = { messages: [new AIMessage({ content: "", tool_calls: [call] })] };
        const config = { signal: gone.signal };
        const run =
          way === "node"
            ? graph.invoke(input, config)
            : (stack.wrapTool(deaf(ran) as never) as ReturnType<typeof deaf>).invoke(
                call,
                ...([config] as unknown as []),
              );
        await begun;
        gone.abort();
        open();
        await expect(run).rejects.toThrow("abort");
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        expect(ran, way).toEqual([]);
        expect(out.holds, way).toBe(0);
        expect(
          lines().filter((line) => line.startsWith("tool.")),
          way,
        ).toEqual([]);
      }
    },
  );
});
