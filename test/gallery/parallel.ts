import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import { Annotation, Command, InMemoryStore, MemorySaver, Send, START, StateGraph } from "@langchain/langgraph";
import { example, input, later } from "./make.js";

const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  items: Annotation<number[]>(),
});

export const parallelSend = example("parallel Send", ["send", "parallel", "checkpointer", "custom-stream"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("split", () => ({ log: ["split"] }))
    .addNode("work", async (task: { n: number }, config) => {
      config.writer?.({ working: task.n });
      return { log: [`work ${task.n}`] };
    })
    .addNode("join", (state) => ({ log: [`join ${state.log.length}`] }))
    .addEdge(START, "split")
    .addConditionalEdges("split", (state) => state.items.map((n) => new Send("work", { n })), ["work"])
    .addEdge("work", "join")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ items: [1, 2, 3, 4] })], savers: [saver] };
});

export const fanOut = example("fan out, fan in, deferred join", ["parallel", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("a", () => ({ log: ["a"] }))
    .addNode("b", async () => {
      await later();
      return { log: ["b"] };
    })
    .addNode("b2", () => ({ log: ["b2"] }))
    .addNode("join", (state) => ({ log: [`join ${state.log.join()}`] }), { defer: true })
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge("b", "b2")
    .addEdge("a", "join")
    .addEdge("b2", "join")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ items: [] })], savers: [saver], config: { durability: "sync" } };
});

export const commandSend = example("Commands that send, with maxConcurrency", ["send", "command", "parallel"], () => {
  const graph = new StateGraph(Log)
    .addNode(
      "plan",
      () =>
        new Command({
          update: { log: ["plan"] },
          goto: [new Send("work", { n: 7 }), new Send("work", { n: 8 }), "tail"],
        }),
      { ends: ["work", "tail"] },
    )
    .addNode("work", async (task: { n: number }) => ({ log: [`work ${task.n}`] }))
    .addNode("tail", () => ({ log: ["tail"] }))
    .addEdge(START, "plan")
    .compile();
  return { graph, turns: [input({ items: [] })], config: { maxConcurrency: 1 } };
});

export const cached = example(
  "node cache",
  ["cache"],
  () => {
    const effects: unknown[] = [];
    const graph = new StateGraph(Log)
      .addNode(
        "costly",
        (state) => {
          effects.push({ computed: state.items });
          return { log: [`sum ${state.items.reduce((a: number, b: number) => a + b, 0)}`] };
        },
        { cachePolicy: { keyFunc: (args: unknown) => JSON.stringify(args), ttl: 60 } },
      )
      .addNode("after", () => ({ log: ["after"] }))
      .addEdge(START, "costly")
      .addEdge("costly", "after")
      .compile({ cache: new InMemoryCache() });
    return { graph, turns: [input({ items: [1, 2] }), input({ items: [1, 2] }), input({ items: [3] })], effects };
  },
  {
    "events-v2":
      "LangGraph leaves an abort listener behind where a step's only task was cached, and streamEvents v2 aborts at its end: an unhandled rejection",
  },
);

export const stored = example("store across threads", ["store", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("remember", async (state, config) => {
      const { store } = config;
      const before = await store?.get(["people", "ann"], "seen");
      await store?.put(["people", "ann"], "seen", { items: state.items });
      return { log: [JSON.stringify(before?.value ?? null)] };
    })
    .addEdge(START, "remember")
    .compile({ checkpointer: saver, store: new InMemoryStore() });
  return { graph, turns: [input({ items: [1] }), input({ items: [2] })], savers: [saver] };
});

export const exitDurability = example("durability exit", ["checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("a", () => ({ log: ["a"] }))
    .addNode("b", () => ({ log: ["b"] }))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ items: [1] })], savers: [saver], config: { durability: "exit" } };
});

export const parallel = [parallelSend, fanOut, commandSend, cached, stored, exitDurability];
