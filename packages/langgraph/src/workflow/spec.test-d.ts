import { tool } from "@langchain/core/tools";
import { Document } from "@langchain/core/documents";
import type { BaseRetriever } from "@langchain/core/retrievers";
import { CompiledStateGraph, MemorySaver } from "@langchain/langgraph";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import { createStack, type WorkflowSpec } from "../index.js";

const stack = createStack({ plugins: [] });
const llm = new ChatOpenAI({ model: "gpt-5-mini" });
const search = tool(async ({ q }) => `3 articles about ${q}`, {
  name: "search",
  description: "",
  schema: z.object({ q: z.string() }),
});
declare const retriever: BaseRetriever;
declare const maybe: number | undefined;
const ask = (content: string) => ({ messages: [{ role: "user", content }] });

// As in the README.
const qa = await stack.createWorkflow({
  mode: "tools",
  llm,
  systemMessage: "You answer.",
  tools: [search],
  enableMemory: true,
  memoryWindow: 20,
});
const out = await qa.invoke(ask("Where is my order?"), stack.as({ userId: "alice", conversationId: "c-9" }));
const text: string | undefined = out.messages.at(-1)?.text;
const source: unknown = out.context[0]?.metadata["source"];
for await (const [mode, chunk] of await qa.stream(
  ask("hi"),
  stack.as({ userId: "alice" }, { streamMode: ["values", "messages"] }),
)) {
  if (mode === "messages") chunk[0].text.trim();
}
for await (const update of await qa.stream(ask("hi"), { streamMode: "updates" })) update.model?.messages;
qa satisfies CompiledStateGraph<any, any, any, any, any>;
stack.wrap(qa) satisfies typeof qa;
await qa.getState(stack.as({ userId: "alice" }));

// Every mode, in both spellings.
stack.createWorkflow({ llm });
stack.createWorkflow({ model: llm, systemPrompt: "x", memoryWindow: maybe, checkpointer: new MemorySaver() });
stack.createWorkflow({ mode: "rag", llm: llm.withConfig({ tags: ["a"] }), retriever });
stack.createWorkflow({ mode: "rag", llm, retriever: { invoke: async (q) => [new Document({ pageContent: q })] } });
stack.createWorkflow({ mode: "full", llm, retriever, tools: [search, { type: "web_search" }] });
const kept: WorkflowSpec = { mode: "full", llm, retriever, tools: [search] };
stack.createWorkflow(kept);

// @ts-expect-error a workflow that retrieves needs a retriever
stack.createWorkflow({ mode: "rag", llm });
// @ts-expect-error a workflow that calls tools needs tools
stack.createWorkflow({ mode: "tools", llm });
// @ts-expect-error full needs both
stack.createWorkflow({ mode: "full", llm, tools: [search] });
// @ts-expect-error plain uses no tools
stack.createWorkflow({ mode: "plain", llm, tools: [search] });
// @ts-expect-error no such mode
stack.createWorkflow({ mode: "agent", llm });
// @ts-expect-error a model is needed
stack.createWorkflow({ mode: "plain" });
// @ts-expect-error llm and model are two words for one thing
stack.createWorkflow({ llm, model: llm });
// @ts-expect-error systemMessage and systemPrompt are two words for one thing
stack.createWorkflow({ llm, systemMessage: "a", systemPrompt: "b" });
// @ts-expect-error nobody runs a workflow at its creation
stack.createWorkflow({ llm, userId: "alice" });
// @ts-expect-error the option is called memoryWindow
stack.createWorkflow({ llm, memory_window: 20 });
// @ts-expect-error tools are a list
stack.createWorkflow({ mode: "tools", llm, tools: search });
// @ts-expect-error documents come from the retriever, not from a caller
qa.invoke({ ...ask("x"), context: [] });
