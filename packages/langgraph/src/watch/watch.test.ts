import { scriptedModel } from "@graphtap/testkit";
import { AIMessage, type AIMessageChunk } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { Annotation, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { StructuredTool, tool } from "@langchain/core/tools";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { allow, createStack, DeniedError, definePlugin, hooks, type PluginApi } from "../index.js";
import { WatchManager } from "./manager.js";

const watching = (setup: (api: PluginApi) => void) =>
  createStack({ plugins: [definePlugin({ name: "watching", version: "1.0.0", identity: "none", setup })()] });
const ends = () => {
  const seen: { name: string | null; tokens: number | null | undefined }[] = [];
  const stack = watching((api) => {
    api.tap(hooks.model.end, (end) => void seen.push({ name: end.model, tokens: end.usage?.total }));
    api.tap(hooks.tool.end, (end) => void seen.push({ name: end.name, tokens: undefined }));
  });
  return { stack, seen };
};

class Tracer extends BaseCallbackHandler {
  override name = "tracer";
  override awaitHandlers = true;
  readonly runs: string[] = [];
  override handleChainStart(
    _chain: unknown,
    _inputs: unknown,
    _runId: string,
    _runType?: string,
    _tags?: string[],
    _metadata?: unknown,
    runName?: string,
  ): void {
    this.runs.push(runName ?? "?");
  }
}

describe("the watcher of what a node calls on its own", () => {
  const chat = () => {
    const model = scriptedModel([{ say: "hello there", usage: { input: 3, output: 4 } }], { whenDone: "repeat" });
    return new StateGraph(MessagesAnnotation)
      .addNode("chat", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addEdge(START, "chat")
      .compile();
  };

  it("sees a closed-over model and leaves its message without a name, as where nobody listens", async () => {
    const { stack, seen } = ends();
    const plain = await chat().invoke({ messages: [] });
    const watched = await stack.wrap(chat()).invoke({ messages: [] });
    expect(seen).toEqual([{ name: "script-1", tokens: 7 }]);
    for (const { messages } of [plain, watched]) expect(messages[0]?.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("leaves the name that a message has under a tracer", async () => {
    const { stack, seen } = ends();
    const { messages } = await stack.wrap(chat()).invoke({ messages: [] }, { callbacks: [new Tracer()] });
    expect(messages[0]?.id).toMatch(/^run-/);
    expect(seen).toHaveLength(1);
  });

  it("sees what a tool that a node called calls in turn", async () => {
    const { stack, seen } = ends();
    const model = scriptedModel([{ say: "inner", usage: { input: 1, output: 1 } }], { whenDone: "repeat" });
    const ask = tool(async (_args, config) => (await model.invoke("?", config)).text, {
      name: "ask",
      description: "Asks.",
      schema: z.object({}),
    });
    const graph = new StateGraph(Annotation.Root({ out: Annotation<unknown>() }))
      .addNode("node", async (_state, config) => ({ out: await ask.invoke({}, config) }))
      .addEdge(START, "node")
      .compile();
    expect(await stack.wrap(graph).invoke({})).toEqual({ out: "inner" });
    expect(seen.map(({ name }) => name)).toEqual(["script-1", "ask"]);
  });

  it("is told of no governed model", async () => {
    const { stack, seen } = ends();
    const told = vi.spyOn(WatchManager.prototype, "handleChatModelStart");
    try {
      // Like the clients of providers it has an `invoke` of its own, which adds what was bound to it.
      const model = stack.wrapModel(scriptedModel([{ say: "hello" }]));
      const graph = new StateGraph(MessagesAnnotation)
        .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
        .addEdge(START, "agent")
        .compile();
      await stack.wrap(graph).invoke({ messages: [] });
      expect(told.mock.calls.length).toBe(0);
      expect(seen.map(({ name }) => name)).toEqual(["script-1"]);
    } finally {
      told.mockRestore();
    }
  });

  it("sees what the own code of a governed model calls after it", async () => {
    const { stack, seen } = ends();
    const other = scriptedModel([{ say: "second" }]);
    class Twice extends FakeListChatModel {
      override async invoke(...[input, options]: Parameters<FakeListChatModel["invoke"]>): Promise<AIMessageChunk> {
        const first = await super.invoke(input, options);
        await other.invoke(input, options as object);
        return first;
      }
    }
    const model = stack.wrapModel(new Twice({ responses: ["first"] }));
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("node", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addEdge(START, "node")
      .compile();
    await stack.wrap(graph).invoke({ messages: [] });
    expect(seen.map(({ name }) => name)).toEqual([null, "script-1"]);
  });

  it("prints nothing when it refuses: who called it gets the refusal", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    try {
      const stack = watching((api) => {
        api.tap(hooks.tool.authorize, () => allow());
        api.tap(hooks.model.authorize, () => allow());
      });
      const drop = tool(async () => "dropped", { name: "drop", description: "Drops.", schema: z.object({}) });
      const model = scriptedModel([{ say: "never" }]);
      const refused = async (call: Promise<unknown>) =>
        call.then(String, (error: unknown) => (DeniedError.isDenied(error) ? error.code : String(error)));
      const graph = new StateGraph(Annotation.Root({ out: Annotation<unknown>() }))
        .addNode("node", async (_state, config) => ({
          out: [await refused(drop.invoke({}, config)), await refused(model.invoke("?", config))],
        }))
        .addEdge(START, "node")
        .compile();
      expect(await stack.wrap(graph).invoke({})).toEqual({ out: ["TOOL_UNGUARDED", "MODEL_NOT_CONTROLLED"] });
      expect(printed.mock.calls).toEqual([]);
    } finally {
      printed.mockRestore();
    }
  });

  it("names a tool that announces itself without a name after its class", async () => {
    class SearchArticles extends StructuredTool {
      override name = "search";
      override description = "Searches.";
      override schema = z.object({});
      override async _call(): Promise<string> {
        return "found";
      }
    }
    const { stack, seen } = ends();
    const search = new SearchArticles();
    const graph = new StateGraph(Annotation.Root({ out: Annotation<unknown>() }))
      .addNode("node", async (_state, config) => ({ out: await search.invoke({}, config) }))
      .addEdge(START, "node")
      .compile();
    await stack.wrap(graph).invoke({});
    expect(seen.map(({ name }) => name)).toEqual(["SearchArticles"]);
  });

  it("calls no tool like the node or the tool whose code hands its config on, in graphs that nobody wrapped too", async () => {
    const { stack, seen } = ends();
    const named = (name: string, body: (config: object) => Promise<unknown> = async () => "done") =>
      tool(async (_args, config) => body(config), { name, description: "Works.", schema: z.object({}) });
    const deepest = named("deepest");
    const nodeTool = named("outer_tool", (config) => deepest.invoke({}, config));
    const State = Annotation.Root({ out: Annotation<unknown>() });
    const inner = new StateGraph(State)
      .addNode("in", async (_state, config) => ({ out: await named("by_hand").invoke({}, config) }))
      .addEdge(START, "in")
      .compile();
    const build = (called: typeof inner) =>
      new StateGraph(State)
        .addNode("call", async (_state, config) => {
          await called.invoke({}, config);
          await called.invoke({});
          return { out: await stack.wrapTool(nodeTool).invoke({}, config) };
        })
        .addEdge(START, "call")
        .compile();
    for (const called of [inner, stack.wrap(inner)]) {
      seen.length = 0;
      await stack.wrap(build(called)).invoke({});
      expect(seen.map(({ name }) => name)).toEqual(["by_hand", "by_hand", "deepest", "outer_tool"]);
    }
  });

  it("is in no chunk that a graph around the wrapped one shows", async () => {
    const { stack } = ends();
    const inner = new StateGraph(MessagesAnnotation)
      .addNode("inner", () => ({ messages: [new AIMessage({ id: "a", content: "hi" })] }))
      .addEdge(START, "inner")
      .compile();
    const build = () =>
      new StateGraph(MessagesAnnotation)
        .addNode("child", (state, config) => inner.invoke(state, config))
        .addEdge(START, "child")
        .compile();
    const shown = async (called: ReturnType<typeof build>): Promise<unknown[]> => {
      const around = new StateGraph(MessagesAnnotation)
        .addNode("call", async (state, config) => called.invoke(state, config))
        .addEdge(START, "call")
        .compile({ checkpointer: new MemorySaver() });
      const found: unknown[] = [];
      const options = {
        configurable: { thread_id: "t" },
        streamMode: ["checkpoints", "debug", "messages"] as never,
        subgraphs: true as const,
      };
      for await (const part of await around.stream({ messages: [] }, options)) {
        const [ns, , payload] = part as unknown as readonly [readonly string[], string, unknown];
        const { config, payload: inside } = payload as { config?: Shown; payload?: { config?: Shown } };
        for (const one of [config, inside?.config])
          if (one !== undefined) found.push([ns.length, names(one), "run_name" in one]);
      }
      return found;
    };
    const plain = await shown(build());
    expect(plain.length).toBeGreaterThan(10);
    expect(await shown(stack.wrap(build()))).toEqual(plain);
  });

  it("is in no chunk that shows the config of a subgraph, and a tracer's callbacks stay in it", async () => {
    const child = () =>
      new StateGraph(MessagesAnnotation)
        .addNode("inner", () => ({ messages: [new AIMessage({ id: "a", content: "hi" })] }))
        .addEdge(START, "inner")
        .compile();
    const graphs = {
      node: () =>
        new StateGraph(MessagesAnnotation)
          .addNode("child", child())
          .addEdge(START, "child")
          .compile({ checkpointer: new MemorySaver() }),
      called() {
        const inner = child();
        return new StateGraph(MessagesAnnotation)
          .addNode("child", (state, config) => inner.invoke(state, config))
          .addEdge(START, "child")
          .compile({ checkpointer: new MemorySaver() });
      },
    };
    const { stack } = ends();
    const shown = async (graph: ReturnType<typeof graphs.node>, more: object): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const streamMode of ["checkpoints", "debug", ["checkpoints", "debug"]] as const) {
        const options = {
          configurable: { thread_id: String(streamMode) },
          streamMode: streamMode as never,
          subgraphs: true as const,
          ...more,
        };
        for await (const part of await graph.stream({ messages: [] }, options)) {
          const payload = (part as unknown[]).at(-1) as {
            config?: Shown;
            parentConfig?: Shown;
            payload?: { config?: Shown };
          };
          for (const config of [payload.config, payload.parentConfig, payload.payload?.config])
            if (config !== undefined) found.push(names(config));
        }
      }
      return found;
    };
    for (const build of Object.values(graphs)) {
      const plain = await shown(build(), {});
      expect(plain.length).toBeGreaterThan(10);
      expect(await shown(stack.wrap(build()), {})).toEqual(plain);
      const traced = await shown(build(), { callbacks: [new Tracer()] });
      expect(traced.flat()).toContain("tracer");
      expect(await shown(stack.wrap(build()), { callbacks: [new Tracer()] })).toEqual(traced);
    }
  });
});

interface Shown {
  readonly callbacks?: readonly { name?: string }[] | { handlers: readonly { name?: string }[] };
}
const names = ({ callbacks }: Shown): unknown =>
  callbacks === undefined
    ? "none"
    : ("handlers" in callbacks ? callbacks.handlers : callbacks).map((handler) => handler.name);

describe("a tool whose arguments nobody but observers would read", () => {
  const call = (name: string, args: object) => ({ name, args, id: `c-${name}`, type: "tool_call" as const });
  const asked = (...calls: ReturnType<typeof call>[]) =>
    new AIMessage({ content: "", tool_calls: calls.map(({ name, args, id }) => ({ name, args, id })) });

  it("begins in its place among its siblings, though its schema transforms", async () => {
    const order: string[] = [];
    let parsed = 0;
    const schema = z.object({ q: z.string().transform((q) => (parsed++, q.trim())) });
    const first = tool(({ q }) => (order.push(q), ""), { name: "first", description: "d", schema });
    const plain = z.object({ q: z.string() });
    const second = tool(({ q }) => (order.push(q), ""), { name: "second", description: "d", schema: plain });
    const graph = () =>
      new StateGraph(MessagesAnnotation)
        .addNode("tools", new ToolNode([first, second]))
        .addEdge(START, "tools")
        .compile();
    const input = { messages: [asked(call("first", { q: " one " }), call("second", { q: "two" }))] };
    await graph().invoke(input);
    const { stack, seen } = ends();
    await stack.wrap(graph()).invoke(input);
    const [bare, watched] = [order.slice(0, 2), order.slice(2)];
    expect(watched).toEqual(bare);
    expect(parsed).toBe(2);
    expect(new Set(seen.map(({ name }) => name))).toEqual(new Set(["first", "second"]));
  });

  it("is watched inside: the model that it calls is counted", async () => {
    const model = scriptedModel([{ say: "hi", usage: { input: 3, output: 4 } }], { whenDone: "repeat" });
    const transforming = z.object({ q: z.string().transform((q) => q.trim()) });
    const ask = (schema: typeof transforming | z.ZodObject<{ q: z.ZodAny }>) =>
      tool(async (_input, config) => (await model.invoke("x", config)).text, { name: "ask", description: "d", schema });
    // One that has to be asked, and arguments that are no plain data.
    for (const [schema, args] of [
      [transforming, { q: " x " }],
      [z.object({ q: z.any() }), { q: new Map([[1, () => 2]]) }],
    ] as const) {
      const { stack, seen } = ends();
      const node = new ToolNode([ask(schema as typeof transforming)]);
      const graph = new StateGraph(MessagesAnnotation).addNode("tools", node).addEdge(START, "tools").compile();
      const { messages } = await stack.wrap(graph).invoke({ messages: [asked(call("ask", args))] });
      expect(messages.at(-1)?.text).toBe("hi");
      expect(seen).toEqual([
        { name: "script-1", tokens: 7 },
        { name: "ask", tokens: undefined },
      ]);
    }
  });

  it("is one call where it hands them on to the governed tool that it stands for", async () => {
    const schema = z.object({ q: z.string().transform(Number) });
    const real = tool(({ q }) => `${typeof q} ${q}`, { name: "lazy", description: "d", schema });
    const { stack, seen } = ends();
    const governed = stack.wrapTool(real) as unknown as { _call(...args: unknown[]): Promise<string> };
    class Lazy extends StructuredTool {
      name = "lazy";
      description = "d";
      override schema = schema as never;
      protected override _call(...args: unknown[]): Promise<string> {
        return governed._call(...args);
      }
    }
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([new Lazy()]))
      .addEdge(START, "tools");
    const { messages } = await stack.wrap(graph.compile()).invoke({ messages: [asked(call("lazy", { q: "7" }))] });
    expect(messages.at(-1)?.text).toBe("number 7");
    expect(seen).toEqual([{ name: "lazy", tokens: undefined }]);
  });
});
