import type { Stack } from "@graphtap/langgraph";
import { type BaseMessage, AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Command, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { z } from "zod";
import { scriptedModel, type ScriptedModel } from "../model/scripted-model.js";
import type { Step } from "../script/step.js";
import { scriptedTool } from "../tool/scripted-tool.js";

type BareStack = Pick<Stack, "wrap" | "wrapModel">;

/** What the model does, by the first word of the request. */
const ANSWERS: Readonly<Record<string, (text: string) => Step>> = {
  echo: (text) => ({
    calls: [
      { name: "kit_echo", args: { text: `${text} one` } },
      { name: "kit_echo", args: { text: `${text} two` } },
    ],
  }),
  ask: (text) => ({ calls: [{ name: "kit_ask", args: { text } }] }),
  wait: (text) => ({ calls: [{ name: "kit_wait", args: { text } }] }),
  hop: () => ({ call: { name: "kit_hop" } }),
  hang: () => ({ hang: true }),
  fail: (text) => ({ calls: [{ name: "kit_fail", args: { text } }] }),
};

function answer(messages: readonly BaseMessage[]): Step {
  const from = messages.findLastIndex((message) => message.type === "human");
  const text = messages[from]?.text ?? "";
  const results = messages.slice(from + 1).filter((message) => message.type === "tool");
  const step = ANSWERS[text.split(" ", 1)[0] ?? ""];
  if (results.length > 0 || step === undefined)
    return { say: `answer to ${text}: ${results.map((message) => message.text).join(" and ")}` };
  return step(text);
}

const schema = z.object({ text: z.string() });

const makeTools = () => [
  scriptedTool("kit_echo", ({ text }) => `echo of ${text}`, { schema, metadata: { permissionLevel: "read" } }),
  scriptedTool("kit_ask", ({ text }) => `human said ${String(interrupt({ question: text }))}`, {
    schema,
    metadata: { permissionLevel: "read" },
  }),
  scriptedTool("kit_wait", ({ text }) => text, { schema, delayMs: 600_000, metadata: { permissionLevel: "read" } }),
  scriptedTool("kit_fail", () => new Error("kit_fail always fails"), { schema, metadata: { permissionLevel: "read" } }),
  scriptedTool(
    "kit_hop",
    (_args, call) => new Command({ graph: Command.PARENT, goto: "other", update: { messages: [hopped(call)] } }),
    { metadata: { permissionLevel: "read" } },
  ),
];

/** ToolNode hands the call itself on in the config of the tool. */
const hopped = (call: unknown): ToolMessage =>
  new ToolMessage({
    content: "hopped",
    tool_call_id: (call as { toolCall?: { id?: string } } | undefined)?.toolCall?.id ?? "kit",
  });

/** An ordinary agent: a model, a ToolNode, a loop. Its model is governed, so that every hook of the stack is reached. */
function agent(stack: BareStack) {
  const tools = makeTools();
  const model: ScriptedModel = stack.wrapModel(scriptedModel(answer).bindTools(tools));
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode(tools))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent");
}

export const wrappedAgent = (stack: BareStack) =>
  stack.wrap(agent(stack).compile({ name: "kit", checkpointer: new MemorySaver() }));
export type WrappedAgent = ReturnType<typeof wrappedAgent>;

/** The same agent as a node of another graph. */
export const nestedAgent = (stack: BareStack): WrappedAgent =>
  stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("inner", agent(stack).compile({ name: "kit" }))
      .addEdge(START, "inner")
      .compile({ name: "kit-outer", checkpointer: new MemorySaver() }),
  ) as unknown as WrappedAgent;

/** The agent as a node of a graph in which one of its tools hands over to another node. */
export const handingOver = (stack: BareStack): WrappedAgent =>
  stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("inner", agent(stack).compile({ name: "kit" }), { ends: ["other"] })
      .addNode("other", () => ({ messages: [new AIMessage("reached the other agent")] }))
      .addEdge(START, "inner")
      .compile({ name: "kit-hand-over", checkpointer: new MemorySaver() }),
  ) as unknown as WrappedAgent;

/** A model that never answers and a tool that takes ten minutes. */
export const endless = (stack: Pick<Stack, "wrapModel" | "wrapTool">) => ({
  model: stack.wrapModel(scriptedModel(() => ({ hang: true }))),
  tool: stack.wrapTool(
    scriptedTool("kit_wait", "late", { schema, delayMs: 600_000, metadata: { permissionLevel: "read" } }),
  ),
});

export const say = (text: string): { messages: BaseMessage[] } => ({ messages: [new HumanMessage(text)] });

/** What matters of a message: no ids, no metadata. */
export interface Essence {
  readonly type: string;
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
  readonly status: string | null;
}

export function essence(messages: readonly BaseMessage[]): readonly Essence[] {
  return messages.map((message) => ({
    type: message.type,
    text: message.text,
    calls: ((message as { tool_calls?: { name: string; args: unknown }[] }).tool_calls ?? []).map(({ name, args }) => ({
      name,
      args,
    })),
    status: message.type === "tool" ? ((message as ToolMessage).status ?? "success") : null,
  }));
}
