import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { createStack, LazyToolLoader, perf, StateCompressor, WorkflowCache } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, failure, keeper, shelf, START } from "./parts.js";

const keep = keeper();
const desk = (options: Parameters<typeof perf>[0] = {}) =>
  keep(createStack({ name: "desk", plugins: [perf(options)], clock: fakeClock(START) }));
const texts = (messages: readonly BaseMessage[]) => messages.map(({ text }) => text);
/** A conversation of so many turns, a question and an answer each. */
const turns = (count: number): BaseMessage[] =>
  Array.from({ length: count }, (_, n) => [new HumanMessage(`question ${n}`), new AIMessage(`answer ${n}`)]).flat();

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: performance", () => {
  it('the cache took provider "a:b" with type "c" for "a" with "b:c"', () => {
    const cache = new WorkflowCache();
    const workflow = { is: "the first" };
    cache.put({ providerName: "a:b", workflowType: "c", config: {}, workflow });
    expect(cache.get({ providerName: "a", workflowType: "b:c", config: {} })).toBe(null);
    expect(cache.get({ providerName: "a:b", workflowType: "c", config: {} })).toBe(workflow);
  });

  it("a configuration whose keys were of mixed types threw", () => {
    const cache = new WorkflowCache();
    const recipe = (config: unknown) => ({ providerName: "openai", workflowType: "rag", config });
    const mixed = new Map<unknown, unknown>([
      [1, "a"],
      ["1", "b"],
      [null, "c"],
    ]);
    cache.put({ ...recipe(mixed), workflow: { is: "mixed" } });
    expect(cache.get(recipe(new Map([...mixed].toReversed())))).toEqual({ is: "mixed" });
    expect(
      cache.get(
        recipe(
          new Map<unknown, unknown>([
            ["1", "a"],
            [1, "b"],
            [null, "c"],
          ]),
        ),
      ),
    ).toBe(null);
  });

  it("model, tools and prompt were not part of the key: the same count of tools gave somebody else's graph", async () => {
    const stack = desk();
    const mine = scriptedTool("calculator", "4");
    const theirs = scriptedTool("web_search", "found");
    const llm = scriptedModel((messages, { tools }) =>
      messages.at(-1)?.type === "human"
        ? { call: { name: tools[0] ?? "", args: {} } }
        : { say: texts(messages).at(-1) ?? "" },
    );
    const spec = { mode: "full" as const, llm, retriever: shelf("a") };
    const alice = await stack.createWorkflow({ ...spec, tools: [mine] });
    const bob = await stack.createWorkflow({ ...spec, tools: [theirs] });
    const answer = async (workflow: typeof alice, userId: string) =>
      texts((await workflow.invoke(ask("go"), stack.as({ userId }))).messages).at(-1);
    expect([await answer(alice, "alice"), await answer(bob, "bob")]).toEqual(["4", "found"]);
    expect(mine.callCount).toBe(1);
    // A retriever over other documents is another workflow too, though there is one in both.
    await stack.createWorkflow({ ...spec, retriever: shelf("a"), tools: [mine] });
    expect(stack.get(perf).workflows.stats()).toMatchObject({ hits: 0, misses: 3 });
  });

  it("a configuration with a function or an object in it was keyed by its text", () => {
    const cache = new WorkflowCache();
    const forUser = (token: string) => ({ fetch: () => token });
    const recipe = (config: unknown) => ({ providerName: "openai", workflowType: "tools", config });
    cache.put({ ...recipe(forUser("alice")), workflow: { of: "alice" } });
    expect(cache.get(recipe(forUser("bob")))).toBe(null);
  });

  it("putting a workflow again evicted a neighbour", () => {
    const cache = new WorkflowCache({ maxEntries: 2 });
    const put = (config: string) =>
      cache.put({ providerName: "openai", workflowType: "rag", config, workflow: { config } });
    const has = (config: string) => cache.get({ providerName: "openai", workflowType: "rag", config }) !== null;
    put("a");
    put("b");
    put("b");
    expect([has("a"), has("b"), cache.stats().entries]).toEqual([true, true, 2]);
  });

  it("five who asked for one tool at the same time loaded it five times", async () => {
    const loader = new LazyToolLoader();
    let loads = 0;
    loader.register("calculator", async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return { loads: ++loads };
    });
    const five = await Promise.all(Array.from({ length: 5 }, () => loader.getTool("calculator")));
    expect([loads, new Set(five).size]).toEqual([1, 1]);
  });

  it("preloading did nothing: what was loaded was forgotten at once", async () => {
    const loader = new LazyToolLoader();
    let loads = 0;
    loader.register("calculator", async () => ({ loads: ++loads }));
    await loader.preload();
    await new Promise((resolve) => setImmediate(resolve));
    (globalThis as { gc?: () => void }).gc?.();
    expect(loader.isLoaded("calculator")).toBe(true);
    await loader.getTool("calculator");
    expect(loads).toBe(1);
  });

  it("a lambda that returned a coroutine gave the coroutine for a tool", async () => {
    const loader = new LazyToolLoader();
    const load = async () => ({ name: "calculator" });
    loader.register("calculator", () => load());
    expect(await loader.getTool("calculator")).toEqual({ name: "calculator" });
  });

  it("a tool that was a plain object could not be kept", async () => {
    const loader = new LazyToolLoader();
    loader.register("calculator", () => ({ run: () => 4 }));
    const tool = await loader.getTool("calculator");
    expect(await loader.getTool("calculator")).toBe(tool);
  });

  it("one tool was found by loading all, and an empty list loaded all", async () => {
    const loader = new LazyToolLoader();
    const loaded: string[] = [];
    for (const name of ["calculator", "web_search", "file_manager"])
      loader.register(name, () => (loaded.push(name), { name }));
    expect((await loader.getTools([])).tools).toEqual([]);
    await loader.getTool("web_search");
    expect(loaded).toEqual(["web_search"]);
  });

  it("tools that failed or did not exist were dropped without a word", async () => {
    const loader = new LazyToolLoader({ retries: 0 });
    loader.register("calculator", () => Promise.reject(new Error("no such module")));
    expect(await loader.getTools(["calculator", "web_search"])).toMatchObject({
      tools: [],
      missing: ["web_search"],
      failed: [{ name: "calculator", error: { code: "LAZY_TOOL_FAILED" } }],
      complete: false,
    });
    expect(await failure(loader.getTool("web_search"))).toMatchObject({ code: "LAZY_TOOL_UNKNOWN" });
  });

  it("nothing was ever compressed: the model saw the whole conversation", async () => {
    const stack = desk({ compression: { maxTokens: 200 } });
    const llm = scriptedModel(() => ({ say: "ok" }));
    const workflow = await stack.createWorkflow({ llm });
    await workflow.invoke({ messages: turns(200) }, stack.as({ userId: "user123" }));
    expect(stack.get(perf).compressor?.countTokens(llm.calls[0]?.messages ?? [])).toBeLessThanOrEqual(200);
  });

  it("a summary was made up: a sentence said there was one, and no model had been asked", async () => {
    const asked: string[][] = [];
    const summarize = ({ messages }: { messages: readonly BaseMessage[] }) => (
      asked.push(texts(messages)),
      "REAL SUMMARY"
    );
    const { messages } = await new StateCompressor({ maxTokens: 150, summarize }).compress(turns(60));
    expect(asked.flat()).toContain("question 0");
    expect(messages[0]?.text).toContain("REAL SUMMARY");
    // Without anybody to ask, no summary is claimed.
    const plain = await new StateCompressor({ maxTokens: 150 }).compress(turns(60));
    expect(plain.messages[0]?.text).toMatch(/^\[\d+ earlier messages are left out here\.\]$/);
    expect(plain.summary).toBe("none");
  });

  it("each summary forgot the one before it", async () => {
    const previous: (string | null)[] = [];
    const compressor = new StateCompressor({
      maxTokens: 300,
      keepTokens: 150,
      summarize: ({ previous: old, messages }) => (previous.push(old), `${old ?? "facts:"} ${messages.length}`),
    });
    for (let count = 30; count <= 120; count += 30) await compressor.compress(turns(count));
    expect(previous[0]).toBe(null);
    expect(previous.slice(1).every((old) => old?.startsWith("facts:"))).toBe(true);
    const { messages } = await compressor.compress(turns(120));
    const sum = (messages[0]?.text.match(/\d+/g) ?? []).reduce((total, n) => total + Number(n), 0);
    expect(sum).toBe(240 - (messages.length - 1));
  });

  it("a summariser's error became the summary, and `$&` in it brought the text back", async () => {
    const failing = new StateCompressor({
      maxTokens: 150,
      summarize: () => Promise.reject(new Error("429 Too Many Requests")),
    });
    const { messages } = await failing.compress(turns(60));
    expect(JSON.stringify(messages)).not.toContain("429");
    expect(failing.stats().summaries).toMatchObject({ made: 0, failed: { error: expect.any(Number) as number } });
    const odd = await new StateCompressor({ maxTokens: 150, summarize: () => "costs $& and $' and $1" }).compress(
      turns(60),
    );
    expect(odd.messages[0]?.text).toContain("costs $& and $' and $1");
  });

  it("a call and its result were torn apart, and the system message was lost", async () => {
    const call = (id: string) => ({ name: "search", args: {}, id, type: "tool_call" as const });
    const conversation = [
      new SystemMessage("Be kind."),
      ...turns(20),
      new HumanMessage("look it up"),
      new AIMessage({ content: "", tool_calls: [call("c1"), call("c2")] }),
      new ToolMessage({ content: "one", tool_call_id: "c1" }),
      new ToolMessage({ content: "two", tool_call_id: "c2" }),
    ];
    for (let maxTokens = 80; maxTokens <= 400; maxTokens += 10) {
      const { messages } = await new StateCompressor({ maxTokens }).compress(conversation);
      expect(texts(messages)[0]).toBe("Be kind.");
      expect(texts(messages).slice(-4)).toEqual(["look it up", "", "one", "two"]);
    }
  });

  it("one message of 10 MB was not compressed", async () => {
    const compressor = new StateCompressor({ maxTokens: 1_000 });
    const { messages, clipped } = await compressor.compress([new HumanMessage("lorem ipsum ".repeat(830_000))]);
    expect(compressor.countTokens(messages)).toBeLessThanOrEqual(1_000);
    expect([messages.length, clipped]).toEqual([1, 1]);
    expect(messages[0]?.text).toMatch(/^lorem ipsum [\s\S]*characters left out[\s\S]*lorem ipsum $/);
  });

  it("keeping 0 messages kept all of them", async () => {
    for (const maxTokens of [0, -1, 0.5, Number.NaN])
      expect(() => new StateCompressor({ maxTokens })).toThrow("COMPRESSION_OPTIONS_INVALID");
    const { messages } = await new StateCompressor({ maxTokens: 60, keepTokens: 1 }).compress(turns(40));
    expect(texts(messages).slice(1)).toEqual(["question 39", "answer 39"]);
  });

  it("memory was never measured, and nobody knew how long loading and compiling took", async () => {
    const stack = desk();
    await stack.createWorkflow({ llm: scriptedModel(() => ({ say: "ok" })) });
    const workflow = await stack.createWorkflow({ llm: scriptedModel(() => ({ say: "ok" })) });
    await workflow.invoke(ask("hi"), stack.as({ userId: "user123" }));
    const { memory, workflows } = stack.get(perf).stats();
    expect(memory.last?.heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(workflows.builds).toEqual({ count: 2, failed: 0, p50Ms: 0, p95Ms: 0 });
  });
});
