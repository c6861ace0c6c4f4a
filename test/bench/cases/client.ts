import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ChatOpenAI } from "@langchain/openai";
import type { Group } from "../harness.js";
import { guardStack, nodeToolStack, Quiet, reactGraph, runsOf, search, emptyStack } from "./graphs.js";
import { sevenPlugins, tenTimesAs } from "./system.js";

/** The same run through the real `@langchain/openai` client, which is what a run spends its time in. */
export async function clientRuns(rounds: number, warmup: number): Promise<{ group: Group; close(): void }> {
  const provider: ChildProcess = fork(fileURLToPath(new URL("provider.ts", import.meta.url)));
  const [url] = (await once(provider, "message")) as [string];
  const model = () => new ChatOpenAI({ model: "any", apiKey: "none", maxRetries: 0, configuration: { baseURL: url } });
  const graph = () => reactGraph(model().bindTools([search]));
  const seven = sevenPlugins("bench-client");
  const group: Group = {
    title: "A ReAct run with ten tool calls, the real OpenAI client, its server in another process",
    rounds,
    warmup,
    cases: [
      { name: "bare LangGraph", times: 2, run: runsOf(graph()) },
      { name: "bare LangGraph again", times: 2, run: runsOf(graph()) },
      { name: "empty stack", times: 2, run: runsOf(emptyStack.wrap(graph())) },
      { name: "node and tool hooks", times: 2, run: runsOf(nodeToolStack.wrap(graph())) },
      { name: "a guard, runs, tools and models observed", times: 2, run: runsOf(guardStack.wrap(graph())) },
      { name: "one LangChain callback handler", times: 2, run: runsOf(graph(), { callbacks: [new Quiet()] }) },
      { name: "all seven plugins", times: 2, run: tenTimesAs(seven, model().bindTools([search])) },
    ],
    budgets: { "empty stack": 1.02, "node and tool hooks": 1.05, "all seven plugins": 1.08 },
    limits: { "empty stack": 1.05, "node and tool hooks": 1.12, "all seven plugins": 1.6 },
  };
  return { group, close: () => provider.disconnect() };
}
