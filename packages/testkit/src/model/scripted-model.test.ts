import { AIMessage, type AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { concat } from "@langchain/core/utils/stream";
import { END, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import fc from "fast-check";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fakeClock, scriptedModel, scriptedTool, type Step } from "../index.js";

const usageOf = (message: unknown): unknown => (message as { usage_metadata?: unknown }).usage_metadata;
const user = (text: string): HumanMessage => new HumanMessage(text);

async function gather(
  stream: AsyncIterable<AIMessageChunk>,
): Promise<{ chunks: AIMessageChunk[]; whole: AIMessageChunk }> {
  const chunks: AIMessageChunk[] = [];
  let whole: AIMessageChunk | undefined;
  for await (const chunk of stream) {
    chunks.push(chunk);
    whole = whole === undefined ? chunk : concat(whole, chunk);
  }
  if (whole === undefined) throw new Error("the stream was empty");
  return { chunks, whole };
}

const reactGraph = (
  model: { invoke(messages: unknown, config?: unknown): Promise<AIMessageChunk> },
  tools: ReturnType<typeof scriptedTool>[],
) =>
  new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode(tools))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition, { tools: "tools", [END]: END })
    .addEdge("tools", "agent");

describe("scriptedModel", () => {
  it("says the same in invoke, stream, batch and both event streams, usage included", async () => {
    const usage = { input: 10, output: 5, cacheRead: 4, cacheWrite: 1, reasoning: 2 };
    const make = () => scriptedModel([{ say: "Hello  there\nworld", usage }]);
    const expected = {
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
      input_token_details: { cache_read: 4, cache_creation: 1 },
      output_token_details: { reasoning: 2 },
    };

    const invoked = await make().invoke("hi");
    expect([invoked.text, usageOf(invoked)]).toEqual(["Hello  there\nworld", expected]);
    expect(invoked).toBeInstanceOf(AIMessage);
    expect(invoked.response_metadata).toMatchObject({ model_name: "script-1", finish_reason: "stop" });

    const { chunks, whole } = await gather(await make().stream("hi"));
    expect(chunks.map((chunk) => chunk.text)).toEqual(["Hello  ", "there\n", "world", ""]);
    expect([whole.text, usageOf(whole), whole.response_metadata]).toEqual([
      "Hello  there\nworld",
      expected,
      { model_name: "script-1", finish_reason: "stop" },
    ]);

    const [batched] = await make().batch(["hi"]);
    expect(usageOf(batched)).toEqual(expected);

    let ended: unknown;
    for await (const event of make().streamEvents("hi", { version: "v2" }))
      if (event.event === "on_chat_model_end") ended = event.data.output;
    expect(usageOf(ended)).toEqual(expected);
    expect(usageOf(await make().streamEvents("hi"))).toMatchObject({
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
    });
  });

  it("streams any cut of any text to the same whole", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        async (say, chunks) => {
          const { whole, chunks: pieces } = await gather(await scriptedModel([{ say, chunks }]).stream("x"));
          expect(whole.text).toBe(say);
          expect(pieces.length).toBeLessThanOrEqual(chunks + 1);
          expect((await gather(await scriptedModel([{ say }]).stream("x"))).whole.text).toBe(say);
        },
      ),
    );
    const { chunks } = await gather(await scriptedModel([{ say: "a@b.c", chunks: ["a", "@", "b.c"] }]).stream("x"));
    expect(chunks.map((chunk) => chunk.text)).toEqual(["a", "@", "b.c", ""]);
  });

  it("calls tools in parallel, with ids that differ, in invoke and in a stream", async () => {
    const step: Step = {
      say: "Looking",
      calls: [{ name: "a", args: { x: [1, { y: "é" }] } }, { name: "b" }, { name: "c", id: "mine", args: "{broken" }],
    };
    const model = scriptedModel(() => step);
    const invoked = await model.invoke("x");
    const { whole } = await gather(await model.stream("x"));
    for (const message of [invoked, whole]) {
      expect(message.tool_calls?.map(({ name, args }) => [name, args])).toEqual([
        ["a", { x: [1, { y: "é" }] }],
        ["b", {}],
      ]);
      expect(message.invalid_tool_calls).toMatchObject([{ name: "c", id: "mine", args: "{broken" }]);
      expect(message.text).toBe("Looking");
    }
    const ids = [...(invoked.tool_calls ?? []), ...(whole.tool_calls ?? [])].map((call) => call.id);
    expect(new Set(ids).size).toBe(4);
    expect(ids).not.toContain(undefined);
    expect(invoked.response_metadata["finish_reason"]).toBe("tool_calls");
  });

  it("loses no call beside a text where a graph is read by its events", async () => {
    const calls = [{ name: "a" }, { name: "b" }];
    const asks = (messages: readonly { type: string }[]): Step =>
      messages.at(-1)?.type === "tool" ? { say: "done" } : { say: "Looking", calls };
    const model = scriptedModel(asks);
    const graph = reactGraph(model, [scriptedTool("a", "1"), scriptedTool("b", "2")]).compile();
    const run = await graph.streamEvents({ messages: [user("x")] }, { version: "v3" });
    const { messages } = await run.output;
    expect(messages.map(({ text }) => text)).toEqual(["x", "Looking", "1", "2", "done"]);
  });

  it("estimates usage that grows with the text, or reports none", async () => {
    const model = scriptedModel([{ say: "x".repeat(40) }, { say: "x" }, { say: "x", usage: null }]);
    expect(usageOf(await model.invoke("y".repeat(400)))).toEqual({
      input_tokens: 100,
      output_tokens: 10,
      total_tokens: 110,
    });
    expect(usageOf(await model.invoke("y"))).toEqual({ input_tokens: 1, output_tokens: 1, total_tokens: 2 });
    const { whole } = await gather(await scriptedModel([{ say: "x", usage: null }]).stream("y"));
    for (const none of [await model.invoke("y"), whole]) expect(usageOf(none)).toBeUndefined();
  });

  it("runs a ToolNode loop twice on one thread and loses no tool run", async () => {
    const search = scriptedTool("search", ({ q }) => `about ${String(q)}`);
    const model = scriptedModel((messages) =>
      messages.at(-1)?.type === "human"
        ? { call: { name: "search", args: { q: messages.at(-1)?.text } } }
        : { say: `Result: ${messages.at(-1)?.text}` },
    );
    const graph = reactGraph(model.bindTools([search]), [search]).compile({ checkpointer: new MemorySaver() });
    const config = { configurable: { thread_id: "t" } };
    expect((await graph.invoke({ messages: [user("one")] }, config)).messages.at(-1)?.text).toBe("Result: about one");
    expect((await graph.invoke({ messages: [user("two")] }, config)).messages.at(-1)?.text).toBe("Result: about two");
    expect(search.calls.map(({ args }) => args)).toEqual([{ q: "one" }, { q: "two" }]);
    expect(model.calls.map(({ index, streaming, tools, status }) => [index, streaming, tools, status])).toEqual(
      [0, 1, 2, 3].map((index) => [index, false, ["search"], "ok"]),
    );
    expect(model.calls[1]?.messages.at(-1)).toBeInstanceOf(ToolMessage);

    const texts: string[] = [];
    for await (const [message] of await graph.stream(
      { messages: [user("three")] },
      { ...config, streamMode: "messages" },
    ))
      texts.push(message.text);
    expect(texts.join("")).toContain("Result: about three");
    expect(model.calls.at(-1)?.streaming).toBe(true);
  });

  it("serves createAgent", async () => {
    const search = scriptedTool("search", "found it", { schema: z.object({ q: z.string() }) });
    const agent = createAgent({
      model: scriptedModel([{ call: { name: "search", args: { q: "x" } } }, { say: "done" }]),
      tools: [search],
    });
    const out = await agent.invoke({ messages: [user("go")] });
    expect(out.messages.map((message) => message.text)).toEqual(["go", "", "found it", "done"]);
  });

  it("shares script and log with its bound copies", async () => {
    const search = scriptedTool("search", "x");
    const model = scriptedModel([{ say: "1" }, { say: "2" }, { say: "3" }]);
    const bound = model.bindTools([search], { tool_choice: "any" });
    const again = bound
      .withConfig({ tags: ["t"] })
      .bindTools([scriptedTool("other", "y"), { type: "function", function: { name: "raw", parameters: {} } }]);
    expect([
      (await bound.invoke("x")).text,
      (await model.invoke("x")).text,
      (await again.invoke("x", { tool_choice: "none" })).text,
    ]).toEqual(["1", "2", "3"]);
    expect(again.calls).toBe(model.calls);
    expect(model.calls.map(({ tools, options }) => [tools, options.tool_choice])).toEqual([
      [["search"], "any"],
      [[], undefined],
      [["other", "raw"], "none"],
    ]);
    expect(bound.invocationParams()).toMatchObject({
      model: "script-1",
      tool_choice: "any",
      tools: [{ type: "function", function: { name: "search" } }],
    });
  });

  it("passes tags, metadata and callbacks of a bound copy on, and names its provider and model to them", async () => {
    const started: unknown[] = [];
    const model = scriptedModel([{ say: "1" }, { say: "2" }], { model: "m-9", provider: "acme" }).withConfig({
      tags: ["tagged"],
      callbacks: [
        {
          handleChatModelStart: (_llm, _messages, _run, _parent, _extra, tags, metadata) =>
            void started.push([tags, metadata?.["ls_provider"], metadata?.["ls_model_name"]]),
        },
      ],
    });
    await model.invoke("x");
    await gather(await model.stream("x"));
    expect(started).toEqual([
      [["tagged"], "acme", "m-9"],
      [["tagged"], "acme", "m-9"],
    ]);
  });

  it("throws, at once or in the middle of a stream", async () => {
    const error = new Error("rate limited");
    const model = scriptedModel([{ throw: error }, { say: "half of it", throw: error }, { say: "half", throw: error }]);
    await expect(model.invoke("x")).rejects.toBe(error);
    const seen: string[] = [];
    await expect(async () => {
      for await (const chunk of await model.stream("x")) seen.push(chunk.text);
    }).rejects.toBe(error);
    expect(seen).toEqual(["half ", "of ", "it"]);
    await expect(model.invoke("x")).rejects.toBe(error);
    expect(model.calls.map(({ status }) => status)).toEqual(["error", "error", "error"]);
  });

  it("hangs until it is aborted, and ends every wait on abort", async () => {
    const model = scriptedModel(
      (_, { index }) =>
        [
          { hang: true as const },
          { say: "a b", hang: true as const },
          { say: "late", delayMs: 600_000 },
          { say: "a b", delayMs: 600_000 },
        ][index] as Step,
    );
    for (const read of [
      (signal: AbortSignal) => model.invoke("x", { signal }),
      async (signal: AbortSignal) => gather(await model.stream("x", { signal })),
    ]) {
      for (let round = 0; round < 2; round++) {
        const stop = new AbortController();
        const reading = read(stop.signal);
        await new Promise((resolve) => setImmediate(resolve));
        stop.abort(new Error("enough"));
        await expect(reading).rejects.toThrow(/enough|[Aa]bort/);
      }
    }
    await expect(model.invoke("x", { signal: AbortSignal.abort() })).rejects.toThrow(/[Aa]bort/);
    await new Promise((resolve) => setImmediate(resolve));
    expect(model.calls.map(({ status }) => status)).toEqual(Array<string>(model.calls.length).fill("cancelled"));
    expect(model.calls.length).toBeGreaterThanOrEqual(4);
  });

  it("is cancelled when a consumer stops reading", async () => {
    const model = scriptedModel([{ say: "a ".repeat(50) }]);
    for await (const chunk of await model.stream("x")) if (chunk.text.startsWith("a")) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(model.calls[0]?.status).toBe("cancelled");
  });

  it("waits on a given clock", async () => {
    const clock = fakeClock();
    const model = scriptedModel([{ say: "a b", delayMs: 100 }], { clock });
    const seen: [string, number][] = [];
    const reading = (async () => {
      for await (const chunk of await model.stream("x")) seen.push([chunk.text, clock.monotonic()]);
    })();
    await clock.advanceAsync(300);
    await reading;
    expect(seen).toEqual([
      ["a ", 100],
      ["b", 200],
      ["", 300],
    ]);
    expect(clock.pending).toBe(0);
  });

  it("gives structured output, with or without the raw message", async () => {
    const schema = z.object({ city: z.string() });
    const answer = (city: unknown) =>
      scriptedModel((_, { tools }) => ({ call: { name: tools[0] ?? "", args: { city } } }));
    expect(await answer("Oslo").withStructuredOutput(schema).invoke("where?")).toEqual({ city: "Oslo" });
    await expect(answer(5).withStructuredOutput(schema).invoke("where?")).rejects.toThrow("Failed to parse");
    expect(await answer(5).withStructuredOutput(schema, { includeRaw: true }).invoke("where?")).toMatchObject({
      parsed: null,
      raw: { tool_calls: [{ name: "extract" }] },
    });
    const json = { title: "place", type: "object", properties: { city: { type: "string" } } };
    expect(await answer("Rome").withStructuredOutput(json).invoke("where?")).toEqual({ city: "Rome" });
  });

  it("says what is wrong with a script", async () => {
    const bad: [unknown, string][] = [
      [{}, "none of say, call, calls, throw, hang"],
      ["text", "It is string"],
      [null, "It is null"],
      [{ say: 5 }, "say is number"],
      [{ says: "x", say: "x" }, "unknown parts: says"],
      [{ call: { args: {} } }, "A call has no name"],
      [{ throw: 1, hang: true }, "both throws and hangs"],
      [{ say: "ab", chunks: ["a"] }, "do not add up"],
      [{ say: "ab", chunks: 0 }, "chunks is 0"],
      [{ say: "ab", delayMs: -1 }, "delayMs is -1"],
    ];
    for (const [step, reason] of bad) {
      const error = await scriptedModel([step as Step])
        .invoke("x")
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "SCRIPT_INVALID", message: expect.stringContaining(reason) as string });
    }
  });

  it("ends, repeats or loops a list", async () => {
    const texts = async (model: ReturnType<typeof scriptedModel>, count: number): Promise<string[]> => {
      const seen: string[] = [];
      for (let index = 0; index < count; index++) seen.push((await model.invoke("x")).text);
      return seen;
    };
    const steps = [{ say: "1" }, { say: "2" }];
    await expect(texts(scriptedModel(steps), 3)).rejects.toMatchObject({
      code: "SCRIPT_EXHAUSTED",
      message: expect.stringContaining("has 2 steps, this was call 3") as string,
    });
    expect(await texts(scriptedModel(steps, { whenDone: "repeat" }), 4)).toEqual(["1", "2", "2", "2"]);
    expect(await texts(scriptedModel(steps, { whenDone: "loop" }), 4)).toEqual(["1", "2", "1", "2"]);
    await expect(scriptedModel([], { whenDone: "loop" }).invoke("x")).rejects.toMatchObject({
      code: "SCRIPT_EXHAUSTED",
    });
  });

  it("forgets the oldest calls and counts them all", async () => {
    const model = scriptedModel(() => ({ say: "x" }), { keep: 2 });
    for (let index = 0; index < 5; index++) await model.invoke("x");
    expect([model.calls.map(({ index }) => index), model.callCount]).toEqual([[3, 4], 5]);
  });

  it("works through objects derived from it", async () => {
    const model = scriptedModel([{ say: "1" }, { say: "2" }]);
    const derived = Object.create(model, { marked: { value: true } }) as typeof model;
    expect((await derived.invoke("x")).text).toBe("1");
    expect((await gather(await derived.stream("x"))).whole.text).toBe("2");
    expect(model.callCount).toBe(2);
  });
});
