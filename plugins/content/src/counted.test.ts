import { createStack } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { Annotation, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { content } from "./index.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
type Stack = ReturnType<typeof createStack>;
type Count = readonly [detector: string, place: string, action: string, count: number];

const counted = (stack: Stack & { get(of: typeof content): { stats(): { triggers: readonly never[] } } }): Count[] =>
  stack
    .get(content)
    .stats()
    .triggers.map(({ detector, place, action, count }): Count => [detector, place, action, count])
    .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));

const all = async (chunks: AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>): Promise<void> => {
  for await (const _ of await chunks);
};
interface Graph {
  invoke(input: unknown, config: object): Promise<unknown>;
  stream(input: unknown, config: object): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, config: object): AsyncIterable<unknown>;
  batch(inputs: unknown[], configs: object): Promise<unknown>;
}
const MODES = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug", "tools"];
const WAYS: Readonly<Record<string, (graph: Graph, input: unknown, config: object) => Promise<unknown>>> = {
  invoke: (graph, input, config) => graph.invoke(input, config),
  batch: (graph, input, config) => graph.batch([input], config),
  ...Object.fromEntries(
    MODES.filter((mode) => mode !== "custom" && mode !== "tools").map((mode) => [
      `stream ${mode}`,
      (graph: Graph, input: unknown, config: object) => all(graph.stream(input, { ...config, streamMode: mode })),
    ]),
  ),
  "stream of all modes": (graph, input, config) => all(graph.stream(input, { ...config, streamMode: MODES })),
  "streamEvents v1": (graph, input, config) => all(graph.streamEvents(input, { ...config, version: "v1" })),
  "streamEvents v2": (graph, input, config) => all(graph.streamEvents(input, { ...config, version: "v2" })),
};

describe("what is found is counted once, however a run is read", () => {
  const agent = (stack: Stack): Graph => {
    const tool = scriptedTool("look", `mail bob@example.com, key ${KEY}`);
    const model = stack.wrapModel(
      scriptedModel((messages) =>
        messages.at(-1)?.type === "tool"
          ? { say: `it is ${KEY} of eve@example.com` }
          : { call: { name: "look", args: {} } },
      ).bindTools([tool]),
    );
    return stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
        .addNode("tools", new ToolNode([tool]))
        .addNode("after", () => ({}))
        .addEdge(START, "agent")
        .addConditionalEdges("agent", toolsCondition, { tools: "tools", __end__: "after" })
        .addEdge("tools", "agent")
        .compile({ checkpointer: new MemorySaver() }),
    ) as never;
  };
  const input = { messages: [{ role: "user", content: `I am thea@example.com, my key is ${KEY}` }] };
  const ONCE: readonly Count[] = [
    ["email", "input", "flag", 1],
    ["email", "output", "flag", 1],
    ["email", "toolResult", "flag", 1],
    ["openai-key", "input", "mask", 1],
    ["openai-key", "output", "mask", 1],
    ["openai-key", "toolResult", "mask", 1],
  ];

  it.each(Object.entries(WAYS))("in what models and tools say: %s", async (_name, run) => {
    await using stack = createStack({ plugins: [content()] });
    await run(agent(stack), input, stack.as({ userId: "alice", conversationId: "c" }));
    expect(counted(stack as never)).toEqual(ONCE);
  });

  it.each(Object.entries(WAYS))("in what nodes write and a state repeats: %s", async (name, run) => {
    await using stack = createStack({ plugins: [content()] });
    const State = Annotation.Root({ note: Annotation<string>, data: Annotation<object>, n: Annotation<number> });
    const graph = stack.wrap(
      new StateGraph(State)
        .addNode("write", () => ({ note: `${KEY} and ${KEY}a`, data: { password: "hunter2", to: "bob@example.com" } }))
        .addNode("wait", () => ({ n: 1 }))
        .addNode("more", () => ({ n: 2 }))
        .addEdge(START, "write")
        .addEdge("write", "wait")
        .addEdge("wait", "more")
        .compile({ checkpointer: new MemorySaver() }),
    ) as never;
    await run(graph, { n: 0 }, stack.as({ userId: "alice", conversationId: "c" }));
    expect(counted(stack as never)).toEqual(
      name === "stream messages"
        ? []
        : [
            ["credential", "output", "mask", 1],
            ["email", "output", "flag", 1],
            ["openai-key", "output", "mask", 2],
          ],
    );
  });

  it("in a conversation of many turns, which shows its history with each", async () => {
    await using stack = createStack({ plugins: [content()] });
    const graph = agent(stack);
    const config = stack.as({ userId: "alice", conversationId: "c" });
    await graph.invoke(input, config);
    for (let turn = 0; turn < 3; turn++) await graph.invoke({ messages: [{ role: "user", content: "go on" }] }, config);
    // Each turn the tool and the model say theirs again; nobody says again who the user is.
    expect(counted(stack as never)).toEqual([
      ["email", "input", "flag", 1],
      ["email", "output", "flag", 4],
      ["email", "toolResult", "flag", 4],
      ["openai-key", "input", "mask", 1],
      ["openai-key", "output", "mask", 4],
      ["openai-key", "toolResult", "mask", 4],
    ]);
  });
});
