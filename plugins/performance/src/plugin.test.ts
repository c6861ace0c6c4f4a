import { fakeClock, recordHooks, scriptedModel, scriptedTool } from "@graphtap/testkit";
import type { BaseMessage } from "@langchain/core/messages";
import { createStack, definePlugin, deny, hooks, type Stack, type Workflow } from "@graphtap/langgraph";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { faults } from "./fixtures/conversations.js";
import { Perf, perf, perfHooks } from "./index.js";

const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.dispose();
});
const keep = <S extends { dispose(): Promise<void> }>(stack: S): S => (open.push(stack), stack);
type Options = Parameters<typeof perf>[0];
const desk = (options?: Options, more: ReturnType<ReturnType<typeof definePlugin>>[] = []) =>
  keep(createStack({ name: "desk", plugins: [perf(options), ...more], clock: fakeClock() }));

const ask = (content: string) => ({ messages: [{ role: "user", content }] });
const texts = (messages: readonly BaseMessage[]) => messages.map(({ text }) => text);
const run = (
  stack: Pick<Stack, "as">,
  workflow: Workflow,
  userId: string,
  text: string,
  conversationId = `${userId}-1`,
) => workflow.invoke(ask(text), stack.as({ userId, conversationId }));

describe("workflows through the cache", () => {
  it("compiles one specification once, and gives each caller a graph object of his own", async () => {
    const stack = desk();
    const seen = recordHooks(stack, { hooks: Object.values(perfHooks) });
    await seen.ready;
    const llm = scriptedModel(() => ({ say: "hi" }));
    const tools = [scriptedTool("search", "3 articles")];
    const spec = { name: "support", mode: "tools" as const, llm, tools, systemMessage: "Be kind." };
    const first = await stack.createWorkflow(spec);
    const second = await stack.createWorkflow({ ...spec, tools: [...tools] });
    expect(second).not.toBe(first);
    expect(second.nodes).toBe(first.nodes);
    expect(stack.explain(second).nodes).toEqual(stack.explain(first).nodes);
    expect(stack.get(perf).workflows.stats()).toMatchObject({ hits: 1, misses: 1, hitRate: 0.5, entries: 1 });
    expect(seen.names()).toEqual(["cache.miss", "cache.built", "cache.hit"]);
    expect(JSON.stringify(seen.events().map(({ value }) => value))).not.toContain("Be kind");
  });

  it("tells apart what a workflow is made of: models, tools of the same count, prompts, windows, names", async () => {
    const stack = desk();
    const llm = scriptedModel(() => ({ say: "hi" }));
    const one = [scriptedTool("search", "a")];
    const base = { mode: "tools" as const, llm, tools: one };
    const nodes = new Set<unknown>();
    const specs = [
      base,
      { ...base, llm: scriptedModel(() => ({ say: "hi" })) },
      { ...base, tools: [scriptedTool("search", "a")] },
      { ...base, systemMessage: "a" },
      { ...base, systemMessage: "b" },
      { ...base, name: "other" },
      { ...base, enableMemory: true },
      { ...base, enableMemory: true, memoryWindow: 3 },
      { ...base, enableMemory: true, checkpointer: new MemorySaver() },
      { ...base, providerName: "openai" },
    ];
    for (const spec of [...specs, ...specs]) nodes.add((await stack.createWorkflow(spec)).nodes);
    expect(nodes.size).toBe(specs.length);
    expect(stack.get(perf).workflows.stats()).toMatchObject({ hits: specs.length, misses: specs.length });
  });

  it("two users on one cached graph see nothing of each other, even under one conversation id", async () => {
    const stack = desk();
    const llm = scriptedModel((messages) => ({ say: `heard ${texts(messages).join(" | ")}` }));
    const spec = { llm, enableMemory: true };
    const [mine, theirs] = [await stack.createWorkflow(spec), await stack.createWorkflow(spec)];
    expect(theirs.nodes).toBe(mine.nodes);
    await run(stack, mine, "alice", "my PIN is 4711", "c-1");
    const bob = await run(stack, theirs, "bob", "hello", "c-1");
    expect(JSON.stringify(bob)).not.toContain("4711");
    const again = await run(stack, mine, "alice", "and again", "c-1");
    expect(texts(again.messages).at(-1)).toContain("4711");
    expect((await theirs.getState(stack.as({ userId: "bob", conversationId: "c-1" }))).values).toMatchObject({
      messages: { length: 2 },
    });
  });

  it("runs 200 times for two tenants at once over one cached graph, each with its own name only", async () => {
    const stack = desk();
    const seen: (string | null | undefined)[] = [];
    await stack.use(
      definePlugin({
        name: "acme-who",
        version: "1.0.0",
        identity: "none",
        setup: (api) => void api.tap(hooks.model.start, (_start, { principal }) => void seen.push(principal?.tenantId)),
      })(),
    );
    const llm = scriptedModel((messages) => ({ say: texts(messages).join(" ") }));
    const saver = new MemorySaver();
    const ways = await Promise.all(
      [1, 2].map(() => stack.createWorkflow({ llm, enableMemory: true, checkpointer: saver })),
    );
    expect(stack.get(perf).workflows.stats()).toMatchObject({ misses: 1, joined: 1, builds: { count: 1 } });
    const outs = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const tenantId = index % 2 === 0 ? "red" : "blue";
        const who = stack.as({ userId: `${tenantId}-${index}`, tenantId, conversationId: `${tenantId}-${index}` });
        const workflow = ways[index % 3 === 0 ? 0 : 1] as Workflow;
        return [tenantId, JSON.stringify(await workflow.invoke(ask(`canary-${tenantId}-${index}`), who))] as const;
      }),
    );
    for (const [tenantId, out] of outs) expect(out).not.toContain(`canary-${tenantId === "red" ? "blue" : "red"}`);
    expect(seen.filter((tenant) => tenant === "red")).toHaveLength(100);
  });

  it("builds anew after invalidate, and what is set on one graph is not on another", async () => {
    const stack = desk();
    const llm = scriptedModel(() => ({ say: "hi" }));
    const spec = { name: "support", mode: "tools" as const, llm, tools: [scriptedTool("search", "x")] };
    const first = await stack.createWorkflow(spec);
    first.checkpointer = new MemorySaver();
    const second = await stack.createWorkflow(spec);
    expect(second.checkpointer).not.toBe(first.checkpointer);
    const { workflows } = stack.get(perf);
    expect(workflows.invalidate("tool:refund")).toBe(0);
    expect(workflows.invalidate("tool:search")).toBe(1);
    expect((await stack.createWorkflow(spec)).nodes).not.toBe(first.nodes);
    expect(workflows.stats().evictions.invalidated).toBe(1);
    // It goes on working, for whoever has it.
    expect(
      texts((await first.invoke(ask("hello"), stack.as({ userId: "alice", conversationId: "c" }))).messages),
    ).toEqual(["hello", "hi"]);
  });

  it("is off with workflows: false", async () => {
    const stack = desk({ workflows: false });
    const spec = { llm: scriptedModel(() => ({ say: "hi" })) };
    expect((await stack.createWorkflow(spec)).nodes).not.toBe((await stack.createWorkflow(spec)).nodes);
    expect(stack.get(perf).workflows.stats()).toMatchObject({ hits: 0, misses: 0, hitRate: null, missRate: null });
  });
});

describe("lazy tools in a graph", () => {
  const schema = z.object({ a: z.number(), b: z.number() });
  const adding = (description = "Adds two numbers.") => ({ description, schema });
  const sums = (messages: readonly BaseMessage[]) =>
    messages.at(-1)?.type === "human"
      ? {
          calls: [
            { name: "calculator", args: { a: 2, b: 3 } },
            { name: "calculator", args: { a: 4, b: 5 } },
          ],
        }
      : { say: `= ${texts(messages.slice(-2)).join(",")}` };

  it("loads the body at the first call, once, and is governed under its own name", async () => {
    const stack = desk();
    const loader = stack.get(perf).tools;
    let loads = 0;
    const real = scriptedTool("calculator", ({ a, b }) => String(a + b), { schema });
    loader.register("calculator", async () => (loads++, real), adding());
    const seen = recordHooks(stack);
    await seen.ready;
    const llm = scriptedModel(sums);
    const workflow = await stack.createWorkflow({ mode: "tools", llm, tools: [loader.lazy("calculator")] });
    expect(loads).toBe(0);
    const { messages } = await run(stack, workflow, "alice", "2+3, 4+5?");
    expect(messages.at(-1)?.text).toBe("= 5,9");
    await run(stack, workflow, "bob", "2+3, 4+5?");
    expect([loads, real.callCount]).toEqual([1, 4]);
    expect(llm.calls[0]?.tools).toEqual(["calculator"]);
    expect(seen.of(hooks.tool.start).map(({ value }) => value.name)).toEqual(Array(4).fill("calculator"));
    expect(seen.of(hooks.tool.end).map(({ value }) => value.status)).toEqual(Array(4).fill("ok"));
    expect(loader.stats()).toMatchObject({ loads: 1, loaded: 1, tools: [{ name: "calculator", calls: 4 }] });
  });

  it("a denied call loads nothing, also where models and tools that were not wrapped are refused", async () => {
    const guard = definePlugin({
      name: "acme-guard",
      version: "1.0.0",
      identity: "none",
      setup: (api) =>
        void api.tap(hooks.tool.authorize, ({ parsed }) =>
          (parsed as { a: number }).a === 2 ? deny("NO_TWO", "Not with two.") : undefined,
        ),
    });
    const stack = desk({}, [guard()]);
    const loader = stack.get(perf).tools;
    loader.register("calculator", () => scriptedTool("calculator", ({ a }) => String(a), { schema }), adding());
    const seen = recordHooks(stack);
    await seen.ready;
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(sums),
      tools: [loader.lazy("calculator")],
    });
    const { messages } = await run(stack, workflow, "alice", "go");
    expect(seen.denials()).toEqual([{ name: "calculator", code: "NO_TWO" }]);
    expect(messages.at(-1)?.text).toBe("= NO_TWO: Not with two.,4");
    expect(loader.stats().tools[0]?.calls).toBe(1);
  });

  it("takes functions, modules, objects with invoke and artifacts; names in a specification become tools", async () => {
    const stack = desk();
    const loader = stack.get(perf).tools;
    loader.register(
      "double",
      () =>
        ({ n }: { n: number }) =>
          String(n * 2),
      { description: "d", schema: z.object({ n: z.number() }) },
    );
    loader.register("plain", () => ({ name: "plain", invoke: async ({ n }: { n: number }) => `plain ${n}` }), {
      description: "p",
      schema: z.object({ n: z.number() }),
    });
    loader.register("hello", () => import("./fixtures/hello.js"), {
      description: "h",
      schema: z.object({ n: z.number() }),
    });
    const names = ["double", "plain", "hello"];
    const llm = scriptedModel((messages) =>
      messages.at(-1)?.type === "human"
        ? { calls: names.map((name) => ({ name, args: { n: 21 } })) }
        : { say: texts(messages.slice(-3)).join(",") },
    );
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm,
      tools: names.map((name) => ({ type: "lazy", name })),
    });
    expect((await run(stack, workflow, "alice", "go")).messages.at(-1)?.text).toBe("42,plain 21,hello 21");
    await expect(
      stack.createWorkflow({ mode: "tools", llm, tools: [{ type: "lazy", name: "nobody" }] }),
    ).rejects.toMatchObject({
      code: "LAZY_TOOL_UNKNOWN",
      message: expect.stringContaining("double, plain, hello") as string,
    });
  });

  it("a tool that cannot be loaded is an error the model reads, and the run goes on", async () => {
    const stack = desk({ tools: { retries: 0 } });
    const loader = stack.get(perf).tools;
    loader.register("calculator", () => Promise.reject(new Error("no such module")), adding());
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(sums),
      tools: [loader.lazy("calculator")],
    });
    const { messages } = await run(stack, workflow, "alice", "go");
    expect(messages.at(-1)?.text).toContain("LAZY_TOOL_FAILED");
    expect(await stack.call(hooks.health.check, { at: 0 })).toMatchObject([
      { value: { status: "degraded", detail: expect.stringContaining("calculator") as string } },
    ]);
  });
});

describe("compression in a graph", () => {
  const long = (n: number) => `turn ${n} ${"word ".repeat(60)}`;

  it("the model never sees more than the budget, in invoke and stream; the state keeps everything", async () => {
    const stack = desk({ compression: { maxTokens: 300 } });
    const llm = scriptedModel(() => ({ say: "fine" }));
    const workflow = await stack.createWorkflow({
      llm,
      systemMessage: "Be kind.",
      enableMemory: true,
      memoryWindow: 1_000,
    });
    const who = () => stack.as({ userId: "alice", conversationId: "c" });
    const compressor = stack.get(perf).compressor;
    for (let turn = 0; turn < 12; turn++)
      if (turn % 2 === 0) await workflow.invoke(ask(long(turn)), who());
      else for await (const _ of await workflow.stream(ask(long(turn)), who())) continue;
    expect(llm.calls).toHaveLength(12);
    for (const [turn, { messages }] of llm.calls.entries()) {
      expect(compressor?.countTokens(messages)).toBeLessThanOrEqual(300);
      expect(faults(messages)).toEqual([]);
      expect(messages[0]?.text).toBe("Be kind.");
      expect(messages.at(-1)?.text).toBe(long(turn));
    }
    expect((await workflow.getState(who())).values).toMatchObject({ messages: { length: 24 } });
    expect(compressor?.stats().compressed).toBeGreaterThan(6);
  });

  it("summarises outside the run's stream, with a governed model too, and without end", async () => {
    const summariser = scriptedModel(() => ({ say: "SUMMARY" }));
    let wrapped: { invoke(input: unknown): Promise<BaseMessage> } = summariser;
    const stack = desk({
      compression: {
        maxTokens: 300,
        summaryTokens: 60,
        summarize: async ({ messages }) => (await wrapped.invoke([...messages, ...messages, ...messages])).text,
      },
    });
    const seen = recordHooks(stack);
    await seen.ready;
    wrapped = stack.wrapModel(summariser);
    const llm = scriptedModel(() => ({ say: "fine" }));
    const workflow = await stack.createWorkflow({ llm, enableMemory: true, memoryWindow: 1_000 });
    let streamed = "";
    for (let turn = 0; turn < 6; turn++)
      for await (const [message] of await workflow.stream(
        ask(long(turn)),
        stack.as({ userId: "alice", conversationId: "c" }, { streamMode: "messages" }),
      ))
        streamed += message.text;
    expect(streamed).toBe("fine".repeat(6));
    expect(summariser.callCount).toBeGreaterThan(0);
    expect(llm.calls.at(-1)?.messages[0]?.text).toContain("SUMMARY");
    // Its tokens are the run's: somebody pays for them.
    expect(seen.of(hooks.model.end)).toHaveLength(6 + summariser.callCount);
  });

  it("counts the schemas of bound tools, and a failed fit stops the call with a typed error", async () => {
    const stack = desk({ compression: { maxTokens: 120 } });
    const llm = scriptedModel(() => ({ say: "fine" }));
    const tools = Array.from({ length: 20 }, (_, i) =>
      scriptedTool(`tool_${i}`, "x", { description: "A tool with a description of some length, for the budget." }),
    );
    const workflow = await stack.createWorkflow({ mode: "tools", llm, tools });
    await expect(workflow.invoke(ask("hi"), stack.as({ userId: "alice" }))).rejects.toMatchObject({
      code: "COMPRESSION_FLOOR",
    });
    expect(llm.callCount).toBe(0);
    expect(stack.get(perf).stats().compression?.overflows).toBe(1);
  });

  it("a retry of a node sends what the first attempt sent", async () => {
    const stack = desk({ compression: { maxTokens: 300, summarize: () => `made at random ${Math.random()}` } });
    const sent: string[][] = [];
    let fails = 2;
    const llm = stack.wrapModel(
      scriptedModel((messages) => {
        sent.push(texts(messages));
        return fails-- > 0 ? { throw: new Error("again") } : { say: "fine" };
      }),
    );
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("model", async (state, config) => ({ messages: [await llm.invoke(state.messages, config)] }), {
          retryPolicy: { maxAttempts: 3, initialInterval: 1, retryOn: () => true, logWarning: false },
        })
        .addEdge(START, "model")
        .compile(),
    );
    const messages = Array.from({ length: 9 }, (_, n) => ({
      role: n % 2 === 0 ? "user" : "assistant",
      content: long(n),
    }));
    await graph.invoke({ messages }, stack.as({ userId: "alice" }));
    expect(sent).toHaveLength(3);
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[2]).toEqual(sent[0]);
    expect(sent[0]?.[0]).toContain("made at random");
  });

  it("what is remembered of one user's conversation is not used for another's", async () => {
    let told = 0;
    const stack = desk({ compression: { maxTokens: 300, summarize: () => `told ${++told}` } });
    const llm = scriptedModel(() => ({ say: "fine" }));
    const workflow = await stack.createWorkflow({ llm });
    const messages = Array.from({ length: 9 }, (_, n) => ({
      role: n % 2 === 0 ? "user" : "assistant",
      content: long(n),
    }));
    const asked: number[] = [];
    for (const userId of ["alice", "bob", "alice"]) {
      await workflow.invoke({ messages }, stack.as({ userId }));
      asked.push(told);
    }
    const [alice = 0, bob, again] = asked;
    expect([alice > 0, bob, again]).toEqual([true, 2 * alice, 2 * alice]);
    const [first, second, third] = llm.calls.map((call) => call.messages[0]?.text);
    expect(third).toBe(first);
    expect(second).not.toBe(first);
  });
});

describe("panels", () => {
  it("gives a user what compression did for them, and nobody else's", async () => {
    const stack = desk({ compression: { maxTokens: 100 } });
    const llm = scriptedModel(() => ({ say: "hi" }));
    const graph = await stack.createWorkflow({ llm });
    const long = Array.from({ length: 40 }, () => ({ role: "user", content: "some words of one long conversation" }));
    await graph.invoke({ messages: long }, stack.as({ userId: "alice", tenantId: "acme" }));
    await graph.invoke({ messages: long.slice(0, 1) }, stack.as({ userId: "bob", tenantId: "acme" }));
    const shown = async (userId: string, tenantId: string | null): Promise<unknown> => {
      const [panel] = await stack.call(hooks.dashboard.collect, { kind: "user", userId, tenantId });
      return panel?.status === "ok" ? panel.value.data["compression"] : panel;
    };
    const figures = (await shown("alice", "acme")) as Record<string, number>;
    expect(figures).toMatchObject({ compressed: 1, dropped: expect.any(Number) as number });
    expect(figures["tokensAfter"]).toBeLessThanOrEqual(100);
    expect(figures["tokensBefore"]).toBeGreaterThan(100);
    const none = { compressed: 0, tokensBefore: 0, tokensAfter: 0, dropped: 0 };
    expect([await shown("bob", "acme"), await shown("alice", null)]).toEqual([none, none]);
  });

  it("gives the system its figures, and a user none of them", async () => {
    const stack = desk();
    const llm = scriptedModel(() => ({ say: "hi" }));
    for (let i = 0; i < 4; i++) await stack.createWorkflow({ llm });
    const [panel] = await stack.call(hooks.dashboard.collect, { kind: "system" });
    expect(panel).toMatchObject({
      plugin: "performance",
      status: "ok",
      value: {
        id: "performance",
        version: 1,
        data: {
          cache: { hits: 3, misses: 1, hitRate: 0.75, missRate: 0.25, builds: { count: 1 } },
          tools: { registered: 0, loadMs: { p50: null, p95: null } },
          compression: null,
          memory: { last: { heapUsedBytes: expect.any(Number) as number } },
        },
      },
    });
    expect(JSON.parse(JSON.stringify(panel))).toEqual(panel);
    expect(await stack.call(hooks.dashboard.collect, { kind: "user", userId: "alice", tenantId: null })).toMatchObject([
      { value: { id: "performance", data: { compression: null } } },
    ]);
    expect(await stack.call(hooks.health.check, { at: 0 })).toMatchObject([
      { value: { id: "performance", status: "ok" } },
    ]);
    expect(stack.get(Perf)).toBe(stack.get(perf));
  });
});
