import { ChatPromptTemplate } from "@langchain/core/prompts";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { Annotation } from "@langchain/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import { z } from "zod";
import { example, input, say } from "./make.js";

export const modelNode = example(
  "a model as a node's closure, streamed by mode messages",
  ["model", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const model = through.model(
      scriptedModel((messages) => ({
        say: `reply to ${messages.length} messages`,
        usage: { input: 3, output: 4, cacheRead: 1, reasoning: 2 },
      })),
    );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("model", async (state, config) => ({ messages: await model.invoke(state.messages, config) }))
      .addEdge(START, "model")
      .compile({ checkpointer: saver });
    return { graph, turns: [say("one"), say("two")], savers: [saver] };
  },
);

export const chain = example("prompt and model in a sequence as a node", ["model"], (through) => {
  const State = Annotation.Root({ question: Annotation<string>(), answer: Annotation<unknown>() });
  const model = through.model(scriptedModel([{ say: "because it is so" }], { whenDone: "repeat" }));
  const sequence = ChatPromptTemplate.fromMessages([
    ["system", "Answer shortly."],
    ["human", "{question}"],
  ])
    .pipe(model)
    .pipe((message: { text: string; id?: string }) => ({ answer: message.text }));
  const graph = new StateGraph(State)
    .addNode("respond", sequence as never)
    .addEdge(START, "respond")
    .compile();
  return { graph, turns: [input({ question: "why?" })] };
});

export const structured = example("structured output, tags and nostream", ["model"], (through) => {
  const State = Annotation.Root({ text: Annotation<string>(), found: Annotation<unknown>() });
  const schema = z.object({ city: z.string(), days: z.number().transform((days) => days * 24) });
  const model = through.model(
    scriptedModel((_messages, info) => ({
      call: { id: "s1", name: info.tools[0] ?? "extract", args: { city: "Rome", days: 2 } },
    })),
  );
  const quiet = through.model(scriptedModel(() => ({ say: "not streamed at all" })));
  const graph = new StateGraph(State)
    .addNode("extract", async (state, config) => {
      const found: unknown = await model
        .withStructuredOutput(schema as never)
        .invoke(state.text, { ...config, tags: ["extracting"], runName: "extractor" });
      const whole = await quiet.invoke(state.text, { ...config, tags: ["nostream"] });
      return { found: { found, whole: whole.text } };
    })
    .addEdge(START, "extract")
    .compile();
  return { graph, turns: [input({ text: "two days in Rome" })] };
});

export const streamedInside = example("a model streamed inside a node", ["model", "custom-stream"], (through) => {
  const model = through.model(scriptedModel(() => ({ say: "one two three", chunks: 4 })));
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("model", async (state, config) => {
      let whole;
      for await (const chunk of await model.stream(state.messages, config)) {
        config.writer?.(chunk.text);
        whole = whole === undefined ? chunk : whole.concat(chunk);
      }
      return { messages: whole === undefined ? [] : [whole] };
    })
    .addEdge(START, "model")
    .compile();
  return { graph, turns: [say("go")] };
});

export const leftEarly = example(
  "a model's stream that its reader leaves, and two models at once",
  ["model", "parallel"],
  (through) => {
    const first = through.model(scriptedModel(() => ({ say: "a b c d e f", chunks: 6 })));
    const second = through.model(scriptedModel(() => ({ say: "x y", usage: null })));
    const State = Annotation.Root({
      out: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
    });
    const graph = new StateGraph(State)
      .addNode("leave", async (_state, config) => {
        const seen: string[] = [];
        for await (const chunk of await first.stream("go", config)) {
          seen.push(chunk.text);
          if (seen.length === 2) break;
        }
        return { out: seen };
      })
      .addNode("both", async (_state, config) => ({
        out: (await second.batch(["one", "two"], config)).map((message) => message.text),
      }))
      .addEdge(START, "leave")
      .addEdge("leave", "both")
      .compile();
    return { graph, turns: [input({ out: [] })] };
  },
);

export const modelError = example(
  "a model that fails in the middle",
  ["model", "errors", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const error = Object.assign(new Error("rate limited"), { lc_error_code: "MODEL_RATE_LIMIT", status: 429 });
    const model = through.model(scriptedModel(() => ({ say: "half of", throw: error })));
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("model", async (state, config) => ({ messages: await model.invoke(state.messages, config) }))
      .addEdge(START, "model")
      .compile({ checkpointer: saver });
    return { graph, turns: [say("one")], savers: [saver] };
  },
);

export const models = [modelNode, chain, structured, streamedInside, leftEarly, modelError];
