import { definePlugin, hooks, isDenied, createStack, DeniedError } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { AIMessage, AIMessageChunk, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { content, type ContentFlagged, contentHooks } from "./index.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
const MASK = "[hidden:openai-key]";
/** Any run of five characters of the value is a part of it. */
const PARTS = Array.from({ length: KEY.length - 4 }, (_, i) => KEY.slice(i, i + 5)).filter((part) => part !== "sk-li");
const leaks = (value: unknown): string[] => {
  const text =
    JSON.stringify(value, (_, item: unknown) => (item instanceof Map || item instanceof Set ? [...item] : item)) ?? "";
  return PARTS.filter((part) => text.includes(part));
};

const who = { userId: "alice", tenantId: "acme" };
const ask = (text: string): { messages: BaseMessage[] } => ({ messages: [new HumanMessage(text)] });
const note = () =>
  scriptedTool("note", ({ text }) => `noted: ${text}, with ${KEY}`, {
    schema: z.object({ text: z.string(), password: z.string().optional() }),
  });

/** An agent whose model answers with a key, spread over pieces of one character. */
function agent(stack: ReturnType<typeof createStack>, args: Record<string, unknown> = { text: "hi" }, talks = true) {
  const tool = note();
  const model = stack.wrapModel(
    scriptedModel((messages) =>
      messages.at(-1)?.type === "tool"
        ? { say: `the key is ${KEY}, keep it`, chunks: [..."the key is ", ...KEY, ", keep", " it"] }
        : { ...(talks ? { say: "Let me look." } : {}), call: { name: "note", args } },
    ).bindTools([tool]),
  );
  const graph = stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addNode("tools", new ToolNode([tool]))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile({ name: "desk", checkpointer: new MemorySaver() }),
  );
  return { graph, tool };
}

let thread = 0;
const as = (stack: ReturnType<typeof createStack>) => stack.as({ ...who, conversationId: `c-${++thread}` });

describe("a run", () => {
  it("hides secrets of the input, of tools and of the model, in the state and in what leaves", async () => {
    await using stack = createStack({ plugins: [content()] });
    const { graph, tool } = agent(stack);
    const config = as(stack);
    const out = await graph.invoke(ask(`use ${KEY}`), config);
    expect(out.messages.map((message) => message.text)).toEqual([
      `use ${MASK}`,
      "Let me look.",
      `noted: hi, with ${MASK}`,
      `the key is ${MASK}, keep it`,
    ]);
    expect(tool.callCount).toBe(1);
    expect(leaks((await graph.getState(config)).values)).toEqual([]);
    const { triggers } = stack.get(content).stats();
    expect(
      triggers
        .map(({ place, action, count }) => [place, action, count])
        .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ).toEqual([
      ["input", "mask", 1],
      ["output", "mask", 1],
      ["toolResult", "mask", 1],
    ]);
  });

  it("leaks nothing in any stream mode, alone or with others", async () => {
    await using stack = createStack({ plugins: [content()] });
    const modes = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug", "tools"] as const;
    for (const mode of [...modes, [...modes], ["messages", "updates"]])
      for (const subgraphs of [false, true]) {
        const { graph } = agent(stack);
        const chunks: unknown[] = [];
        for await (const chunk of await graph.stream(ask(`use ${KEY}`), {
          ...as(stack),
          streamMode: mode as never,
          subgraphs,
        })) {
          chunks.push(chunk);
          expect(leaks(chunk)).toEqual([]);
        }
        if (mode === "messages" && !subgraphs)
          expect((chunks as [BaseMessage][]).map(([message]) => message.text).join("")).toContain(
            `the key is ${MASK}, keep it`,
          );
      }
  });

  it("leaks nothing as server-sent events, in streamEvents v1, v2 and v3, and in batch", async () => {
    await using stack = createStack({ plugins: [content()] });
    const sse = (await agent(stack).graph.stream(ask("hi"), {
      ...as(stack),
      streamMode: ["messages", "values"],
      encoding: "text/event-stream",
    })) as unknown as AsyncIterable<Uint8Array>;
    let text = "";
    for await (const part of sse) text += new TextDecoder().decode(part);
    expect(text).toContain(MASK);
    expect(leaks(text)).toEqual([]);
    for (const version of ["v1", "v2"] as const) {
      let seen = "";
      for await (const event of agent(stack).graph.streamEvents(ask("hi"), { ...as(stack), version })) {
        expect(leaks(event)).toEqual([]);
        seen += event.event === "on_chat_model_stream" ? (event.data.chunk as AIMessageChunk).text : "";
      }
      if (version === "v2") expect(seen).toContain(`the key is ${MASK}, keep it`);
    }
    // LangChain's own events lose a call that comes after a text.
    const run = (await agent(stack, { text: "hi" }, false).graph.streamEvents(ask("hi"), {
      ...as(stack),
      version: "v3",
    })) as unknown as AsyncIterable<unknown> & { output: Promise<{ messages: BaseMessage[] }> };
    const events: unknown[] = [];
    for await (const event of run) events.push(event);
    expect(events.length).toBeGreaterThan(10);
    expect(leaks(events)).toEqual([]);
    expect((await run.output).messages.at(-1)?.text).toBe(`the key is ${MASK}, keep it`);
    const many = await agent(stack).graph.batch([ask("a"), ask("b")], [as(stack), as(stack)]);
    expect(leaks(many)).toEqual([]);
  });

  it("refuses a tool call with a secret in its arguments, and goes on", async () => {
    await using stack = createStack({ plugins: [content()] });
    for (const args of [{ text: KEY }, { text: "x", password: "hunter2" }, { text: "ｓｋ-live-Zq8Xw9Kv2Tn7LpRs" }]) {
      const { graph, tool } = agent(stack, args);
      const out = await graph.invoke(ask("hi"), as(stack));
      expect(tool.callCount).toBe(0);
      const denied = out.messages.find(isDenied);
      expect(denied?.text).toMatch(/^CONTENT_BLOCKED: The arguments hold something/);
      expect(leaks(out)).toEqual([]);
    }
  });

  it("masks arguments instead, where options say so", async () => {
    await using stack = createStack({ plugins: [content({ secrets: { toolArguments: "mask" } })] });
    const { graph, tool } = agent(stack, { text: `see ${KEY}`, password: "x" });
    await graph.invoke(ask("hi"), as(stack));
    expect(tool.calls[0]?.args).toEqual({ text: `see ${MASK}`, password: "[hidden:credential]" });
  });

  it("refuses an input, an output and a result where options say so", async () => {
    const denials: unknown[] = [];
    const watch = definePlugin({
      name: "watch",
      version: "1.0.0",
      setup(api) {
        api.tap(hooks.run.denied, ({ code, reason }) => void denials.push([code, reason]));
      },
    });
    await using input = createStack({ plugins: [content({ secrets: { input: "block" } }), watch()] });
    const refused = await agent(input)
      .graph.invoke(ask(KEY), as(input))
      .catch((error: unknown) => error);
    expect(DeniedError.isDenied(refused) && refused.code).toBe("CONTENT_BLOCKED");
    expect(leaks([refused, String(refused), (refused as Error).stack])).toEqual([]);
    expect(denials).toEqual([["CONTENT_BLOCKED", 'detector "openai-key" at input']]);

    for (const secrets of [{ output: "block" }, "block"] as const) {
      await using output = createStack({
        plugins: [content({ secrets, detectors: { "openai-key": { toolResult: "mask" } } })],
      });
      const shown: unknown[] = [];
      const failed = await (async () => {
        for await (const chunk of await agent(output).graph.stream(ask("hi"), {
          ...as(output),
          streamMode: ["messages", "values"],
        }))
          shown.push(chunk);
        return null;
      })().catch((error: unknown) => error);
      expect(DeniedError.isDenied(failed) && failed.code).toBe("CONTENT_BLOCKED");
      expect(leaks(shown)).toEqual([]);
      const invoked = await agent(output)
        .graph.invoke(ask("hi"), as(output))
        .catch((error: unknown) => error);
      expect(DeniedError.isDenied(invoked) && invoked.code).toBe("CONTENT_BLOCKED");
      expect(leaks([invoked, String(invoked)])).toEqual([]);
    }

    await using result = createStack({ plugins: [content({ secrets: { toolResult: "block" } })] });
    const out = await agent(result).graph.invoke(ask("hi"), as(result));
    expect(out.messages.find(isDenied)?.text).toMatch(/^CONTENT_BLOCKED: The result held/);
    expect(leaks(out)).toEqual([]);
  });

  it("hides what a node's own code and a model closed over in it say, in every mode", async () => {
    await using stack = createStack({ plugins: [content()], ungated: "report" });
    const raw = scriptedModel(() => ({
      say: `the key is ${KEY}, keep it`,
      chunks: [..."the key is ", ...KEY, ", keep", " it"],
    }));
    const build = () =>
      stack.wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("talk", async (state, config) => {
            config.writer?.({ progress: `with ${KEY}` });
            return { messages: [await raw.invoke(state.messages, config), new AIMessage(`own ${KEY}`)] };
          })
          .addNode("after", () => ({ messages: [new AIMessage("done")] }))
          .addEdge(START, "talk")
          .addEdge("talk", "after")
          .compile({ name: "closed" }),
      );
    const modes = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug"] as const;
    for (const mode of [...modes, [...modes]])
      for await (const chunk of await build().stream(ask("hi"), { ...stack.as(who), streamMode: mode as never }))
        expect(leaks(chunk)).toEqual([]);
    const texts: string[] = [];
    for await (const [message] of await build().stream(ask("hi"), { ...stack.as(who), streamMode: "messages" }))
      texts.push(message.text);
    expect(texts.join("")).toBe(`the key is ${MASK}, keep own ${MASK}itdone`);
    const out = await build().invoke(ask("hi"), stack.as(who));
    expect(out.messages.map((message) => message.text)).toEqual([
      "hi",
      `the key is ${MASK}, keep it`,
      `own ${MASK}`,
      "done",
    ]);
    const run = (await build().streamEvents(ask("hi"), {
      ...stack.as(who),
      version: "v3",
    })) as unknown as AsyncIterable<unknown> & { output: Promise<unknown> };
    for await (const event of run) expect(leaks(event)).toEqual([]);
    expect(leaks(await run.output)).toEqual([]);
  });

  it("tells of what it found, never with the value", async () => {
    const events: ContentFlagged[] = [];
    const watch = definePlugin({
      name: "watch",
      version: "1.0.0",
      setup(api) {
        api.tap(contentHooks.flagged, (event) => void events.push(event));
      },
    });
    await using stack = createStack({ plugins: [content(), watch()] });
    await agent(stack).graph.invoke(ask(`mail thea@example.com, key ${KEY}`), as(stack));
    const mail = events.find(({ detector }) => detector === "email");
    expect(mail).toMatchObject({
      place: "input",
      action: "flag",
      count: 1,
      sample: "t***@example.com",
      userId: "alice",
      tenantId: "acme",
      workflow: "desk",
    });
    // A flagged value that is shown again in the same run is told once.
    expect(events.filter(({ detector }) => detector === "email")).toHaveLength(1);
    expect(events.some(({ detector, place }) => detector === "openai-key" && place === "toolResult")).toBe(true);
    expect(leaks(events)).toEqual([]);
    expect(JSON.stringify(events)).not.toContain("thea@");
    expect(stack.get(content).stats({ userId: "alice", tenantId: "acme" }).total).toBeGreaterThan(2);
    expect(stack.get(content).stats({ userId: "bob" }).total).toBe(0);
  });
});

describe("beside other plugins", () => {
  it("shows the system's triggers to the system, and a user's own to that user", async () => {
    await using stack = createStack({ plugins: [content()] });
    await agent(stack).graph.invoke(ask(`key ${KEY}`), as(stack));
    const panel = async (scope: { kind: "system" } | { kind: "user"; userId: string; tenantId: string | null }) =>
      (await stack.call(hooks.dashboard.collect, scope)).map((answer) => (answer as { value?: unknown }).value);
    const [system] = await panel({ kind: "system" });
    expect(system).toMatchObject({ id: "content", version: 1, data: { total: 3 } });
    const [own] = await panel({ kind: "user", userId: "alice", tenantId: "acme" });
    expect(own).toMatchObject({ data: { total: 3, triggers: [{ detector: "openai-key", action: "mask", count: 3 }] } });
    for (const [userId, tenantId] of [
      ["alice", null],
      ["bob", "acme"],
    ] as const)
      expect((await panel({ kind: "user", userId, tenantId }))[0]).toMatchObject({ data: { total: 0, triggers: [] } });
  });

  it("reads chunks as they are laid out where another plugin judges the output", async () => {
    const judge = definePlugin({
      name: "judge",
      version: "1.0.0",
      setup: (api) => void api.tap(hooks.run.output, () => undefined),
    });
    await using stack = createStack({ plugins: [content(), judge()] });
    for (const streamMode of ["messages", "updates", "custom", ["messages"], ["updates", "values"]] as const)
      for await (const chunk of await agent(stack).graph.stream(ask(KEY), {
        ...as(stack),
        streamMode: streamMode as never,
      }))
        expect(leaks(chunk)).toEqual([]);
  });

  it("hides a secret that an error says, for the model and for the caller", async () => {
    await using stack = createStack({ plugins: [content()] });
    const failing = scriptedTool("note", () => new TypeError(`no access with ${KEY}`));
    const model = stack.wrapModel(
      scriptedModel((messages) =>
        messages.at(-1)?.type === "tool"
          ? { throw: new RangeError(`refused ${KEY}`, { cause: new Error(KEY) }) }
          : { call: { name: "note", args: {} } },
      ).bindTools([failing]),
    );
    const seen: string[] = [];
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("agent", async (state, config) => {
          seen.push(state.messages.map(({ text }) => text).join());
          return { messages: [await model.invoke(state.messages, config)] };
        })
        .addNode("tools", new ToolNode([failing]))
        .addEdge(START, "agent")
        .addConditionalEdges("agent", toolsCondition)
        .addEdge("tools", "agent")
        .compile(),
    );
    const error = (await graph.invoke(ask("hi"), stack.as(who)).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe(`refused ${MASK}`);
    expect(leaks([seen, error.stack, String(error.cause)])).toEqual([]);
    expect(seen.at(-1)).toContain(`no access with ${MASK}`);
  });

  it("gives what was held when a model breaks off, before its error", async () => {
    await using stack = createStack({ plugins: [content({ personal: "mask" })] });
    const model = stack.wrapModel(scriptedModel(() => ({ say: `half ${KEY} and bob`, throw: new Error("broken") })));
    let text = "";
    const error = await (async () => {
      for await (const chunk of await model.stream("hi", stack.as(who))) text += chunk.text;
      return null;
    })().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("broken");
    expect(text).toBe(`half ${MASK} and bob`);
  });
});
