import { Selections } from "../keys.js";
import { definePlugin, hooks } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { Command, interrupt, MemorySaver, Send } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { NoMatchError } from "../errors.js";
import { ask, desks, echo, failure, speaker, texts } from "../fixtures/desk.js";

const desk = desks();
const shelf = { invoke: async () => [{ pageContent: "from the shelf", metadata: {} }] };
const tiers = {
  conditions: { user_tier: { in: ["premium", "enterprise"] }, query_complexity: { min: 0.7, max: 1 } },
  workflowConfigs: {
    user_tier: { mode: "plain", systemMessage: "premium" },
    query_complexity: { mode: "plain", systemMessage: "complex" },
    default: { mode: "plain", systemMessage: "plain" },
  },
  untrusted: ["query_complexity"],
} as const;
/** Says which system message it got. */
const llm = () => scriptedModel((messages) => ({ say: `${messages[0]?.text}` }));

describe("a conditional workflow", () => {
  it("chooses per run, by who runs it", async () => {
    const { stack, manager, told } = desk();
    const workflow = await manager.createConditionalWorkflow({ name: "auto", llm: llm(), ...tiers });
    const said = async (who: { userId: string; user_tier?: string }, config = {}) =>
      texts(await workflow.invoke(ask("hi"), stack.as(who, config))).at(-1);
    expect(await said({ userId: "alice", user_tier: "premium" })).toBe("premium");
    expect(await said({ userId: "bob", user_tier: "free" })).toBe("plain");
    expect(await said({ userId: "bob" }, { configurable: { query_complexity: 0.8 } })).toBe("complex");
    expect(told.selections.map(({ rule, use, sources }) => [rule, use, sources])).toEqual([
      ["user_tier", "user_tier", { user_tier: "principal", query_complexity: "missing" }],
      [null, "default", { user_tier: "principal", query_complexity: "missing" }],
      ["query_complexity", "query_complexity", { user_tier: "missing", query_complexity: "caller" }],
    ]);
    // One run each, whatever was chosen.
    expect(told.runs).toEqual(Array.from({ length: 3 }, () => ["start auto", "end auto ok"]).flat());
  });

  it("reads what is trusted from nobody but the identity", async () => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({ llm: llm(), ...tiers });
    const forged = { configurable: { user_tier: "premium", userId: "alice", roles: ["admin"] } };
    const input = { ...ask("hi"), user_tier: "premium" };
    expect(texts(await workflow.invoke(input, stack.as({ userId: "bob" }, forged))).at(-1)).toBe("plain");
    // What was declared may be told, in the input too, and never outweighs what is known.
    const told = { ...ask("hi"), query_complexity: 0.9 };
    expect(texts(await workflow.invoke(told, stack.as({ userId: "bob" }))).at(-1)).toBe("complex");
    const open = await manager.createConditionalWorkflow({ llm: llm(), ...tiers, untrusted: ["user_tier"] });
    expect(texts(await open.invoke(ask("hi"), stack.as({ userId: "bob", user_tier: "free" }, forged))).at(-1)).toBe(
      "plain",
    );
    expect(
      await failure(manager.createConditionalWorkflow({ llm: llm(), ...tiers, untrusted: ["roles"] })),
    ).toMatchObject({
      code: "COMPOSITION_INVALID",
      details: { issues: [{ path: "untrusted" }] },
    });
  });

  it("reads the identity itself: user, tenant, roles", async () => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({
      llm: llm(),
      conditions: { userId: "alice", tenantId: "acme", roles: { contains: "admin" } },
      workflowConfigs: {
        userId: { mode: "plain", systemMessage: "by user" },
        tenantId: { mode: "plain", systemMessage: "by tenant" },
        roles: { mode: "plain", systemMessage: "by role" },
        default: { mode: "plain", systemMessage: "plain" },
      },
    });
    const said = async (who: { userId: string; tenantId?: string; roles?: string[] }) =>
      texts(await workflow.invoke(ask("hi"), stack.as(who))).at(-1);
    expect(await said({ userId: "alice" })).toBe("by user");
    expect(await said({ userId: "bob", tenantId: "acme" })).toBe("by tenant");
    expect(await said({ userId: "bob", roles: ["admin"] })).toBe("by role");
    expect(await said({ userId: "bob" })).toBe("plain");
  });

  it("does not find what an earlier run of the conversation was told", async () => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({ llm: llm(), ...tiers, enableMemory: true });
    const bob = stack.as({ userId: "bob", conversationId: "c-1" });
    const say = async (more: object) => texts(await workflow.invoke({ ...ask("hi"), ...more }, bob)).at(-1);
    expect(await say({ query_complexity: 0.9 })).toBe("complex");
    expect(await say({})).toBe("plain");
  });

  it("takes constants and facts of the host's", async () => {
    const { stack, manager } = desk();
    const asked: (string | null | undefined)[] = [];
    const workflow = await manager.createConditionalWorkflow({
      llm: llm(),
      ...tiers,
      context: { query_complexity: 0.8 },
      facts: async (run) => {
        asked.push(run?.principal?.userId);
        return run?.principal?.userId === "carol" ? { user_tier: "enterprise" } : {};
      },
    });
    expect(texts(await workflow.invoke(ask("hi"), stack.as({ userId: "carol" }))).at(-1)).toBe("premium");
    expect(texts(await workflow.invoke(ask("hi"), stack.as({ userId: "bob" }))).at(-1)).toBe("complex");
    const simple = { configurable: { query_complexity: 0.1 } };
    expect(texts(await workflow.invoke(ask("hi"), stack.as({ userId: "bob" }, simple))).at(-1)).toBe("plain");
    expect(asked).toEqual(["carol", "bob", "bob"]);
  });

  it("fails where nothing holds, and says why for each rule", async () => {
    const { stack, manager, told } = desk();
    const { default: _plain, ...workflowConfigs } = tiers.workflowConfigs;
    const workflow = await manager.createConditionalWorkflow({ name: "auto", llm: llm(), ...tiers, workflowConfigs });
    const error = await failure(workflow.invoke(ask("hi"), stack.as({ userId: "bob", user_tier: "free" })));
    expect(NoMatchError.isNoMatch(error)).toBe(true);
    expect(error.message).toContain('user_tier: user_tier in ["premium", "enterprise"]: no, it is "free"');
    expect(error.message).toContain("query_complexity min 0.7: unknown, it is missing");
    expect((error as NoMatchError).trace.rules).toHaveLength(2);
    expect(told.runs).toEqual(["start auto", "end auto error NO_MATCH"]);
  });

  it("builds what it chooses when it is chosen first, once, through the stack's own way", async () => {
    const compiled: string[] = [];
    const watcher = definePlugin({
      name: "watcher",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.workflow.compile, (definition, next) => {
          compiled.push(`${definition.name} ${String(definition.spec["mode"])}`);
          return next();
        });
      },
    });
    const { stack, manager } = desk({ plugins: [watcher()] });
    const workflow = await manager.createConditionalWorkflow({ name: "auto", llm: llm(), ...tiers });
    expect(compiled).toEqual([]);
    const alice = stack.as({ userId: "alice", user_tier: "premium" });
    await Promise.all([workflow.invoke(ask("1"), alice), workflow.invoke(ask("2"), alice)]);
    await workflow.invoke(ask("3"), stack.as({ userId: "bob" }));
    await workflow.invoke(ask("4"), stack.as({ userId: "bob" }));
    expect(compiled).toEqual(["auto.user_tier plain", "auto.default plain"]);
  });

  it("hands models, tools and retrievers down to what needs them", async () => {
    const { stack, manager } = desk();
    const search = scriptedTool("search", "3 articles");
    const model = scriptedModel((messages, { tools }) =>
      messages.at(-1)?.type === "human"
        ? { call: { name: "search", args: {} } }
        : { say: `${tools.join()}: ${messages.at(-1)?.text} ${messages.some(({ text }) => text.includes("shelf"))}` },
    );
    const workflow = await manager.createConditionalWorkflow({
      llm: model,
      tools: [search],
      retriever: shelf,
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: { mode: "full" }, default: { mode: "tools" } },
    });
    const said = async (user_tier: string) =>
      texts(await workflow.invoke(ask("hi"), stack.as({ userId: "a", user_tier }))).at(-1);
    expect(await said("premium")).toBe("search: 3 articles true");
    expect(await said("free")).toBe("search: 3 articles false");
    expect(search.callCount).toBe(2);
  });

  it("keeps one conversation, whichever workflow answers", async () => {
    const { stack, manager } = desk();
    const model = scriptedModel((messages) => ({ say: messages.map(({ text }) => text).join("|") }));
    const workflow = await manager.createConditionalWorkflow({
      llm: model,
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: { enableMemory: true, memoryWindow: 10 }, default: {} },
    });
    const say = async (text: string, user_tier: string) =>
      texts(await workflow.invoke(ask(text), stack.as({ userId: "alice", user_tier, conversationId: "c-1" }))).at(-1);
    expect(await say("one", "premium")).toBe("one");
    expect(await say("two", "premium")).toBe("one|one|two");
    // Without memory only the current turn is seen, but it is kept.
    expect(await say("three", "free")).toBe("three");
    expect(await say("four", "premium")).toContain("one|one|two|one|one|two|three|three|four");
    expect((await failure(workflow.invoke(ask("x"), stack.as({ userId: "alice", user_tier: "free" })))).code).toBe(
      "THREAD_ID_MISSING",
    );
  });

  it("goes on with what it chose when a human has answered", async () => {
    const { stack, manager, told } = desk();
    let asked = 0;
    const careful = speaker("careful", () => {
      asked++;
      return interrupt("sure?");
    });
    const workflow = await manager.createConditionalWorkflow({
      name: "auto",
      checkpointer: new MemorySaver(),
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: careful, default: speaker("plain") },
    });
    const as = (user_tier: string) => stack.as({ userId: "alice", user_tier, conversationId: "c-1" });
    const paused = await workflow.invoke(ask("hi"), as("premium"));
    expect(paused).toHaveProperty("__interrupt__");
    const done = await workflow.invoke(new Command({ resume: "yes" }), as("free"));
    expect(texts(done)).toEqual(["hi", "careful: yes"]);
    expect([asked, told.selections.length]).toEqual([2, 1]);
    expect(told.runs).toEqual(["start auto", "end auto paused", "start auto", "end auto ok"]);
  });

  it("lets nobody go past its rules", async () => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({ name: "auto", llm: llm(), ...tiers });
    const jump = new Command({ goto: "user_tier", update: ask("hi") });
    const error = await failure(workflow.invoke(jump as never, stack.as({ userId: "bob", user_tier: "free" })));
    expect(error).toMatchObject({ code: "NOT_CHOSEN" });
    // Not even to where they would lead: who sends it decides nothing.
    expect(
      await failure(workflow.invoke(jump as never, stack.as({ userId: "alice", user_tier: "premium" }))),
    ).toMatchObject({ code: "NOT_CHOSEN" });
  });

  it.each<[string, object, object]>([
    ["says that it resumes", { goto: "user_tier" }, { __pregel_resuming: true }],
    ["resumes at the same time", { goto: "user_tier", resume: "yes" }, {}],
    ["is resumed afterwards", { goto: "user_tier" }, {}],
    ["goes by a Send", { goto: [new Send("user_tier", ask("hi"))] }, {}],
  ])("lets nobody go past its rules by a Command that %s, whatever the thread holds", async (_how, given, keys) => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({
      name: "auto",
      llm: llm(),
      ...tiers,
      enableMemory: true,
    });
    const bob = { userId: "bob", user_tier: "free", conversationId: "c-1" };
    const config = () => stack.as(bob, { configurable: keys });
    expect(texts(await workflow.invoke(ask("hi"), stack.as(bob))).at(-1)).toBe("plain");
    for (const command of [new Command(given), { lg_name: "Command", ...given }]) {
      const jump = workflow.invoke(command as never, config());
      expect(await failure(jump)).toMatchObject({ code: "NOT_CHOSEN" });
      await workflow.invoke(null as never, stack.as(bob));
      expect(texts((await workflow.getState(stack.as(bob))).values as never)).not.toContain("premium");
    }
    const chunks: unknown[] = [];
    const streamed = (async () => {
      for await (const chunk of await workflow.stream(new Command(given) as never, config())) chunks.push(chunk);
    })();
    expect([await failure(streamed), chunks]).toMatchObject([{ code: "NOT_CHOSEN" }, []]);
  });

  it("records its choice with the run", async () => {
    let seen: unknown;
    const reader = definePlugin({
      name: "reader",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.run.end, (_, run) => {
          seen = run.data.get(Selections);
        });
      },
    });
    const { stack, manager } = desk({ plugins: [reader()] });
    const workflow = await manager.createConditionalWorkflow({ name: "auto", llm: llm(), ...tiers });
    await workflow.invoke(ask("hi"), stack.as({ userId: "alice", user_tier: "premium" }));
    expect(seen).toMatchObject([{ workflow: "auto", rule: "user_tier", use: "user_tier" }]);
  });

  it("explains without running", async () => {
    const { manager } = desk();
    const workflow = await manager.createConditionalWorkflow({ llm: llm(), ...tiers });
    const { choice, rules } = manager.explain(workflow, { user_tier: "free", query_complexity: 0.8 });
    expect(choice).toEqual({ rule: "query_complexity", use: "query_complexity" });
    expect(rules.map(({ matched }) => matched)).toEqual([false, true]);
    expect(manager.explain({ conditions: tiers.conditions }, {}).choice.use).toBeNull();
  });

  it("chooses among composites and other graphs", async () => {
    const { stack, manager } = desk();
    const two = await manager.createCompositeWorkflow({ workflows: [speaker("one"), speaker("two")] });
    const workflow = await manager.createConditionalWorkflow({
      conditions: [{ name: "premium", when: { path: "user_tier", eq: "premium" }, use: "both" }],
      otherwise: "plain",
      workflowConfigs: { both: two, plain: speaker("plain") },
    });
    const said = async (user_tier: string) =>
      texts(await workflow.invoke(ask("hi"), stack.as({ userId: "a", user_tier })));
    expect(await said("premium")).toEqual(["hi", "one", "two"]);
    expect(await said("free")).toEqual(["hi", "plain"]);
  });
});

describe("the document's default", () => {
  const conditions = { user_tier: "premium" };
  it.each([
    [{ user_tier: {}, default: { systemMessage: "d" } }, "d"],
    [{ user_tier: {}, default: { key: "default", systemMessage: "d" } }, "d"],
    [{ user_tier: { systemMessage: "t" }, default: { key: "user_tier" } }, "t"],
  ])("%j", async (workflowConfigs, said) => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({ llm: llm(), conditions, workflowConfigs });
    expect(texts(await workflow.invoke(ask("hi"), stack.as({ userId: "bob" }))).at(-1)).toBe(said);
  });
});

describe("what is wrong with it", () => {
  const right = { llm: echo("a"), conditions: { x: 1 }, workflowConfigs: { x: { mode: "plain" }, default: {} } };
  it.each<[string, object, string]>([
    ["a rule without a workflow", { conditions: { y: 1 } }, "conditions[0].use"],
    ["an unknown operator", { conditions: { x: { equals: 1 } } }, "conditions.x.equals"],
    ["an empty range", { conditions: { x: { min: 2, max: 1 } } }, "conditions.x"],
    ["an unknown key", { whenever: 1 }, "whenever"],
    ["no workflows", { workflowConfigs: {} }, "workflowConfigs"],
    ["a mode without its tools", { workflowConfigs: { x: { mode: "tools" }, default: {} } }, "workflowConfigs.x.tools"],
    ["a model that is none", { llm: {} }, "workflowConfigs.x.llm"],
    ["a user", { workflowConfigs: { x: { userId: "bob" }, default: {} } }, "workflowConfigs.x.userId"],
    ["a default that is not there", { otherwise: "z" }, "conditions.otherwise"],
    [
      "no default in a list",
      { conditions: [{ name: "x", when: { path: "x", eq: 1 } }], workflowConfigs: { x: {} } },
      "conditions.otherwise",
    ],
    ["state that is none", { state: {} }, "state"],
    ["facts that are none", { facts: {} }, "facts"],
    ["a name that is none", { workflowConfigs: { x: {}, "a|b": {}, default: {} } }, "workflowConfigs.a|b"],
  ])("%s", async (_, change, path) => {
    const { manager } = desk();
    const error = await failure(manager.createConditionalWorkflow({ ...right, ...change } as never));
    expect(error).toMatchObject({ name: "GraphTapError", code: "COMPOSITION_INVALID" });
    const { issues } = (error as unknown as { details: { issues: { path: string }[] } }).details;
    expect(issues.map((issue) => issue.path)).toContain(path);
  });
  it("nothing at all", async () => {
    const { manager } = desk();
    expect(await failure(manager.createConditionalWorkflow(null as never))).toMatchObject({
      code: "COMPOSITION_INVALID",
    });
  });
});
