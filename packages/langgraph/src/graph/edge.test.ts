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
const allOf = (graph: Compiled, node: string): readonly Runnable[] =>
  (graph.nodes[node]?.writers ?? []).filter((writer) => !("writes" in writer));
const ownOf = (graph: Compiled, node: string): Runnable | null =>
  ownBranch(graph.builder, node, graph.nodes[node]?.writers ?? []);

describe("LangGraph's own branch of a node", () => {
  it("is the only one of a node without conditional edges, and the first where there are some", () => {
    for (const edges of [0, 1, 3]) {
      const graph = compiled(edges);
      expect(allOf(graph, "a")).toHaveLength(edges + 1);
      expect(ownOf(graph, "a")).toBe(allOf(graph, "a")[0]);
      expect(ownOf(graph, "__start__")).toBe(allOf(graph, "__start__")[0]);
    }
  });

  it("is never the host's: where the numbers do not match, none is taken for it", () => {
    const graph = compiled(0);
    graph.attachBranch("a", "by hand", Object.values(branchOf(compiled(1)))[0], { withReader: true });
    expect(allOf(graph, "a")).toHaveLength(2);
    expect(ownOf(graph, "a")).toBeNull();
    const turned = compiled(1);
    for (const writers of [turned.nodes["a"]?.writers.toReversed() ?? [], turned.nodes["a"]?.writers.slice(1) ?? []])
      expect(ownBranch(turned.builder, "a", writers)).toBeNull();
    expect(ownBranch(undefined, "a", allOf(compiled(0), "a"))).toBeNull();
    expect(ownBranch({ branches: {} }, "toString", [])).toBeNull();
  });
});

/** The host's branches of a node, as its builder keeps them. */
const branchOf = ({ builder }: Compiled): Record<string, { path?: unknown }> =>
  (builder as { branches: Record<string, Record<string, { path?: unknown }>> }).branches["a"] ?? {};
