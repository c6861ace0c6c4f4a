import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import { audit, GraphTapError, metrics, silentLogger } from "graphtap";
import { createSmallStack } from "./stack.js";

const TEXTS = [
  "Please translate: see TCK-004217, or write to tom@example.com.",
  "Please translate: Project Bluebird starts on Monday.",
  "Please translate: good morning.",
] as const;

/** A graph of one's own, wrapped as it is; then what each of the three plugins saw. */
export async function customStack(print: (text: string) => void): Promise<void> {
  await using stack = createSmallStack(silentLogger);
  // The host's model and graph, as they would be without any plugin.
  const model = stack.wrapModel(scriptedModel((messages) => ({ say: `(in French) ${messages.at(-1)?.text ?? ""}` })));
  const graph = stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("translate", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addEdge(START, "translate")
      .compile(),
  );
  for (const text of TEXTS) {
    print(`> ${text}`);
    try {
      const { messages } = await graph.invoke({ messages: [{ role: "user", content: text }] });
      print(`  ${messages.at(-1)?.text ?? ""}`);
    } catch (error) {
      if (!GraphTapError.isInstance(error)) throw error;
      print(`  refused: ${error.code}`);
    }
  }
  print(`\n${String(stack.get(metrics).report())}`);
  for (const { event, code, details } of stack.get(audit).query({ class: "denial" }).entries.toReversed())
    print([event, code ?? "", details === null ? "" : JSON.stringify(details)].join("  ").trimEnd());
  print(`\n${stack.inspect().toTree()}`);
}
