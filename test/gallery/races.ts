import { Annotation, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { example, input } from "./make.js";
import type { Example } from "./types.js";

/**
 * Graphs whose branches race each other by single turns: their chunks come in another order as soon as something adds a
 * turn to one of them. Not for stacks that have to wait for somebody.
 */

const Log = Annotation.Root({ log: Annotation<unknown[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
type State = typeof Log.State;
type Config = { writer?: (chunk: unknown) => void };

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

/** A node that writes to the stream after so many turns, and ends after some more. */
const racer =
  (name: string, before: number, after = 0) =>
  async (_state: State, config: Config) => {
    await turns(before);
    config.writer?.(name);
    await turns(after);
    return { log: [name] };
  };

const beside = (graph: unknown, count: number, pace: number, body = racer) => {
  let made = graph as { addNode(name: string, node: unknown): typeof made; addEdge(from: string, to: string): void };
  for (let at = 0; at < count; at++) {
    made = made.addNode(`racer ${at}`, body(`racer ${at}`, at * pace));
    made.addEdge(START, `racer ${at}`);
  }
};

const level = (depth: number): object => {
  const graph = new StateGraph(Log).addNode("first", racer(`level ${depth}`, 1)).addEdge(START, "first");
  if (depth === 0) return graph.compile();
  return graph
    .addNode("below", level(depth - 1) as never)
    .addEdge("first", "below")
    .compile();
};

export const microtasks = example("branches a turn apart", ["parallel", "custom-stream"], () => {
  const graph = new StateGraph(Log);
  beside(graph, 9, 1, (name, before) => racer(name, before, 9 - before));
  return { graph: graph.compile(), turns: [input({ log: [] })] };
});

export const againstSubgraph = example(
  "nodes that race subgraphs three levels deep",
  ["parallel", "subgraph", "custom-stream", "checkpointer"],
  () => {
    const saver = new MemorySaver();
    const graph = new StateGraph(Log).addNode("levels", level(2) as never).addEdge(START, "levels");
    beside(graph, 8, 13);
    return { graph: graph.compile({ checkpointer: saver }), turns: [input({ log: [] })], savers: [saver] };
  },
);

export const againstFailure = example(
  "nodes that race a failing one",
  ["parallel", "errors", "custom-stream", "checkpointer"],
  () => {
    const saver = new MemorySaver();
    const graph = new StateGraph(Log)
      .addNode("fails", async () => {
        await turns(10);
        throw new Error("lost the race");
      })
      .addEdge(START, "fails");
    beside(graph, 8, 3);
    return { graph: graph.compile({ checkpointer: saver }), turns: [input({ log: [] })], savers: [saver] };
  },
);

export const races: readonly Example[] = [microtasks, againstSubgraph, againstFailure];
