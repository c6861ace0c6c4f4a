import { ChatGenerationChunk } from "@langchain/core/outputs";
import { AIMessageChunk } from "@langchain/core/messages";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { openAIServer } from "@graphtap/testkit";
import { ChatOpenAI } from "@langchain/openai";
import { expect, it } from "vitest";
import { createStack, definePlugin, hooks } from "../index.js";

/** Replaces a word in every chunk that holds it. */
const censor = definePlugin({
  name: "acme-censor",
  version: "1.0.0",
  identity: "none",
  setup(api) {
    api.tap(hooks.model.stream, (request, next) => filtered(next(request)));
  },
});

async function* filtered(chunks: AsyncIterable<ChatGenerationChunk>): AsyncGenerator<ChatGenerationChunk> {
  for await (const chunk of chunks) {
    const text = chunk.text.replaceAll("secret", "******");
    if (text === chunk.text) yield chunk;
    else yield new ChatGenerationChunk({ text, message: new AIMessageChunk({ content: text }) });
  }
}

it("a provider that announces its own tokens cannot stream past a model.stream filter", async () => {
  await using server = await openAIServer({
    script: () => ({ say: "the secret word", chunks: ["the ", "secret", " word"] }),
  });
  const stack = createStack({ plugins: [censor()] });
  const model = stack.wrapModel(
    new ChatOpenAI({ model: "m", apiKey: "none", maxRetries: 0, configuration: { baseURL: server.url } }),
  );
  const graph = stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addEdge(START, "agent")
      .compile(),
  );
  const input = { messages: [{ role: "user", content: "hi" }] };

  let streamed = "";
  for await (const [message] of await graph.stream(input, { streamMode: "messages" })) streamed += message.text;
  expect(streamed).toBe("the ****** word");

  let events = "";
  for await (const event of graph.streamEvents(input, { version: "v2" })) events += JSON.stringify(event.data);
  expect(events).not.toContain("secret");
  expect(events).toContain("******");
  await stack.dispose();
});
