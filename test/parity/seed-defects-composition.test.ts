import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import type { BaseMessage } from "@langchain/core/messages";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { composition, createStack, isDenied, metrics, security } from "graphtap";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ask, calling, failure, keeper, shelf } from "./parts.js";

const keep = keeper();
const desk = (...plugins: Parameters<typeof createStack>[0]["plugins"]) => {
  const stack = keep(
    createStack({
      facts: z.object({ user_tier: z.string().optional() }),
      plugins: [metrics(), composition(), ...plugins],
    }),
  );
  return { stack, manager: stack.get(composition) };
};
const texts = (state: unknown) => (state as { messages: BaseMessage[] }).messages.map(({ text }) => text);
const choose = (conditions: object, context: object) =>
  desk().manager.explain({ conditions: conditions as never }, context as never).choice.use;
const speaker = (name: string, work: (messages: BaseMessage[]) => unknown = () => undefined, saver?: MemorySaver) =>
  new StateGraph(MessagesAnnotation)
    .addNode("speak", async ({ messages }) => {
      const heard = await work(messages);
      return {
        messages: [{ role: "assistant", content: heard === undefined ? name : `${name} heard ${String(heard)}` }],
      };
    })
    .addEdge(START, "speak")
    .compile({ name, ...(saver === undefined ? {} : { checkpointer: saver }) });

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: composition", () => {
  it("a PDF with images always got rag: the branch for images was shadowed", async () => {
    const { stack, manager } = desk();
    const analysis = await manager.createWorkflowFromTemplate({
      template: "document_analysis",
      llm: scriptedModel((_, { tools }) => ({ say: tools.length > 0 ? "looked" : "read" })),
      tools: [scriptedTool("look", "a chart")],
      retriever: shelf("text of it"),
    });
    const run = async (told: object) =>
      texts(
        await analysis.invoke(
          { ...ask("what is in it?"), ...told },
          stack.as({ userId: "u", conversationId: JSON.stringify(told) }),
        ),
      );
    expect((await run({ document_type: "pdf", has_images: true })).at(-1)).toBe("looked");
    expect((await run({ document_type: "pdf" })).at(-1)).toBe("read");
    // And what is shadowed for good is not even registered.
    const rules = [
      { name: "text", when: { path: "type", in: ["pdf", "txt"] } },
      {
        name: "pdf",
        when: {
          all: [
            { path: "type", eq: "pdf" },
            { path: "images", eq: true },
          ],
        },
      },
    ];
    const error = await failure(
      manager.createConditionalWorkflow({
        conditions: rules,
        otherwise: null,
        workflowConfigs: { text: speaker("t"), pdf: speaker("p") },
      }),
    );
    expect(error).toMatchObject({ code: "COMPOSITION_INVALID" });
    expect(error.message).toContain('"pdf" behind "text"');
  });

  it("a text where a number was expected raised TypeError", () => {
    const range = { query_complexity: { min: 0.7, max: 1 } };
    for (const query_complexity of ["0.8", "", null, [0.8], {}, true])
      expect(choose(range, { query_complexity })).toBeNull();
    expect(choose(range, { query_complexity: 0.8 })).toBe("query_complexity");
  });

  it("a range with one end never matched, and nobody was told", () => {
    expect(choose({ query_complexity: { min: 0.7 } }, { query_complexity: 0.8 })).toBe("query_complexity");
    expect(choose({ query_complexity: { max: 0.7 } }, { query_complexity: 0.8 })).toBeNull();
  });

  it("in with a text matched a part of it: prem passed for premium", async () => {
    const conditions = { user_tier: { in: "premium" } } as never;
    const { manager } = desk();
    const error = await failure(
      manager.createConditionalWorkflow({ conditions, workflowConfigs: { user_tier: speaker("x") } }),
    );
    expect(error.message).toContain("conditions.user_tier.in: expected a list");
    expect(choose({ user_tier: { in: ["premium"] } }, { user_tier: "prem" })).toBeNull();
  });

  it("a list that could not be searched raised TypeError", async () => {
    const { manager } = desk();
    const conditions = { user_tier: { in: 7 } } as never;
    expect(
      await failure(manager.createConditionalWorkflow({ conditions, workflowConfigs: { user_tier: speaker("x") } })),
    ).toMatchObject({
      code: "COMPOSITION_INVALID",
    });
  });

  it("a test for null matched a key that was missing", () => {
    expect(choose({ plan: null }, {})).toBeNull();
    expect(choose({ plan: { in: [null, "free"] } }, {})).toBeNull();
    expect(choose({ plan: null }, { plan: null })).toBe("plan");
  });

  it("True was 1", () => {
    expect(choose({ flag: true }, { flag: 1 })).toBeNull();
    expect(choose({ count: 1 }, { count: true })).toBeNull();
  });

  it("a test that was an object never matched", () => {
    expect(choose({ origin: { eq: { country: "DE" } } }, { origin: { country: "DE" } })).toBe("origin");
  });

  it("a default without key: default inside was no default", async () => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: speaker("full"), default: speaker("plain") },
    });
    expect(texts(await workflow.invoke(ask("hi"), stack.as({ userId: "u" }))).at(-1)).toBe("plain");
  });

  it("a rule without a configuration gave nothing, and not the default", async () => {
    const { manager } = desk();
    const error = await failure(
      manager.createConditionalWorkflow({
        conditions: { user_tier: "premium" },
        workflowConfigs: { default: speaker("plain") },
      }),
    );
    expect(error.message).toContain('got "user_tier"');
  });

  it("a workflow was chosen once, when it was created, by what its creator said", async () => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: speaker("full"), default: speaker("plain") },
    });
    const run = async (user_tier: string, config = {}) =>
      texts(await workflow.invoke(ask("hi"), stack.as({ userId: "u", user_tier }, config))).at(-1);
    expect([await run("premium"), await run("free"), await run("premium")]).toEqual(["full", "plain", "full"]);
    expect(await run("free", { configurable: { user_tier: "premium" } })).toBe("plain");
    // Nor is it believed of somebody about whom nothing is known.
    const told = stack.as({ userId: "u" }, { configurable: { user_tier: "premium" } });
    expect(texts(await workflow.invoke({ ...ask("hi"), user_tier: "premium" } as never, told)).at(-1)).toBe("plain");
  });

  it("a chosen workflow lost its tools, its retriever and its security", async () => {
    const { stack, manager } = desk(security({ tools: { search: { level: "read" } } }));
    const search = scriptedTool("search", "3 articles");
    const llm = scriptedModel(calling("search"));
    const parts = { llm, tools: [search], retriever: shelf("from the shelf") };
    const workflow = await manager.createConditionalWorkflow({
      ...parts,
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: { mode: "full" } },
    });
    stack.get(security).grantToolPermission({ userId: "alice", toolName: "search", permissionLevel: "read" });
    const run = (userId: string) => workflow.invoke(ask("hi"), stack.as({ userId, user_tier: "premium" }));
    const [alice, bob] = await Promise.all([run("alice"), run("bob")]);
    expect([texts(alice).at(-1), alice.context.length, search.callCount]).toEqual(["Result: 3 articles", 1, 1]);
    expect(bob.messages.filter(isDenied)).toHaveLength(1);
    expect(stack.get(metrics).getWorkflowStats({ userId: "alice" }).totalToolCalls).toBe(1);
  });

  it("the runner was a mock: it gave canned results and called no workflow", async () => {
    const { stack, manager } = desk();
    const ran: string[] = [];
    const workflows = ["one", "two"].map((name) => speaker(name, () => void ran.push(name)));
    for (const executionStrategy of ["sequential", "parallel"] as const)
      await manager.executeCompositeWorkflow({ workflows, executionStrategy }, ask("hi"), stack.as({ userId: "u" }));
    expect(ran.toSorted()).toEqual(["one", "one", "two", "two"]);
  });

  it("the strategy conditional raised", async () => {
    const { stack, manager } = desk();
    const composite = {
      executionStrategy: "conditional" as const,
      workflows: [{ workflow: speaker("full"), when: { path: "user_tier", eq: "premium" } }, speaker("plain")],
    };
    const { results, state } = await manager.executeCompositeWorkflow(
      composite,
      ask("hi"),
      stack.as({ userId: "u", user_tier: "premium" }),
    );
    expect(results.map(({ status }) => status)).toEqual(["ok", "skipped"]);
    expect(texts(state)).toEqual(["hi", "full"]);
  });

  it("composites could not be in each other", async () => {
    const { stack, manager } = desk();
    const inner = { executionStrategy: "parallel" as const, workflows: [speaker("left"), speaker("right")] };
    const { state } = await manager.executeCompositeWorkflow(
      { workflows: [speaker("first"), inner] },
      ask("hi"),
      stack.as({ userId: "u" }),
    );
    expect(texts(state)).toEqual(["hi", "first", "left", "right"]);
  });

  it("a failure became { error }, and the next step ran all the same", async () => {
    const { stack, manager } = desk();
    const ran: string[] = [];
    const broken = speaker("broken", () => {
      throw new Error("out of order");
    });
    const workflows = [broken, speaker("next", () => void ran.push("next"))];
    const error = await failure(manager.executeCompositeWorkflow({ workflows }, ask("hi"), stack.as({ userId: "u" })));
    expect(error).toMatchObject({
      code: "MEMBER_FAILED",
      details: { member: "broken", index: 0 },
      cause: { message: "out of order" },
    });
    expect(ran).toEqual([]);
    // Who wants it to go on says so, and reads which one it was.
    const { results } = await manager.executeCompositeWorkflow(
      { workflows, onError: "continue" },
      ask("hi"),
      stack.as({ userId: "u" }),
    );
    expect(results.map(({ member, status, error: why }) => [member, status, why?.message])).toEqual([
      ["broken", "error", "out of order"],
      ["next", "ok", undefined],
    ]);
  });

  it("the last writer won: messages of earlier steps were replaced, parallel ones never merged", async () => {
    const { stack, manager } = desk();
    const workflows = ["one", "two", "three"].map((name) => speaker(name));
    for (const executionStrategy of ["sequential", "parallel"] as const) {
      const { state } = await manager.executeCompositeWorkflow(
        { workflows, executionStrategy },
        ask("hi"),
        stack.as({ userId: "u" }),
      );
      expect(texts(state)).toEqual(["hi", "one", "two", "three"]);
    }
  });

  it("Bob's run of a composite returned Alice's message: every step had one thread for ever", async () => {
    const { stack, manager } = desk();
    const memory = (name: string) =>
      speaker(name, (messages) => messages.map(({ text }) => text).join("|"), new MemorySaver());
    const composite = await manager.createCompositeWorkflow({ workflows: [memory("one"), memory("two")] });
    const run = async (userId: string, text: string) =>
      JSON.stringify(
        (
          await manager.executeCompositeWorkflow(
            composite,
            ask(text),
            stack.as({ userId, conversationId: `${userId}-1` }),
          )
        ).state,
      );
    const alice = await run("alice", "my PIN is 4711");
    const bob = await run("bob", "hello");
    expect(alice).toContain("4711");
    expect(bob).not.toMatch(/4711|alice/);
    expect(await run("bob", "what was said?")).not.toMatch(/4711|alice/);
    // A second execution in Alice's own conversation does go on where she was.
    expect(await run("alice", "and now?")).toContain("4711");
  });

  it("steps had no limit: no time-out, no abort, no bound on how many ran at once", async () => {
    const { stack, manager } = desk();
    const model = scriptedModel([{ hang: true }]);
    const slow = { name: "slow", workflow: { llm: model }, timeoutMs: 20 };
    const error = await failure(
      manager.executeCompositeWorkflow({ workflows: [slow] }, ask("hi"), stack.as({ userId: "u" })),
    );
    expect(error).toMatchObject({ code: "MEMBER_TIMEOUT" });
    expect(model.calls[0]?.status).toBe("cancelled");
    let now = 0;
    let most = 0;
    const busy = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now--;
    };
    const workflows = Array.from({ length: 6 }, (_, index) => speaker(`m${index}`, busy));
    await manager.executeCompositeWorkflow(
      { workflows, executionStrategy: "parallel", maxConcurrency: 2 },
      ask("hi"),
      stack.as({ userId: "u" }),
    );
    expect(most).toBe(2);
  });

  it("a composite was several runs to the metrics, or none", async () => {
    const { stack, manager } = desk();
    await manager.executeCompositeWorkflow(
      { name: "both", workflows: [speaker("one"), speaker("two")] },
      ask("hi"),
      stack.as({ userId: "u" }),
    );
    expect(stack.get(metrics).getWorkflowStats({ hours: 24 })).toMatchObject({ totalExecutions: 1, successRate: 1 });
  });

  it("a template of the same name was overwritten without a word, and every composite was kept for ever", () => {
    const { manager } = desk();
    const mine = {
      name: "customer_support",
      conditions: { x: 1 },
      workflowConfigs: { x: { mode: "plain" }, default: {} },
    } as const;
    expect(() => manager.templates.register(mine)).toThrow(expect.objectContaining({ code: "TEMPLATE_DUPLICATE" }));
    manager.templates.register({ ...mine, replace: true });
    expect(manager.templates.remove("customer_support")).toBe(true);
    expect(manager.templates.list()).toHaveLength(2);
  });

  it("where nothing matched there was a log line that crashed", async () => {
    const { stack, manager } = desk();
    const workflow = await manager.createConditionalWorkflow({
      name: "auto",
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: speaker("x") },
    });
    const error = await failure(workflow.invoke(ask("hi"), stack.as({ userId: "u", user_tier: "free" })));
    expect(error).toMatchObject({ name: "NoMatchError", code: "NO_MATCH" });
    expect(error.message).toContain('user_tier eq "premium": no, it is "free"');
  });
});
