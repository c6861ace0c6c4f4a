import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { scriptedModel } from "@graphtap/testkit";
import { audit, composition, content, createStack, dashboard, metrics, perf, security } from "graphtap";
import {
  contextEditingMiddleware,
  createAgent,
  humanInTheLoopMiddleware,
  modelCallLimitMiddleware,
  modelRetryMiddleware,
  piiMiddleware,
  summarizationMiddleware,
  toolCallLimitMiddleware,
  toolRetryMiddleware,
} from "langchain";
import { z } from "zod";

const INPUT = { messages: [{ role: "user" as const, content: "go" }] };
const CONFIG = { recursionLimit: 500 };

const search = tool(async ({ q }) => `3 articles about ${q}`, {
  name: "search",
  description: "Search the help centre.",
  schema: z.object({ q: z.string() }),
});
const tenTimes = () =>
  scriptedModel((messages) => {
    const done = messages.filter((message) => message.type === "tool").length;
    return done < 10 ? { call: { name: "search", args: { q: `question ${done}` } } } : { say: "done" };
  });

/** A ReAct loop around a model that is given. */
function reactGraph(model: { invoke(messages: never, config?: never): Promise<unknown> }) {
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({
      messages: [(await model.invoke(state.messages as never, config as never)) as never],
    }))
    .addNode("tools", new ToolNode([search]))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile();
}

const stack = createStack({
  name: "bench-all",
  plugins: [
    metrics(),
    security({ tools: { search: { level: "read" } }, loop: { maxCalls: 1_000, maxCallsPerTool: 1_000 } }),
    content(),
    audit(),
    perf({ compression: { maxTokens: 50_000 } }),
    composition(),
    dashboard(),
  ],
});
stack.get(security).grantToolPermission({ userId: "alice", toolName: "search", permissionLevel: "read" });
const wrapped = stack.wrap(reactGraph(stack.wrapModel(tenTimes().bindTools([search]))));
const bare = reactGraph(tenTimes().bindTools([search]));

/** LangChain's types of these take nothing under strict settings. */
const made = (make: unknown, ...options: readonly unknown[]): unknown =>
  (make as (...given: readonly unknown[]) => unknown)(...options);
/** Eight that LangChain ships, none of which has anything to do here. */
const eight = [
  made(summarizationMiddleware, { model: tenTimes(), trigger: { tokens: 50_000 } }),
  made(humanInTheLoopMiddleware, { interruptOn: {} }),
  made(piiMiddleware, "email", { applyToOutput: true }),
  made(modelCallLimitMiddleware, { runLimit: 1_000 }),
  made(toolCallLimitMiddleware, { runLimit: 1_000 }),
  made(modelRetryMiddleware, { maxRetries: 1 }),
  made(toolRetryMiddleware, { maxRetries: 1 }),
  made(contextEditingMiddleware),
];
const stock = createAgent({ model: tenTimes(), tools: [search], middleware: eight as never });
const agent = createAgent({ model: tenTimes(), tools: [search] });

/** Ten tool calls: bare, with all seven plugins, and what LangChain's own middleware makes of its agent. */
export const systemRuns = {
  bare: () => bare.invoke(INPUT, CONFIG),
  all: () => wrapped.invoke(INPUT, stack.as({ userId: "alice" }, CONFIG)),
  agent: () => agent.invoke(INPUT, CONFIG),
  stock: () => stock.invoke(INPUT as never, CONFIG as never),
};
