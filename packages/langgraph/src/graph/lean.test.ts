import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Runnable } from "@langchain/core/runnables";
import { Annotation, Command, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { scriptedModel } from "@graphtap/testkit";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createStack } from "../index.js";
import { lean, leanWriter } from "./lean.js";

/** Whether the code that asks runs in a run tree that was made for it. */
const inTree = (): boolean => {
  const store = AsyncLocalStorageProviderSingleton.getInstance().getStore() as object | undefined;
  return store !== undefined && Object.hasOwn(store, "dotted_order");
};

const State = Annotation.Root({
  n: Annotation<number>,
  trees: Annotation<boolean[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
const graph = () =>
  new StateGraph(State)
    .addNode("a", () => ({ n: 1, trees: [inTree()] }))
    .addNode("b", () => new Command({ update: { n: 2, trees: [inTree()] }, goto: "c" }), { ends: ["c"] })
    .addNode("c", ({ n }) => ({ n: n + 1, trees: [inTree()] }))
    .addEdge(START, "a")
    .addConditionalEdges("a", () => "b", ["b"])
    .compile();

const writersOf = (node: unknown): readonly Runnable[] => (node as { writers: readonly Runnable[] }).writers;
const boundOf = (node: unknown): Runnable => (node as { bound: Runnable }).bound;

describe("a wrapped graph's steps", () => {
  it("run without the run trees that the bare graph's are given, to the same end", async () => {
    const bare = await graph().invoke({ n: 0 });
    const wrapped = await createStack({ plugins: [] }).wrap(graph()).invoke({ n: 0 });
    expect(bare).toEqual({ n: 3, trees: [true, true, true] });
    expect(wrapped).toEqual({ n: 3, trees: [false, false, false] });
  });

  it("keep what they are: class, name, tags, writes", () => {
    for (const [name, node] of Object.entries(graph().nodes)) {
      for (const writer of writersOf(node)) {
        const made = leanWriter(writer);
        expect([name, made.constructor, made.getName(), made.lc_id]).toEqual([
          name,
          writer.constructor,
          writer.getName(),
          writer.lc_id,
        ]);
        const { config, writes } = made as unknown as { config?: object; writes?: readonly object[] };
        expect([config, writes?.length]).toEqual([
          (writer as { config?: object }).config,
          (writer as unknown as { writes?: readonly object[] }).writes?.length,
        ]);
      }
    }
  });

  it("are left alone where they are traced, or of another class", () => {
    const bound = boundOf(graph().nodes.a);
    expect(lean(bound)).not.toBe(bound);
    for (const other of [
      Object.assign(Object.create(bound) as Runnable, { trace: true }),
      Object.assign(Object.create(bound) as Runnable, { invoke: () => Promise.resolve() }),
      scriptedModel([]),
    ])
      expect(lean(other)).toBe(other);
    const search = tool(() => "", { name: "search", description: "d", schema: z.object({}) });
    // langchain's steps have a class of the same name with another invoke.
    const agent = createAgent({ model: scriptedModel([]), tools: [search] }).graph;
    for (const node of Object.values(agent.nodes as Record<string, unknown>)) {
      const step = boundOf(node);
      if ("getState" in step) expect(lean(step)).toBe(step);
    }
    expect(Object.keys(agent.nodes)).toContain("tools");
    const node = new ToolNode([search]) as unknown as Runnable & { tools: unknown[] };
    expect((lean(node) as typeof node).tools).toBe(node.tools);
  });
});
