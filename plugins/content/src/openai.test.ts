import { createStack } from "@graphtap/langgraph";
import { openAIServer } from "@graphtap/testkit";
import { ChatOpenAI } from "@langchain/openai";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { tool } from "@langchain/core/tools";
import { isDenied } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { content } from "./index.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
const MASK = "[hidden:openai-key]";

describe("the real OpenAI client against a local server", () => {
  it("streams nothing of a key, in text or in the arguments of a call", async () => {
    let sent = "";
    const pay = tool(({ note }) => `paid, ${note}`, {
      name: "pay",
      description: "Pays.",
      schema: z.object({ note: z.string() }),
    });
    await using server = await openAIServer({
      script: ({ messages }) => {
        sent += JSON.stringify(messages);
        return messages.at(-1)?.role === "tool"
          ? { say: `I used ${KEY}, done.`, chunks: [..."I used ", ...KEY, ", done", "."] }
          : { say: "Let me pay.", call: { name: "pay", args: { note: `with ${KEY}` } } };
      },
    });
    await using stack = createStack({ plugins: [content()] });
    const model = stack.wrapModel(
      new ChatOpenAI({ model: "any", apiKey: "none", maxRetries: 0, configuration: { baseURL: server.url } }).bindTools(
        [pay],
      ),
    );
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
        .addNode("tools", new ToolNode([pay]))
        .addEdge(START, "agent")
        .addConditionalEdges("agent", toolsCondition)
        .addEdge("tools", "agent")
        .compile(),
    );
    const input = { messages: [{ role: "user", content: `pay with ${KEY}` }] };
    const who = stack.as({ userId: "alice" });
    let text = "";
    for await (const [mode, chunk] of await graph.stream(input, { ...who, streamMode: ["messages", "updates"] })) {
      expect(JSON.stringify(chunk)).not.toContain("Zq8X");
      if (mode === "messages" && chunk[0].type === "ai") text += chunk[0].text;
    }
    expect(text).toBe(`Let me pay.I used ${MASK}, done.`);
    const out = await graph.invoke(input, who);
    // What was hidden in the arguments on their way out of the model is refused at the tool, not sent with a hole in it.
    expect(out.messages.find(isDenied)?.text).toMatch(/^CONTENT_BLOCKED: The arguments/);
    expect(JSON.stringify(out)).not.toContain("Zq8X");
    expect(sent).toContain(MASK);
    expect(sent).not.toContain("Zq8X");
  });
});
