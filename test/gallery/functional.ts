import {
  Annotation,
  entrypoint,
  getConfig,
  getPreviousState,
  interrupt,
  MemorySaver,
  START,
  StateGraph,
  task,
} from "@langchain/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { example, input, resume } from "./make.js";
import type { Through } from "./types.js";

export const tasks = example(
  "entrypoint with tasks",
  ["entrypoint", "parallel", "checkpointer", "custom-stream"],
  () => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const square = task("square", async (n: number) => {
      effects.push({ square: n });
      return n * n;
    });
    const sum = task({ name: "sum" }, (values: number[]) => values.reduce((a, b) => a + b, 0));
    const graph = entrypoint({ name: "squares", checkpointer: saver }, async (values: number[], config) => {
      config.writer?.({ started: values.length });
      const squares = await Promise.all(values.map((n) => square(n)));
      return { total: await sum(squares) };
    });
    return { graph, turns: [input([1, 2, 3]), input([4])], savers: [saver], effects };
  },
);

export const remembered = example("entrypoint with a previous state", ["entrypoint", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = entrypoint({ name: "counter", checkpointer: saver }, async (n: number) => {
    const before = getPreviousState<number>() ?? 0;
    return entrypoint.final({ value: `${before} + ${n}`, save: before + n });
  });
  return { graph, turns: [input(2), input(3)], savers: [saver] };
});

export const asked = example(
  "entrypoint with an interrupt between tasks",
  ["entrypoint", "interrupts", "checkpointer"],
  () => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const draft = task("draft", async (topic: string) => {
      effects.push({ draft: topic });
      return `draft about ${topic}`;
    });
    const graph = entrypoint({ name: "writer", checkpointer: saver }, async (topic: string) => {
      const text = await draft(topic);
      const verdict: unknown = interrupt({ text });
      return { text, verdict };
    });
    return { graph, turns: [input("cats"), resume("fine")], savers: [saver], effects };
  },
);

export const retriedTask = example(
  "entrypoint with a task that is retried, and one that fails",
  ["entrypoint", "retries", "errors", "checkpointer"],
  () => {
    const saver = new MemorySaver();
    let attempts = 0;
    const flaky = task(
      { name: "flaky", retry: { initialInterval: 1, jitter: false, maxAttempts: 2, logWarning: false } as never },
      async () => {
        if (++attempts % 2 === 1) throw new Error(`attempt ${attempts}`);
        return "ok";
      },
    );
    const hopeless = task("hopeless", async () => {
      throw new TypeError("never");
    });
    const graph = entrypoint({ name: "tries", checkpointer: saver }, async () => {
      const first = await flaky();
      const second = await hopeless().catch((error: unknown) => `caught ${(error as Error).message}`);
      return [first, second];
    });
    return { graph, turns: [input(null)], savers: [saver] };
  },
);

export const withModel = example(
  "entrypoint without a checkpointer, with a model and a tool",
  ["entrypoint", "model", "tools"],
  (through) => {
    const model = through.model(scriptedModel(() => ({ say: "three words here" })));
    const effects: unknown[] = [];
    const note = through.tool(
      scriptedTool("note", ({ text }) => {
        effects.push(text);
        return "noted";
      }),
    );
    const graph = entrypoint("talk", async (topic: string, config) => {
      const message = await model.invoke(topic, config);
      const kept: unknown = await note.invoke({ text: message.text }, config);
      return { text: message.text, kept };
    });
    return { graph, turns: [input("dogs")], effects };
  },
);

/** Tasks that call a model and a tool by themselves, one of them in another task. */
function tasksOfModels(through: Through) {
  const model = through.model(scriptedModel(() => ({ say: "two words", chunks: 2 })));
  const note = through.tool(scriptedTool("note", () => "noted"));
  const ask = task("ask", (topic: string) => model.invoke(topic));
  const read = task("read", async (topic: string) => {
    let whole;
    for await (const chunk of await model.stream(topic, getConfig() as never))
      whole = whole === undefined ? chunk : whole.concat(chunk);
    const kept: unknown = await note.invoke({ text: topic }, getConfig() as never);
    return { whole, kept, asked: await ask(topic) };
  });
  return { ask, read };
}

export const modelTasks = example(
  "entrypoint with tasks that call a model and a tool",
  ["entrypoint", "model", "tools", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const { ask, read } = tasksOfModels(through);
    const graph = entrypoint({ name: "asker", checkpointer: saver }, async (topic: string) => [
      await ask(topic),
      await read(topic),
    ]);
    return { graph, turns: [input("dogs")], savers: [saver] };
  },
);

export const nodeTasks = example(
  "a node with tasks that call a model and a tool",
  ["model", "tools", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const { ask, read } = tasksOfModels(through);
    const State = Annotation.Root({ topic: Annotation<string>(), answers: Annotation<unknown[]>() });
    const graph = new StateGraph(State)
      .addNode("asking", async ({ topic }) => ({ answers: [await ask(topic), await read(topic)] }))
      .addEdge(START, "asking")
      .compile({ checkpointer: saver });
    return { graph, turns: [input({ topic: "dogs" })], savers: [saver] };
  },
);

export const functional = [tasks, remembered, asked, retriedTask, withModel, modelTasks, nodeTasks];
