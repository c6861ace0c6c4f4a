import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { scriptedModel } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { builder } from "../fixtures/support.js";
import { findGraph, graphsOf, isGraph } from "./graphs.js";

const graph = builder().compile();
const agent = createAgent({ model: scriptedModel([{ say: "hi" }]), tools: [] });
const places = {
  folder: "/app",
  module: {
    graph,
    agent,
    stack: {},
    make: () => graph,
    open: new StateGraph(MessagesAnnotation).addNode("a", () => ({})).addEdge(START, "a"),
    nothing: null,
  },
  served: [{ id: "support", path: "/app/src/agent.ts", export: "served" }],
  modules: {
    load: async (path: string) => (path === "/app/src/agent.ts" ? { served: graph, default: agent } : {}),
  },
};

it("knows graphs and agents by shape", () => {
  expect([graph, agent].map(isGraph)).toEqual([true, true]);
  for (const other of [null, undefined, {}, builder(), { graph: {} }, () => graph]) expect(isGraph(other)).toBe(false);
  expect(graphsOf(places.module)).toEqual(["graph", "agent"]);
});

describe("findGraph", () => {
  it.each([
    ["graph", graph],
    ["agent", agent],
    ["support", graph],
    ["src/agent.ts#served", graph],
    ["src/agent.ts#", agent],
  ])("%s", async (name, expected) => {
    expect(await findGraph(name, places)).toBe(expected);
  });

  it.each([
    ["grap", "GRAPH_NOT_FOUND", /Did you mean "graph"\? Graphs here: graph, agent, support/],
    ["src/agent.ts#servd", "GRAPH_NOT_FOUND", /no export "servd"[\s\S]*Did you mean "served"/],
    ["src/other.ts#x", "GRAPH_NOT_FOUND", /Name it as path#export, or export it beside the stack/],
    ["make", "GRAPH_INVALID", /a function/],
    ["open", "GRAPH_INVALID", /not compiled/],
    ["stack", "GRAPH_INVALID", /an object/],
    ["nothing", "GRAPH_INVALID", /null/],
  ])("refuses %s with %s", async (name, code, message) => {
    await expect(findGraph(name, places)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
