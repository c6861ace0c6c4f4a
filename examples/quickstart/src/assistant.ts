import type { ChatOpenAI } from "@langchain/openai";
import { createStack, metrics, security } from "graphtap";
import { shopTools } from "./tools.js";

/** The assistant and the stack around it. Nobody's identity is in here: who runs it is said per run. */
export async function createAssistant(llm: ChatOpenAI) {
  const stack = createStack({
    name: "shop",
    plugins: [metrics(), security({ tools: { lookup_order: { level: "read" }, refund: { level: "write" } } })],
  });
  const assistant = await stack.createWorkflow({
    name: "assistant",
    mode: "tools",
    llm,
    systemMessage: "You answer questions about orders of a small shop. Use the tools; never guess.",
    tools: shopTools(),
    enableMemory: true,
    memoryWindow: 20,
  });
  return { stack, assistant };
}

export type Assistant = Awaited<ReturnType<typeof createAssistant>>;
