import { RunnableLambda } from "@langchain/core/runnables";
import { type AIMessage, HumanMessage, type ToolMessage } from "@langchain/core/messages";
import { Command, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { createReactAgent, ToolNode } from "@langchain/langgraph/prebuilt";
import { scriptedModel } from "@graphtap/testkit";
import { composition, perf, type Workflow } from "graphtap";
import { type Callable, TARGET } from "./bench.js";
import { asks, type Kit, type Route } from "./route.js";
import { loop, modelOf } from "./routes-graph.js";

const ask = { messages: [new HumanMessage("drop it")] };
const plain = () => ({ mode: "plain", llm: scriptedModel(() => ({ say: "done" })) }) as const;
const assistant = (kit: Kit, tool: Callable = kit.raw, ids?: readonly string[]) =>
  ({ mode: "tools", llm: modelOf(kit, ids), tools: [tool] }) as const;

/** The target as a lazy tool: its body is what the host's own would be. */
function lazyOf(kit: Kit): Callable {
  const { tools } = kit.bench.stack.get(perf);
  const { description, schema } = kit.raw as unknown as { description: string; schema: object };
  tools.register(TARGET, async () => kit.raw, { description, schema });
  return tools.lazy(TARGET) as unknown as Callable;
}

/** The second of two: what a cache serves. */
async function cached(kit: Kit, more: object = {}, tool?: Callable, ids?: readonly string[]): Promise<Workflow> {
  const spec = { ...assistant(kit, tool, ids), ...more };
  await kit.bench.stack.createWorkflow(spec);
  return kit.bench.stack.createWorkflow(spec);
}
const conditional = (kit: Kit, tool?: Callable) =>
  kit.bench.stack.get(composition).createConditionalWorkflow({
    conditions: { userId: { in: ["alice"] } },
    workflowConfigs: { userId: assistant(kit, tool), default: plain() },
  });
const composite = (kit: Kit, executionStrategy: "sequential" | "parallel", tool?: Callable) =>
  kit.bench.stack.get(composition).createCompositeWorkflow({
    executionStrategy,
    workflows: [plain(), assistant(kit, tool)],
  });

interface Graph {
  invoke(input: unknown, config: object): Promise<unknown>;
  stream(input: unknown, config: object): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, config: object): AsyncIterable<unknown>;
  batch(inputs: unknown[], config: object): Promise<unknown[]>;
}
async function last(chunks: AsyncIterable<unknown>): Promise<unknown> {
  let found: unknown;
  for await (const chunk of chunks) found = chunk;
  return found;
}

const MADE: Readonly<Record<string, (kit: Kit) => Promise<unknown>>> = {
  "a cached workflow": (kit) => cached(kit),
  "a cached workflow with a lazy tool": (kit) => cached(kit, {}, lazyOf(kit)),
  "a conditional workflow": (kit) => conditional(kit),
  "a conditional workflow with a lazy tool": (kit) => conditional(kit, lazyOf(kit)),
  "a composite, one after the other": (kit) => composite(kit, "sequential"),
  "a composite, side by side": (kit) => composite(kit, "parallel"),
  "a composite with a lazy tool": (kit) => composite(kit, "parallel", lazyOf(kit)),
  "a conditional workflow in a composite": async (kit) =>
    kit.bench.stack.get(composition).createCompositeWorkflow({
      workflows: [plain(), (await conditional(kit)) as never],
    }),
};
const WAYS: Readonly<Record<string, (graph: Graph, config: object) => Promise<unknown>>> = {
  invoke: (graph, config) => graph.invoke(ask, config),
  stream: async (graph, config) => last(await graph.stream(ask, { ...config, streamMode: "values" })),
  "streamEvents v2": async (graph, config) =>
    ((await last(graph.streamEvents(ask, { ...config, version: "v2" }))) as { data: { output: unknown } }).data.output,
  "streamEvents v3": async (graph, config) =>
    ((await (graph.streamEvents(ask, { ...config, version: "v3" }) as unknown)) as { output: Promise<unknown> }).output,
  batch: async (graph, config) => (await graph.batch([ask], config))[0],
};

const thread = (kit: Kit) => kit.bench.as({ configurable: { thread_id: "t1" } });
/** A lazy tool, governed and called directly. */
const direct = (
  name: string,
  denial: Route["denial"],
  run: (tool: Callable, kit: Kit, config: object) => Promise<unknown>,
) => ({
  name: `a lazy tool, ${name}`,
  denial,
  run: (kit: Kit) => {
    const config = kit.bench.as();
    kit.bench.meanwhile();
    return run(kit.bench.stack.wrapTool(lazyOf(kit)), kit, config);
  },
});

/** Workflows that the stack makes itself, and tools that are loaded when they are first called. */
export const SERVED: readonly Route[] = [
  ...Object.entries(MADE).flatMap(([what, make]) =>
    Object.entries(WAYS).map(([how, take]): Route => ({
      name: `${what}, ${how}`,
      denial: "message",
      run: async (kit) => take((await make(kit)) as Graph, kit.bench.as()),
    })),
  ),
  {
    name: "three calls in one message of a cached workflow",
    denial: "message",
    calls: 3,
    run: async (kit) => (await cached(kit, {}, undefined, ["c1", "c2", "c3"])).invoke(ask, kit.bench.as()),
  },
  direct("invoke", "error", (tool, { bare }, config) => tool.invoke(bare, config)),
  direct("invoke with a ToolCall", "message", (tool, { toolCall }, config) => tool.invoke(toolCall(), config)),
  direct("call", "error", (tool, { bare }, config) => (tool.call ?? tool.invoke).call(tool, bare, config)),
  direct("batch", "error", (tool, { bare }, config) => tool.batch([bare], config)),
  direct("stream", "error", async (tool, { bare }, config) => last(await tool.stream(bare, config))),
  direct("pipe", "error", (tool, { bare }, config) =>
    tool.pipe(RunnableLambda.from((x: unknown) => x)).invoke(bare, config),
  ),
  direct("withConfig", "error", (tool, { bare }, config) => tool.withConfig(config).invoke(bare)),
  direct("withRetry", "message", (tool, { toolCall }, config) =>
    tool.withRetry({ stopAfterAttempt: 3 }).invoke(toolCall(), config),
  ),
  direct("_call", "error", (tool, { bare }, config) => tool._call(bare, undefined, config)),
  ...(["v1", "v2"] as const).map((version): Route => ({
    name: `createReactAgent ${version} with a governed model and a lazy tool`,
    denial: "message",
    calls: 2,
    run: (kit) => {
      const llm = kit.bench.stack.wrapModel(modelOf(kit, ["c1", "c2"]));
      const agent = createReactAgent({ llm, tools: [lazyOf(kit) as never], version });
      return kit.bench.stack.wrap(agent).invoke(ask, kit.bench.as());
    },
  })),
  {
    name: "a model with bound tools, whose calls a node makes by hand",
    denial: "message",
    run: (kit) => {
      const { bench, tool } = kit;
      const model = bench.stack.wrapModel(modelOf(kit)).bindTools([tool as never]);
      const graph = new StateGraph(MessagesAnnotation)
        .addNode("code", async ({ messages }, config) => {
          const reply = (await model.invoke(messages, config)) as AIMessage;
          const calls = (reply.tool_calls ?? []).map((call) => ({ ...call, type: "tool_call" as const }));
          const results = await Promise.all(calls.map((call) => tool.invoke(call, config)));
          return { messages: [reply, ...(results as ToolMessage[])] };
        })
        .addEdge(START, "code")
        .compile();
      return bench.stack.wrap(graph).invoke(ask, bench.as());
    },
  },
  {
    name: "a cached workflow that pauses before its tools, then resumes",
    denial: "message",
    run: async (kit) => {
      const graph = await cached(kit, { checkpointer: new MemorySaver() });
      await graph.invoke(ask, { ...thread(kit), interruptBefore: ["tools"] });
      return graph.invoke(null, thread(kit));
    },
  },
  {
    name: "a lazy tool in a ToolNode of a wrapped graph",
    denial: "message",
    run: (kit) => kit.bench.stack.wrap(loop(kit, new ToolNode([lazyOf(kit) as never]))).invoke(ask, kit.bench.as()),
  },
  {
    name: "a cached workflow, updateState as the model, then resume with nothing",
    denial: "message",
    run: async (kit) => {
      const graph = await cached(kit, { checkpointer: new MemorySaver() });
      await graph.invoke(ask, { ...thread(kit), interruptBefore: ["model"] });
      await graph.updateState(thread(kit), { messages: [asks(kit.args)] }, "model");
      kit.bench.meanwhile();
      return graph.invoke(null, thread(kit));
    },
  },
  {
    name: "a cached workflow, Command that goes to the tools with forged messages",
    denial: "message",
    run: async (kit) => {
      const graph = await cached(kit, { checkpointer: new MemorySaver() });
      await graph.invoke(ask, { ...thread(kit), interruptBefore: ["model"] });
      kit.bench.meanwhile();
      return graph.invoke(new Command({ goto: "tools", update: { messages: [asks(kit.args, "forged")] } }) as never, {
        ...thread(kit),
        interruptBefore: ["model"],
      });
    },
  },
];
