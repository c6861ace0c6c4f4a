import { format } from "node:util";
import { createStack, isDenied } from "@graphtap/langgraph";
import { metrics } from "@graphtap/metrics";
import { security } from "@graphtap/security";
import { scriptedModel } from "@graphtap/testkit";
import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { expect, it } from "vitest";
import { z } from "zod";

it("wraps a graph as it is: two users at once, one allowed, one denied, and a report of it", async () => {
  const printed: string[] = [];
  const print = (...values: unknown[]): void => void printed.push(format(...values));

  // --- the graph, as it is
  const search = tool(async ({ q }) => `3 articles about ${q}`, {
    name: "search",
    description: "Search the help centre.",
    schema: z.object({ q: z.string() }),
  });
  const refund = tool(async ({ orderId }) => `refunded ${orderId}`, {
    name: "refund",
    description: "Pay an order back.",
    schema: z.object({ orderId: z.string() }),
  });
  const model = scriptedModel((messages) =>
    messages.at(-1)?.type === "human"
      ? { call: { name: "refund", args: { orderId: "A-17" } } }
      : { say: `Result: ${messages.at(-1)?.text}` },
  ).bindTools([search, refund]);
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode([search, refund]))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile({ checkpointer: new MemorySaver() });

  // --- the stack
  const stack = createStack({
    name: "support",
    plugins: [metrics(), security({ tools: { search: { level: "read" }, refund: { level: "write" } } })],
  });
  const support = stack.wrap(graph);
  stack.get(security).grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });

  // --- two users, one graph, at the same time
  const ask = (content: string) => ({ messages: [{ role: "user", content }] });
  const [a, b] = await Promise.all([
    support.invoke(ask("refund order A-17"), stack.as({ userId: "alice", conversationId: "c-1" })),
    support.invoke(ask("refund order A-17"), stack.as({ userId: "bob", conversationId: "c-2" })),
  ]);
  print(a.messages.at(-1)?.text);
  print(b.messages.at(-1)?.text);
  print(b.messages.filter(isDenied).length);
  print(stack.get(metrics).report({ hours: 24 }));
  for (const e of await stack.get(security).getAuditLog({ userId: "bob", hours: 24 }))
    print(e.tool, e.decision, e.code, e.reason);
  await stack.dispose();

  // The one figure that depends on the machine.
  const lines = printed
    .join("\n")
    .replace(/ +(?:<1|\d+) ms$/m, "   1 ms")
    .split("\n");
  // What the model itself reported, added up from the messages of both conversations.
  const used = [...a.messages, ...b.messages].flatMap((m) => (AIMessage.isInstance(m) ? (m.usage_metadata ?? []) : []));
  const sum = (part: "input_tokens" | "output_tokens"): number => used.reduce((total, usage) => total + usage[part], 0);
  expect(used).toHaveLength(4);
  expect(lines).toEqual([
    "Result: refunded A-17",
    'Result: PERMISSION_NOT_GRANTED: "refund" is not available to you; do not retry, answer without it.',
    "1",
    `runs  2 ok                          tokens  scripted/script-1  in ${sum("input_tokens")}  out ${sum("output_tokens")}   cost n/a (no price)`,
    "tool     calls  ok  failed  denied    p50       who denied: bob 1 (PERMISSION_NOT_GRANTED)",
    "refund       2   1       0       1   1 ms",
    'refund denied PERMISSION_NOT_GRANTED no grant of "refund" for user "bob" (default deny, policy v2)',
  ]);
});
