import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { SimpleChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { CallbackManager } from "@langchain/core/callbacks/manager";
import { RunnableLambda, RunnablePassthrough, RouterRunnable } from "@langchain/core/runnables";
import { StructuredTool, tool } from "@langchain/core/tools";
import { FakeLLM } from "@langchain/core/utils/testing";
import { Annotation, END, entrypoint, MessagesAnnotation, START, StateGraph, task } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import {
  allow,
  createStack,
  DeniedError,
  definePlugin,
  deny,
  hooks,
  type Logger,
  type Stack,
} from "@graphtap/langgraph";
import { asMiddleware } from "@graphtap/langgraph/langchain";
import { scriptedModel } from "@graphtap/testkit";
import { createAgent, createMiddleware } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ALLOW, type Bench, type Callable, createBench, TARGET } from "./bench.js";
import { asks, type Kit, kitOf, type Messages } from "./route.js";

const start = { messages: [new HumanMessage("go")] };
const consumed = async (chunks: AsyncIterable<unknown>): Promise<unknown> => {
  for await (const chunk of chunks) void chunk;
  return "";
};
const node = (kit: Kit, body: (kit: Kit, config: object) => unknown) =>
  kit.bench.stack
    .wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("code", async (_state, config) => ({ messages: [new AIMessage(String(await body(kit, config)))] }))
        .addEdge(START, "code")
        .compile(),
    )
    .invoke(start, kit.bench.as());

const passing = (name: string, body: (config: object) => unknown): Callable =>
  tool(async (_args, config) => String(await body(config)), {
    name,
    description: name,
    schema: z.object({}),
  }) as unknown as Callable;
const outerCall = (name: string) => ({
  messages: [new AIMessage({ content: "", tool_calls: [{ type: "tool_call", name, args: {}, id: "outer" }] })],
});
const rawGraph = (kit: Kit) =>
  new StateGraph(MessagesAnnotation)
    .addNode("tools", new ToolNode([kit.raw as never]))
    .addEdge(START, "tools")
    .compile();

class OwnHandler extends BaseCallbackHandler {
  override name = "own";
}

/** Ways of host code to the tool that nobody wrapped. `caught`: something on the way makes a message of the error. */
const WAYS: readonly {
  readonly name: string;
  readonly caught?: true;
  /** LangChain announces it under the name of a node. */ readonly renamed?: true;
  run(kit: Kit): Promise<unknown>;
}[] = [
  { name: "invoke in a node", run: (kit) => node(kit, ({ raw, bare }) => raw.invoke(bare)) },
  {
    name: "invoke in a node, with its config",
    run: (kit) => node(kit, ({ raw, bare }, config) => raw.invoke(bare, config)),
  },
  {
    name: "invoke of a ToolCall in a node",
    run: (kit) => node(kit, ({ raw, toolCall }, config) => raw.invoke(toolCall(), config)),
  },
  ...Object.entries({
    "no callbacks": () => [],
    "callbacks of its own": () => [new OwnHandler()],
    "a manager of its own": () => new CallbackManager(),
  }).map(([name, callbacks]) => ({
    name: `invoke in a node, with ${name}`,
    run: (kit: Kit) => node(kit, ({ raw, bare }, config) => raw.invoke(bare, { ...config, callbacks: callbacks() })),
  })),
  {
    name: "inside a RunnableLambda without callbacks in a node",
    run: (kit) =>
      node(kit, ({ raw, bare }) =>
        RunnableLambda.from((_: unknown, config) => raw.invoke(bare, config)).invoke({}, { callbacks: [] }),
      ),
  },
  { name: "call in a node", run: (kit) => node(kit, ({ raw, bare }, config) => raw.call(bare, config)) },
  { name: "batch in a node", run: (kit) => node(kit, ({ raw, bare }, config) => raw.batch([bare], config)) },
  {
    name: "stream in a node",
    run: (kit) => node(kit, async ({ raw, bare }, config) => consumed(await raw.stream(bare, config))),
  },
  {
    name: "pipe in a node",
    run: (kit) => node(kit, ({ raw, bare }, config) => raw.pipe((x: unknown) => x).invoke(bare, config)),
  },
  {
    name: "withConfig in a node",
    run: (kit) => node(kit, ({ raw, bare }, config) => raw.withConfig({ tags: ["x"] }).invoke(bare, config)),
  },
  {
    name: "in a node after a wait",
    run: (kit) =>
      node(kit, async ({ raw, bare }) => (await new Promise((resolve) => setTimeout(resolve, 1)), raw.invoke(bare))),
  },
  {
    name: "inside a RunnableLambda in a node",
    run: (kit) => node(kit, ({ raw, bare }) => RunnableLambda.from(() => raw.invoke(bare)).invoke({})),
  },
  {
    name: "a ToolNode of its own in a node",
    caught: true,
    run: (kit) => node(kit, ({ raw, args }) => new ToolNode([raw as never]).invoke({ messages: [asks(args)] })),
  },
  {
    name: "a graph of its own in a node",
    caught: true,
    renamed: true,
    run: (kit) => node(kit, (k) => rawGraph(k).invoke({ messages: [asks(k.args)] })),
  },
  {
    name: "a graph of its own in a node, with its config",
    caught: true,
    renamed: true,
    run: (kit) => node(kit, (k, config) => rawGraph(k).invoke({ messages: [asks(k.args)] }, config)),
  },
  {
    name: "inside a governed tool of a ToolNode",
    caught: true,
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("tools", new ToolNode([passing("outer", () => kit.raw.invoke(kit.bare)) as never]))
            .addEdge(START, "tools")
            .compile(),
        )
        .invoke(outerCall("outer"), kit.bench.as()),
  },
  {
    name: "inside a governed tool that is called by itself",
    run: (kit) => kit.bench.stack.wrapTool(passing("outer", () => kit.raw.invoke(kit.bare))).invoke({}, kit.bench.as()),
  },
  {
    name: "inside a governed tool with an invoke of its own",
    run: (kit) =>
      node(kit, () =>
        kit.bench.stack
          .wrapTool(
            new (class extends StructuredTool {
              override name = "outer";
              override description = "outer";
              override schema = z.object({});
              override invoke(_input: unknown): Promise<never> {
                return kit.raw.invoke(kit.bare) as Promise<never>;
              }
              protected override async _call(): Promise<string> {
                return "";
              }
            })(),
          )
          .invoke({}),
      ),
  },
  ...(["in a class", "in a plain object"] as const).map((where) => ({
    name: `inside a governed tool with an invoke of its own ${where}, with the config it got`,
    caught: true as const,
    renamed: true as const,
    run: (kit: Kit) => {
      const invoke = (_input: unknown, config: object) => kit.raw.invoke(kit.bare, config);
      class Outer extends StructuredTool {
        override name = "outer";
        override description = "outer";
        override schema = z.object({});
        override invoke = invoke as never;
        protected override async _call(): Promise<string> {
          return "";
        }
      }
      const outer = where === "in a class" ? new Outer() : { name: "outer", schema: z.object({}), invoke };
      return kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("tools", new ToolNode([outer as never]))
            .addEdge(START, "tools")
            .compile(),
        )
        .invoke(outerCall("outer"), kit.bench.as());
    },
  })),
  ...(["with the config it got", "without callbacks"] as const).map((how) => ({
    name: `inside a tool of an agent that has the stack as a middleware only, ${how}`,
    caught: true as const,
    renamed: true as const,
    run: (kit: Kit) =>
      createAgent({
        model: scriptedModel((messages) =>
          messages.some((m) => m.type === "tool") ? { say: "done" } : { call: { name: "outer", args: {}, id: "o" } },
        ),
        tools: [
          passing("outer", (config) =>
            kit.raw.invoke(kit.bare, how === "without callbacks" ? { callbacks: [] } : config),
          ) as never,
        ],
        middleware: [asMiddleware(kit.bench.stack)],
      }).invoke(start as never, kit.bench.as()),
  })),
  {
    name: "inside a governed runnable as tool",
    run: (kit) =>
      node(kit, () =>
        kit.bench.stack
          .wrapTool(
            RunnableLambda.from(() => kit.raw.invoke(kit.bare)).asTool({
              name: "outer",
              description: "outer",
              schema: z.object({}) as never,
            }),
          )
          .invoke({}),
      ),
  },
  {
    name: "in the entrypoint of the functional API",
    run: (kit) =>
      kit.bench.stack.wrap(entrypoint("flow", async () => kit.raw.invoke(kit.bare))).invoke({}, kit.bench.as()),
  },
  {
    name: "in a task of the functional API",
    run: (kit) => {
      const work = task("work", async () => kit.raw.invoke(kit.bare));
      return kit.bench.stack.wrap(entrypoint("flow", async () => await work())).invoke({}, kit.bench.as());
    },
  },
  {
    name: "in the function of a conditional edge",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("code", () => ({}))
            .addNode("next", () => ({}))
            .addEdge(START, "code")
            .addConditionalEdges("code", async () => (await kit.raw.invoke(kit.bare), "next" as const))
            .compile(),
        )
        .invoke(start, kit.bench.as()),
  },
  {
    name: "in the function of a conditional edge from the start",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("next", () => ({}))
            .addConditionalEdges(START, async () => (await kit.raw.invoke(kit.bare), "next" as const))
            .compile(),
        )
        .invoke(start, kit.bench.as()),
  },
  {
    name: "in a node of a subgraph",
    run: (kit) => {
      const inner = new StateGraph(MessagesAnnotation)
        .addNode("code", async () => ({ messages: [new AIMessage(String(await kit.raw.invoke(kit.bare)))] }))
        .addEdge(START, "code")
        .compile();
      return kit.bench.stack
        .wrap(new StateGraph(MessagesAnnotation).addNode("inner", inner).addEdge(START, "inner").compile())
        .invoke(start, kit.bench.as());
    },
  },
  {
    name: "in a node hook of a langchain middleware",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          createAgent({
            model: scriptedModel([{ say: "hi" }]),
            tools: [],
            middleware: [
              createMiddleware({ name: "Calls", beforeModel: async () => (await kit.raw.invoke(kit.bare), undefined) }),
            ],
          }),
        )
        .invoke(start as never, kit.bench.as()),
  },
  {
    name: "in a tool hook of a langchain middleware",
    caught: true,
    run: (kit) =>
      kit.bench.stack
        .wrap(
          createAgent({
            model: scriptedModel((messages) =>
              messages.some((m) => m.type === "tool")
                ? { say: "done" }
                : { call: { name: "other", args: {}, id: "o" } },
            ),
            tools: [passing("other", () => "ok") as never],
            middleware: [
              createMiddleware({
                name: "Calls",
                wrapToolCall: async (request, handler) => {
                  await kit.raw.invoke(kit.bare);
                  return handler(request);
                },
              }),
            ],
          }),
        )
        .invoke(start as never, kit.bench.as())
        .catch((error: unknown) => {
          if (!JSON.stringify(String(error)).includes("TOOL_UNGUARDED")) throw error;
        }),
  },
  {
    name: "while the graph is streamed with a callback",
    run: (kit) =>
      node(
        {
          ...kit,
          bench: {
            ...kit.bench,
            as: (c) => ({ ...kit.bench.as(c), callbacks: [{ handleChainStart: () => undefined }] }),
          } as Bench,
        },
        ({ raw, bare }) => raw.invoke(bare),
      ),
  },
];

describe("a tool that nobody wrapped, reached by host code in a governed run", () => {
  for (const { name, caught, renamed, run } of WAYS) {
    it(`${name}: is refused`, async () => {
      const bench = createBench(ALLOW);
      const error = await run(kitOf(bench)).then(
        () => null,
        (e: unknown) => e,
      );
      expect(bench.ran).toEqual([]);
      expect(bench.seen.anyDenied).toEqual(["TOOL_UNGUARDED"]);
      if (renamed !== true) expect(bench.seen.denied).toHaveLength(1);
      expect(bench.seen.ended).toEqual([]);
      expect({ taken: bench.seen.taken, judged: bench.seen.judged }).toEqual({ taken: 0, judged: 0 });
      if (caught !== true) expect(DeniedError.isDenied(error) ? error.code : error).toBe("TOOL_UNGUARDED");
    });
  }

  const quiet: Logger = { log: () => undefined };
  it("is told once and runs where the host asked for reports", async () => {
    const lines: string[] = [];
    const ran: unknown[] = [];
    const guard = definePlugin({
      name: "test-guard",
      version: "1.0.0",
      setup: (api) => void api.tap(hooks.tool.authorize, () => allow()),
    });
    const stack = createStack({
      name: "report",
      ungated: "report",
      logger: { log: (_level, text) => void lines.push(text) },
      plugins: [guard()],
    });
    const raw = tool(async () => ran.push(1), { name: TARGET, description: "x", schema: z.object({}) });
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("code", async () => (await raw.invoke({}), await raw.invoke({}), {}))
        .addEdge(START, "code")
        .compile(),
    );
    await graph.invoke(start, stack.as({ userId: "alice" }));
    expect(ran).toHaveLength(2);
    expect(lines.filter((line) => line.includes("TOOL_UNGUARDED"))).toHaveLength(1);
    expect(lines.find((line) => line.includes("TOOL_UNGUARDED"))).toContain('"code"');
  });
  it("runs, seen by the observers, where nothing controls tools", async () => {
    const seen: string[] = [];
    const observer = definePlugin({
      name: "test-sees",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.tool.start, (event) => void seen.push(`start ${event.name}`));
        api.tap(hooks.tool.end, (event) => void seen.push(`end ${event.name} ${event.status}`));
      },
    });
    const stack = createStack({ name: "free", logger: quiet, plugins: [observer()] });
    const raw = tool(async () => "ok", { name: TARGET, description: "x", schema: z.object({}) });
    await stack
      .wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("code", async () => (await raw.invoke({}), {}))
          .addEdge(START, "code")
          .compile(),
      )
      .invoke(start);
    expect(seen).toEqual([`start ${TARGET}`, `end ${TARGET} ok`]);
  });
});

describe("a tool that is a node, or a step of one, is found", () => {
  const nodes: Record<string, (kit: Kit) => unknown> = {
    "the tool itself": (kit) =>
      RunnableLambda.from(() => kit.args)
        .pipe(kit.raw as never)
        .pipe(RunnableLambda.from((text: unknown) => ({ messages: [new AIMessage(String(text))] }))),
    "the tool with a config": (kit) =>
      RunnableLambda.from(() => kit.args)
        .pipe(kit.raw.withConfig({ tags: ["x"] }) as never)
        .pipe(RunnableLambda.from((text: unknown) => ({ messages: [new AIMessage(String(text))] }))),
    "the tool in a map": (kit) =>
      RunnableLambda.from(() => kit.args)
        .pipe({ text: kit.raw } as never)
        .pipe(RunnableLambda.from(({ text }: { text: unknown }) => ({ messages: [new AIMessage(String(text))] }))),
  };
  for (const [name, make] of Object.entries(nodes))
    it(name, async () => {
      const bench = createBench(ALLOW);
      const kit = kitOf(bench);
      const graph = bench.stack.wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("step", make(kit) as never)
          .addEdge(START, "step")
          .compile(),
      );
      const state = (await graph.invoke(start, bench.as())) as Messages;
      expect({
        ran: bench.ran.length,
        judged: bench.seen.judged,
        taken: bench.seen.taken,
        denied: bench.seen.denied,
        text: state.messages.at(-1)?.text,
      }).toEqual({ ran: 1, judged: 1, taken: 1, denied: [], text: "dropped t1" });
    });
});

describe("a model that nobody wrapped", () => {
  const MODEL_CONTROL = ["authorize", "admit", "prepare", "result"] as const;
  const setup = (
    hook: (typeof MODEL_CONTROL)[number] | null,
    ungated?: "report",
  ): { stack: Stack; denied: string[]; lines: string[] } => {
    const denied: string[] = [];
    const lines: string[] = [];
    const control = definePlugin({
      name: "test-models",
      version: "1.0.0",
      setup(api) {
        if (hook !== null) api.tap(hooks.model[hook] as typeof hooks.model.authorize, () => undefined);
        api.tap(hooks.model.denied, (event) => void denied.push(event.code));
      },
    });
    return {
      stack: createStack({
        name: "models",
        ...(ungated === undefined ? {} : { ungated }),
        logger: { log: (_l, text) => void lines.push(text) },
        plugins: [control()],
      }),
      denied,
      lines,
    };
  };
  const ways: Record<string, (model: ReturnType<typeof scriptedModel>, config: object) => Promise<unknown>> = {
    invoke: (model, config) => model.invoke("hi", config),
    "invoke without the config": (model) => model.invoke("hi"),
    stream: async (model, config) => consumed(await model.stream("hi", config)),
    batch: (model, config) => model.batch(["hi"], config),
    generate: (model, config) => model.generate([[new HumanMessage("hi")]], config),
    "a sequence": (model, config) =>
      RunnableLambda.from(() => "hi")
        .pipe(model)
        .invoke({}, config),
    "bound tools": (model, config) => model.bindTools([]).invoke("hi", config),
  };
  const run = (stack: Stack, model: ReturnType<typeof scriptedModel>, way: (typeof ways)[string]) =>
    stack
      .wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("code", async (_s, config) => (await way(model, config), {}))
          .addEdge(START, "code")
          .compile(),
      )
      .invoke(start, stack.as({ userId: "alice" }));

  for (const [name, way] of Object.entries(ways))
    it(`${name}: is refused while a plugin controls models`, async () => {
      const { stack, denied } = setup("authorize");
      const model = scriptedModel(() => ({ say: "hello" }));
      const error = await run(stack, model, way).then(
        () => null,
        (e: unknown) => e,
      );
      expect({ calls: model.callCount, denied, code: (error as { code?: unknown } | null)?.code }).toEqual({
        calls: 0,
        denied: ["MODEL_NOT_CONTROLLED"],
        code: "MODEL_NOT_CONTROLLED",
      });
    });
  for (const hook of MODEL_CONTROL)
    it(`model.${hook} is such a control`, async () => {
      const { stack, denied } = setup(hook);
      const model = scriptedModel(() => ({ say: "hello" }));
      await run(stack, model, ways["invoke"] as never).catch(() => undefined);
      expect({ calls: model.callCount, denied }).toEqual({ calls: 0, denied: ["MODEL_NOT_CONTROLLED"] });
    });
  it("that takes texts and not messages: is refused too, and passes where it is wrapped", async () => {
    const { stack, denied } = setup("authorize");
    const model = new FakeLLM({ response: "hello" });
    const say = (asked: typeof model) =>
      stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("code", async () => ({ messages: [new AIMessage(await asked.invoke("hi"))] }))
            .addEdge(START, "code")
            .compile(),
        )
        .invoke(start, stack.as({ userId: "alice" }));
    await expect(say(model)).rejects.toMatchObject({ code: "MODEL_NOT_CONTROLLED" });
    expect((await say(stack.wrapModel(model))).messages.at(-1)?.content).toBe("hello");
    expect(denied).toEqual(["MODEL_NOT_CONTROLLED"]);
  });
  for (const where of ["in a node", "by itself"] as const)
    it(`behind a governed one with an invoke of its own, called ${where}: is refused`, async () => {
      const { stack, denied } = setup("authorize");
      const model = scriptedModel(() => ({ say: "hello" }));
      class Router extends SimpleChatModel {
        _llmType(): string {
          return "router";
        }
        override async _call(): Promise<string> {
          return "never";
        }
        override invoke(input: BaseLanguageModelInput, config?: object): Promise<never> {
          return model.invoke(input, config) as Promise<never>;
        }
      }
      const router = stack.wrapModel(new Router({}));
      const called =
        where === "in a node"
          ? run(stack, model, (_model, config) => router.invoke("hi", config))
          : router.invoke("hi", stack.as({ userId: "alice" }));
      await expect(called).rejects.toMatchObject({ code: "MODEL_NOT_CONTROLLED" });
      expect({ calls: model.callCount, denied }).toEqual({ calls: 0, denied: ["MODEL_NOT_CONTROLLED"] });
    });
  it("runs where plugins only watch", async () => {
    const { stack, denied } = setup(null);
    const model = scriptedModel(() => ({ say: "hello" }));
    await run(stack, model, ways["invoke"] as never);
    expect({ calls: model.callCount, denied }).toEqual({ calls: 1, denied: [] });
  });
  it("runs, told once, where the host asked for reports", async () => {
    const { stack, denied, lines } = setup("authorize", "report");
    const model = scriptedModel(() => ({ say: "hello" }));
    await run(stack, model, async (m, config) => (await m.invoke("a", config), await m.invoke("b", config)));
    expect({
      calls: model.callCount,
      denied,
      told: lines.filter((line) => line.includes("MODEL_NOT_CONTROLLED")).length,
    }).toEqual({ calls: 2, denied: [], told: 1 });
  });
  it("a wrapped one passes", async () => {
    const { stack, denied } = setup("authorize");
    const model = scriptedModel(() => ({ say: "hello" }));
    await run(stack, stack.wrapModel(model), ways["invoke"] as never);
    expect({ calls: model.callCount, denied }).toEqual({ calls: 1, denied: [] });
  });
});

describe("explain", () => {
  const kit = (): Kit => kitOf(createBench(ALLOW));
  const of = (k: Kit, graph: object) => Object.fromEntries(k.bench.stack.explain(graph).nodes.map((n) => [n.node, n]));

  it("lists what is governed, what is only observed and what it cannot see into", () => {
    const k = kit();
    const provider = { type: "web_search", name: "web_search" };
    const inner = new StateGraph(MessagesAnnotation)
      .addNode("deep", new ToolNode([k.raw as never]))
      .addEdge(START, "deep")
      .compile();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("code", async () => ({ messages: [new AIMessage(String(await k.raw.invoke(k.bare)))] }))
      .addNode("tools", new ToolNode([k.raw, provider] as never))
      .addNode("inner", inner)
      .addNode("model", scriptedModel([]) as never)
      .addEdge(START, "code")
      .addEdge(START, "tools")
      .addEdge(START, "inner")
      .addEdge(START, "model")
      .compile();
    const nodes = of(k, graph);
    expect(nodes["code"]).toMatchObject({ kind: "code", opaque: true, model: "observed", toolsGoverned: [] });
    expect(nodes["tools"]).toMatchObject({
      kind: "tools",
      opaque: false,
      toolsGoverned: [TARGET],
      toolsObserved: ["web_search"],
    });
    expect(nodes["inner"]).toMatchObject({ kind: "subgraph" });
    expect(nodes["inner|deep"]).toMatchObject({ kind: "tools", toolsGoverned: [TARGET] });
    expect(nodes["model"]).toMatchObject({ kind: "model", model: "controlled", opaque: false });
  });
  it("sees a ToolNode through LangChain's containers", () => {
    const k = kit();
    const tools = () => new ToolNode([k.raw as never]);
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tagged", tools().withConfig({ tags: ["x"] }))
      .addNode("retried", tools().withRetry({ stopAfterAttempt: 2 }))
      .addNode("backed", tools().withFallbacks([tools() as never]))
      .addNode("sequence", RunnableLambda.from((s: Messages) => s).pipe(tools()) as never)
      .addEdge(START, "tagged")
      .addEdge(START, "retried")
      .addEdge(START, "backed")
      .addEdge(START, "sequence")
      .compile();
    const nodes = of(k, graph);
    for (const name of ["tagged", "retried", "backed", "sequence"])
      expect(nodes[name]?.toolsGoverned, name).toEqual([TARGET]);
    expect(nodes["tagged"]?.opaque).toBe(false);
    expect(nodes["sequence"]?.opaque).toBe(true);
  });
  it("lists functions that decide where a run goes on, and those around the calls of a ToolNode", () => {
    const k = kit();
    const routed = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([k.raw as never]))
      .addConditionalEdges(START, () => "tools")
      .addConditionalEdges("tools", () => END)
      .compile();
    expect(of(k, routed)["__start__"]).toMatchObject({ routed: true });
    expect(of(k, routed)["tools"]).toMatchObject({ routed: true, opaque: false });
    const agent = (middleware: object[]) =>
      createAgent({ model: scriptedModel([]), tools: [k.raw as never], middleware: middleware as never });
    const around = createMiddleware({ name: "Around", wrapToolCall: (request, handler) => handler(request) });
    expect(of(k, agent([]))["tools"]).toMatchObject({ opaque: false, toolsGoverned: [TARGET] });
    expect(of(k, agent([around]))["tools"]).toMatchObject({ opaque: true, toolsGoverned: [TARGET] });
  });
  it("finds tools in what LangChain assigns and routes, and they are governed", async () => {
    const k = kitOf(createBench({ name: "never", code: "NO_GRANT", guard: () => deny("NO_GRANT", "Never.") }));
    const State = Annotation.Root({ target: Annotation<string>, key: Annotation<string>, input: Annotation<unknown> });
    const parts = {
      assigned: RunnablePassthrough.assign({ out: k.raw as never }),
      routed: new RouterRunnable({ runnables: { it: k.raw as never } }),
    };
    for (const [name, part] of Object.entries(parts)) {
      const graph = new StateGraph(State)
        .addNode(name, part as never)
        .addEdge(START, name as never)
        .compile();
      expect(of(k, graph)[name]).toMatchObject({ toolsGoverned: [TARGET], opaque: false });
      const run = k.bench.stack.wrap(graph).invoke({ target: "t1", key: "it", input: k.args }, k.bench.as());
      await expect(run).rejects.toMatchObject({ code: "NO_GRANT" });
    }
    expect(k.bench.ran).toEqual([]);
  });
  it("says what happens to what is reached around the gate", () => {
    const k = kit();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("code", () => ({}))
      .addEdge(START, "code")
      .compile();
    expect(k.bench.stack.explain(graph).ungated).toBe("deny");
    expect(String(k.bench.stack.explain(graph))).toContain("only observed");
  });
});
