import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { createStack } from "../stack.js";

describe("a wrapped graph's tool node", () => {
  it("shows its tools where the host's graph did, and they are governed", () => {
    const search = tool(async () => "found", { name: "search", description: "Searches." });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([search]))
      .addEdge("__start__", "tools")
      .compile();
    const wrapped = createStack({ plugins: [] }).wrap(graph);
    const { tools } = wrapped.nodes.tools.bound as unknown as ToolNode;
    expect(tools).toMatchObject([{ name: "search", description: "Searches." }]);
    expect(tools[0]).not.toBe(search);
  });
});
