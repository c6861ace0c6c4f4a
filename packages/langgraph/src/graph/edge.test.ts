import { type Runnable, RunnableLambda } from "@langchain/core/runnables";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { ownBranch } from "./edge.js";

interface Compiled {
  readonly builder: unknown;
  readonly nodes: Readonly<Record<string, { readonly writers: readonly Runnable[] }>>;
  attachBranch(start: string, name: string, branch: unknown, options: { withReader: boolean }): void;
}

const compiled = (edges: number): Compiled => {
  const graph = new StateGraph(MessagesAnnotation).addNode("a", () => ({})).addEdge(START, "a");
  for (let edge = 0; edge < edges; edge++)
    graph.addConditionalEdges(
      "a",
      Object.assign(
        RunnableLambda.from(() => END),
        { name: `to${edge}` },
      ),
    );
  return graph.compile() as unknown as Compiled;
};
const branchesOf = (graph: Compiled, node: string): readonly Runnable[] =>
  (graph.nodes[node]?.writers ?? []).filter((writer) => !("writes" in writer));
const ownOf = (graph: Compiled, node: string): Runnable | null =>
  ownBranch(graph.builder, node, graph.nodes[node]?.writers ?? []);

describe("LangGraph's own branch of a node", () => {
  it("is the only one of a node without conditional edges, and the first where there are some", () => {
    for (const edges of [0, 1, 3]) {
      const graph = compiled(edges);
      expect(branchesOf(graph, "a")).toHaveLength(edges + 1);
      expect(ownOf(graph, "a")).toBe(branchesOf(graph, "a")[0]);
      expect(ownOf(graph, "__start__")).toBe(branchesOf(graph, "__start__")[0]);
    }
  });

  it("is never the host's: where the numbers do not match, none is taken for it", () => {
    const graph = compiled(0);
    graph.attachBranch("a", "by hand", Object.values(branchOf())[0], { withReader: true });
    expect(branchesOf(graph, "a")).toHaveLength(2);
    expect(ownOf(graph, "a")).toBeNull();
    expect(ownBranch(undefined, "a", branchesOf(compiled(0), "a"))).toBeNull();
    expect(ownBranch({ branches: {} }, "toString", [])).toBeNull();
  });
});

/** A branch of the host's, as its builder keeps it. */
function branchOf(): Record<string, unknown> {
  const graph = new StateGraph(MessagesAnnotation).addNode("a", () => ({})).addEdge(START, "a");
  graph.addConditionalEdges("a", () => END);
  return (graph as unknown as { branches: Record<string, Record<string, unknown>> }).branches["a"] ?? {};
}
