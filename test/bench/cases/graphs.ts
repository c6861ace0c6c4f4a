import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { createStack, definePlugin, hooks, type PluginApi } from "@graphtap/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import { createAgent, createMiddleware } from "langchain";
import { z } from "zod";

const INPUT = { messages: [{ role: "user" as const, content: "go" }] };
const CONFIG = { recursionLimit: 200 };

export const search = tool(async ({ q }) => `3 articles about ${q}`, {
  name: "search",
  description: "Search the help centre.",
  schema: z.object({ q: z.string() }),
});

/** A model that asks for the tool ten times, one at a time, and then answers. */
export const tenTimes = () =>
  scriptedModel((messages) => {
    const done = messages.filter((m) => m.type === "tool").length;
    return done < 10 ? { call: { name: "search", args: { q: `question ${done}` } } } : { say: "done" };
  });

interface Model {
  invoke(messages: BaseMessage[], config?: RunnableConfig): Promise<BaseMessage>;
}

/** A ReAct loop as a user writes it: the model is closed over in a node. */
export function reactGraph(model: Model = tenTimes().bindTools([search])) {
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode([search]))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile();
}

/** Two nodes that do nothing. */
export function idleGraph() {
  return new StateGraph(MessagesAnnotation)
    .addNode("a", () => ({}))
    .addNode("b", () => ({}))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .compile();
}

const plugin = (name: string, setup: (api: PluginApi) => void) =>
  definePlugin({ name, version: "1.0.0", identity: "none", setup })();

export const emptyStack = createStack({ name: "empty", plugins: [] });
/** Around and observers of nodes and tools. */
export const nodeToolStack = createStack({
  name: "node-tool",
  plugins: [
    plugin("bench-node-tool", (api) => {
      api.tap(hooks.node.call, (request, next) => next(request));
      api.tap(hooks.node.start, () => undefined);
      api.tap(hooks.node.end, () => undefined);
      api.tap(hooks.tool.call, (request, next) => next(request));
    }),
  ],
});
/** A guard and an observer of everything: what a metering and permission stack taps. */
export const guardStack = createStack({
  name: "guard",
  plugins: [
    plugin("bench-guard", (api) => {
      api.tap(hooks.tool.authorize, () => undefined);
      for (const hook of [
        hooks.run.start,
        hooks.run.end,
        hooks.tool.start,
        hooks.tool.end,
        hooks.tool.denied,
        hooks.model.start,
        hooks.model.end,
      ])
        api.tap(hook as typeof hooks.run.end, () => undefined);
    }),
  ],
});

export class Quiet extends BaseCallbackHandler {
  override name = "quiet";
  override handleToolStart(): void {}
  override handleChainStart(): void {}
}

const wrapOnly = (name: string) =>
  createMiddleware({
    name,
    wrapToolCall: (request, handler) => handler(request),
    wrapModelCall: (request, handler) => handler(request),
  });
const beforeAfter = (name: string) =>
  createMiddleware({ name, beforeModel: () => undefined, afterModel: () => undefined });
const agent = (middleware: ReturnType<typeof wrapOnly>[]) =>
  createAgent({ model: tenTimes(), tools: [search], middleware });

const runs =
  (graph: { invoke(input: typeof INPUT, config: object): Promise<unknown> }, config: object = CONFIG) =>
  () =>
    graph.invoke(INPUT, config);
export const runsOf = (graph: Parameters<typeof runs>[0], config: object = {}) => runs(graph, { ...CONFIG, ...config });

/** The graph as it is, and what each way of hooking it costs. */
export const idleRuns = {
  bare: runs(idleGraph()),
  again: runs(idleGraph()),
  empty: runs(emptyStack.wrap(idleGraph())),
};
export const reactRuns = {
  bare: runs(reactGraph()),
  again: runs(reactGraph()),
  empty: runs(emptyStack.wrap(reactGraph())),
  nodeTool: runs(nodeToolStack.wrap(reactGraph())),
  guard: runs(guardStack.wrap(reactGraph())),
  callbacks: runs(reactGraph(), { ...CONFIG, callbacks: [new Quiet()] }),
};
export const agentRuns = {
  bare: runs(agent([])),
  wrapped: runs(nodeToolStack.wrap(createAgent({ model: tenTimes(), tools: [search] }))),
  wrapOnly: runs(agent([wrapOnly("w1")])),
  beforeAfter: runs(agent([beforeAfter("b1") as never])),
  beforeAfter5: runs(agent([1, 2, 3, 4, 5].map((i) => beforeAfter(`b${i}`) as never))),
};
