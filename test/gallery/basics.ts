import { Annotation, Command, END, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { AIMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { z } from "zod";
import { example, input, say } from "./make.js";

const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  route: Annotation<string>(),
});

export const twoNodes = example("two nodes", ["custom-stream", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("first", (_state, config) => {
      config.writer?.({ progress: 1 });
      return { log: ["first"] };
    })
    .addNode("second", async (state) => ({ log: [`second after ${state.log.length}`] }))
    .addEdge(START, "first")
    .addEdge("first", "second")
    .addEdge("second", END)
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: ["in"], route: "x" }), input({ log: ["again"] })], savers: [saver] };
});

export const plain = example("two nodes without a checkpointer, synchronous and silent", [], () => {
  const graph = new StateGraph(Log)
    .addNode("first", () => ({ log: ["first"] }))
    .addNode("nothing", () => ({}))
    .addEdge(START, "first")
    .addEdge("first", "nothing")
    .compile({ name: "silent" });
  return { graph, turns: [input({ log: ["in"] })] };
});

export const branching = example("branching", ["branch"], () => {
  const graph = new StateGraph(Log)
    .addNode("left", () => ({ log: ["left"] }))
    .addNode("right", () => ({ log: ["right"] }))
    .addNode("join", () => ({ log: ["join"] }))
    .addConditionalEdges(START, async (state) => state.route, { l: "left", r: "right" })
    .addEdge("left", "join")
    .addEdge("right", "join")
    .addEdge("join", END)
    .compile();
  return { graph, turns: [input({ route: "l" }), input({ route: "r" })] };
});

export const loop = example("loop by Command", ["loop", "command", "checkpointer"], () => {
  const saver = new MemorySaver();
  const State = Annotation.Root({ n: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });
  const graph = new StateGraph(State)
    .addNode("count", (state) => new Command({ update: { n: 1 }, goto: state.n < 3 ? "count" : END }), {
      ends: ["count", END],
    })
    .addEdge(START, "count")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ n: 0 }), input(new Command({ update: { n: 10 }, goto: "count" }))], savers: [saver] };
});

export const zodState = example("zod state, private channel, input and output schemas", ["branch"], () => {
  const State = z.object({
    name: z.string().transform((name) => name.trim()),
    greeting: z.string().optional(),
    secret: z.number().optional(),
  });
  const graph = new StateGraph({
    state: State,
    input: z.object({ name: z.string() }),
    output: z.object({ greeting: z.string().optional() }),
  } as never)
    .addNode("think", ((state: { name: string }) => ({ secret: state.name.length })) as never)
    .addNode("greet", ((state: { name: string; secret: number }) => ({
      greeting: `hi ${state.name} (${state.secret})`,
    })) as never)
    .addEdge(START, "think" as never)
    .addEdge("think" as never, "greet" as never)
    .compile();
  return { graph, turns: [input({ name: " ann " }), input({ name: 5 })] };
});

export const runnables = example("nodes that are runnables, sequences and tagged", ["context"], () => {
  const upper = RunnableLambda.from((state: { log: string[] }) => ({
    log: state.log.map((line) => line.toUpperCase()),
  }));
  const pipe = RunnableLambda.from((state: { log: string[] }) => state.log.length)
    .pipe((length: number) => ({ log: [`length ${length}`] }))
    .withConfig({ runName: "measure", tags: ["inner-tag"], metadata: { inner: true } });
  const graph = new StateGraph(Log)
    .addNode("upper", upper as never)
    .addNode("measure", pipe as never)
    .addEdge(START, "upper")
    .addEdge("upper", "measure")
    .compile()
    .withConfig({ tags: ["graph-tag"], metadata: { graph: 1 }, runName: "named" });
  return { graph, turns: [input({ log: ["a", "b"] }, { tags: ["call-tag"], metadata: { call: 2 } })] };
});

export const context = example(
  "runtime context, configurable and metadata",
  ["context", "checkpointer", "custom-stream"],
  () => {
    const saver = new MemorySaver();
    const graph = new StateGraph(Log, z.object({ user: z.string().default("nobody") }) as never)
      .addNode("read", (state, config) => {
        const {
          context: given,
          configurable,
          executionInfo,
          metadata,
        } = config as unknown as {
          context?: { user: string };
          configurable?: Record<string, unknown>;
          executionInfo?: { nodeAttempt?: number };
          metadata?: Record<string, unknown>;
        };
        config.writer?.({
          keys: Object.keys(configurable ?? {})
            .filter((key) => !key.startsWith("__pregel"))
            .toSorted(),
        });
        return {
          log: [
            `${given?.user} ${String(configurable?.["flavour"])} ${String(metadata?.["from"])} ${executionInfo?.nodeAttempt} ${state.log.length}`,
          ],
        };
      })
      .addEdge(START, "read")
      .compile({ checkpointer: saver });
    return {
      graph,
      turns: [input({ log: [] })],
      savers: [saver],
      config: { context: { user: "ctx" }, configurable: { flavour: "mint" }, metadata: { from: "caller" } },
    };
  },
);

export const messages = example("messages written, replaced and streamed without a model", ["checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("echo", (state) => ({
      messages: [new AIMessage({ id: "fixed", content: `echo ${state.messages.length}` })],
    }))
    .addEdge(START, "echo")
    .compile({ checkpointer: saver });
  return { graph, turns: [say("one"), say("two")], savers: [saver] };
});

export const basics = [twoNodes, plain, branching, loop, zodState, runnables, context, messages];
