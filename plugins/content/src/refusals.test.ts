import { createStack, DeniedError, definePlugin, hooks, isDenied } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { content } from "./index.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
const bare = { text: "hi" };
const called = { type: "tool_call", name: "note", id: "1", args: bare } as const;
const ask = { messages: [new HumanMessage("hi")] };

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (given) => Promise.reject(new Error(`was not refused: ${JSON.stringify(given)}`)),
    (error: unknown) => error,
  );

/** An error of which nothing can be hidden. */
const fixed = (): Error => Object.defineProperty(new Error("a"), "hint", { value: KEY });

/** A stack whose filter blocks, and what its observers are told of tools, models and runs. */
function blocking() {
  const told: string[] = [];
  const watch = definePlugin({
    name: "watch",
    version: "1.0.0",
    identity: "none",
    setup(api) {
      api.tap(
        hooks.tool.denied,
        ({ code, plugin, hook, reason }) => void told.push(`tool.denied ${code} ${plugin} ${hook} ${reason}`),
      );
      api.tap(hooks.tool.end, ({ status, code }) => void told.push(`tool.end ${status} ${code}`));
      api.tap(hooks.model.end, ({ status, code }) => void told.push(`model.end ${status} ${code}`));
      api.tap(hooks.run.end, ({ status, code }) => void told.push(`run.end ${status} ${code}`));
    },
  });
  const stack = createStack({ plugins: [content({ secrets: "block" }), watch()] });
  return { stack, told, who: () => stack.as({ userId: "alice" }) };
}

/** A graph of one node. */
const graphOf = (node: (state: typeof MessagesAnnotation.State, config: object) => object) =>
  new StateGraph(MessagesAnnotation).addNode("n", node).addEdge(START, "n").compile({ name: "desk" });

describe("a refusal is the filter's answer and no fault of it", () => {
  it("where the result of a tool is blocked: thrown at a bare call, told as that of the call", async () => {
    const { stack, told, who } = blocking();
    await using _ = stack;
    for (const result of [`with ${KEY}`, { password: "Zq8Xw9Kv" }]) {
      const tool = stack.wrapTool(scriptedTool("note", () => result as never));
      told.length = 0;
      const refused = await caught(tool.invoke(bare, who()));
      expect(refused).toBeInstanceOf(DeniedError);
      expect(refused).toMatchObject({ code: "CONTENT_BLOCKED", plugin: "content", hook: "tool.result" });
      const detector = typeof result === "string" ? "openai-key" : "credential";
      expect(told).toEqual([
        "tool.end denied CONTENT_BLOCKED",
        `tool.denied CONTENT_BLOCKED content tool.result detector "${detector}" at toolResult`,
      ]);
      expect(stack.inspect().faults).toEqual({ total: 0, recent: [] });
      const message = await tool.invoke(called, who());
      expect(isDenied(message)).toBe(true);
    }
    expect(stack.inspect().faults.total).toBe(0);
  });

  it("where an error of a tool cannot be cleaned", async () => {
    const { stack, told, who } = blocking();
    await using _ = stack;
    const tool = stack.wrapTool(
      scriptedTool("note", () => {
        throw fixed();
      }),
    );
    expect(await caught(tool.invoke(bare, who()))).toMatchObject({ code: "CONTENT_BLOCKED", hook: "tool.call" });
    expect(told[0]).toContain("CONTENT_BLOCKED");
    expect(stack.inspect().faults.total).toBe(0);
  });

  it.each(["invoke", "stream"] as const)("where a model's reply is blocked (%s)", async (way) => {
    const { stack, told, who } = blocking();
    await using _ = stack;
    const model = stack.wrapModel(scriptedModel(() => ({ say: `it is ${KEY}`, chunks: ["it is ", ...KEY] })));
    const read = async (): Promise<void> => {
      if (way === "invoke") await model.invoke("hi", who());
      else for await (const chunk of await model.stream("hi", who())) expect(chunk.text).not.toContain("sk-");
    };
    const hook = way === "invoke" ? "model.result" : "model.stream";
    expect(await caught(read())).toMatchObject({ code: "CONTENT_BLOCKED", plugin: "content", hook });
    expect(told).toEqual(["model.end denied CONTENT_BLOCKED"]);
    expect(stack.inspect().faults.total).toBe(0);
    // As a part of a run, too.
    const graph = stack.wrap(
      graphOf(async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] })),
    );
    expect(await caught(graph.invoke(ask, who()))).toMatchObject({ code: "CONTENT_BLOCKED", plugin: "content" });
    expect(told.at(-1)).toBe("run.end denied CONTENT_BLOCKED");
    expect(stack.inspect().faults.total).toBe(0);
  });

  it.each(["values", "updates", "messages"] as const)("where a run's output is blocked (%s)", async (streamMode) => {
    const { stack, told, who } = blocking();
    await using _ = stack;
    const graph = stack.wrap(graphOf(() => ({ messages: [new AIMessage(KEY)] })));
    const read = async (): Promise<void> => {
      for await (const _chunk of await graph.stream(ask, { ...who(), streamMode }));
    };
    expect(await caught(read())).toMatchObject({ code: "CONTENT_BLOCKED", plugin: "content", hook: "run.call" });
    expect(told).toEqual(["run.end denied CONTENT_BLOCKED"]);
    expect(stack.inspect().faults.total).toBe(0);
  });

  it("where an error of a node or a run cannot be cleaned", async () => {
    const { stack, told, who } = blocking();
    await using _ = stack;
    const graph = stack.wrap(
      graphOf(() => {
        throw fixed();
      }),
    );
    expect(await caught(graph.invoke(ask, who()))).toMatchObject({ code: "CONTENT_BLOCKED", hook: "node.call" });
    expect(told).toEqual(["run.end denied CONTENT_BLOCKED"]);
    expect(stack.inspect().faults.total).toBe(0);
  });

  it("where what a run is called with is blocked", async () => {
    const { stack, told, who } = blocking();
    await using _ = stack;
    const graph = stack.wrap(graphOf(() => ({})));
    const given = { messages: [new HumanMessage(KEY)] };
    expect(await caught(graph.invoke(given, who()))).toMatchObject({ code: "CONTENT_BLOCKED", plugin: "content" });
    expect(told).toEqual(["run.end denied CONTENT_BLOCKED"]);
    expect(stack.inspect().faults.total).toBe(0);
  });

  it("where another plugin judges the output of runs", async () => {
    const judge = definePlugin({
      name: "judge",
      version: "1.0.0",
      identity: "none",
      setup: (api) => void api.tap(hooks.run.output, () => undefined),
    });
    await using stack = createStack({ plugins: [content({ secrets: "block" }), judge()] });
    const graph = stack.wrap(graphOf(() => ({ messages: [new AIMessage(KEY)] })));
    expect(await caught(graph.invoke(ask, stack.as({ userId: "alice" })))).toMatchObject({ code: "CONTENT_BLOCKED" });
    expect(stack.inspect().faults.total).toBe(0);
  });

  it("and a bug of a tap still is one", async () => {
    const buggy = definePlugin({
      name: "buggy",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.tool.result, () => {
          throw new TypeError("a bug");
        });
      },
    });
    await using stack = createStack({ plugins: [buggy()] });
    const tool = stack.wrapTool(scriptedTool("note", "x"));
    expect(await caught(tool.invoke(bare, stack.as({ userId: "alice" })))).toMatchObject({ code: "RESULT_WITHHELD" });
    expect(stack.inspect().faults).toMatchObject({ total: 1, recent: [{ plugin: "buggy", hook: "tool.result" }] });
  });
});
