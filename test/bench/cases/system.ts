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
import { reactGraph, search, tenTimes } from "./graphs.js";

const INPUT = { messages: [{ role: "user" as const, content: "go" }] };
const CONFIG = { recursionLimit: 500 };

/** A stack of all seven, in which alice may use the tool. */
export function sevenPlugins(name: string) {
  const stack = createStack({
    name,
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
  return stack;
}

/** Alice's run through a stack, with its model governed as well. */
export function tenTimesAs(stack: ReturnType<typeof sevenPlugins>, model: Parameters<typeof reactGraph>[0] & object) {
  const graph = stack.wrap(reactGraph(stack.wrapModel(model)));
  return () => graph.invoke(INPUT, stack.as({ userId: "alice" }, CONFIG));
}

const wrapped = tenTimesAs(sevenPlugins("bench-all"), tenTimes().bindTools([search]));
const bare = reactGraph();

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
  all: wrapped,
  agent: () => agent.invoke(INPUT, CONFIG),
  stock: () => stock.invoke(INPUT as never, CONFIG as never),
};
