import { scriptedModel } from "@graphtap/testkit";
import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import type { CompositeWorkflowConfig } from "./config.js";
import { ask, desks, echo, failure, Score, scorer, speaker, texts } from "../fixtures/desk.js";

const desk = desks();
const STRATEGIES = ["sequential", "parallel", "conditional"] as const;
type Strategy = (typeof STRATEGIES)[number];

/** Two speakers; the conditional one chooses the second. */
const pair = (executionStrategy: Strategy, more: Partial<CompositeWorkflowConfig> = {}): CompositeWorkflowConfig => ({
  name: "pair",
  executionStrategy,
  workflows:
    executionStrategy === "conditional"
      ? [{ workflow: speaker("one"), when: { path: "user_tier", eq: "premium" } }, speaker("two")]
      : [speaker("one"), speaker("two")],
  ...more,
});
const SAID: Readonly<Record<Strategy, readonly string[]>> = {
  sequential: ["hi", "one", "two"],
  parallel: ["hi", "one", "two"],
  conditional: ["hi", "two"],
};

describe.each(STRATEGIES)("a %s composite", (strategy) => {
  it("lets nobody leave members out by a Command", async () => {
    const { stack, manager } = desk();
    const both = await manager.createCompositeWorkflow(pair(strategy, { enableMemory: true }));
    const as = stack.as({ userId: "alice", conversationId: "c-1" });
    const jump = new Command({ goto: "two", update: ask("hi") });
    expect(await failure(both.invoke(jump as never, as))).toMatchObject({ code: "NOT_CHOSEN" });
    expect((await both.getState(as)).next).toEqual([]);
  });

  it("is invoked as one run", async () => {
    const { stack, manager, told } = desk();
    const both = await manager.createCompositeWorkflow(pair(strategy));
    const out = await both.invoke(ask("hi"), stack.as({ userId: "alice" }));
    expect(texts(out)).toEqual(SAID[strategy]);
    const statuses = strategy === "conditional" ? ["skipped", "ok"] : ["ok", "ok"];
    expect(out.outcomes.map(({ index, member, status }) => [index, member, status])).toEqual([
      [0, "one", statuses[0]],
      [1, "two", statuses[1]],
    ]);
    expect(told.runs).toEqual(["start pair", "end pair ok"]);
  });

  it("streams the state, and its members with subgraphs", async () => {
    const { stack, manager, told } = desk();
    const both = await manager.createCompositeWorkflow(pair(strategy));
    const last: unknown[] = [];
    for await (const chunk of await both.stream(ask("hi"), stack.as({ userId: "a" }, { streamMode: "values" })))
      last.push(chunk);
    expect(texts(last.at(-1))).toEqual(SAID[strategy]);
    const inner: string[] = [];
    const config = stack.as({ userId: "a" }, { streamMode: "updates", subgraphs: true });
    for await (const [ns] of (await both.stream(ask("hi"), config)) as unknown as AsyncIterable<[string[], unknown]>)
      if (ns.length > 0) inner.push(ns[0]?.split(":")[0] ?? "");
    expect(inner.toSorted()).toEqual(strategy === "conditional" ? ["two"] : ["one", "two"]);
    expect(told.runs).toEqual(["start pair", "end pair ok", "start pair", "end pair ok"]);
  });

  it("streams events", async () => {
    const { stack, manager, told } = desk();
    const both = await manager.createCompositeWorkflow(pair(strategy));
    let end: unknown;
    for await (const event of both.streamEvents(ask("hi"), stack.as({ userId: "a" }, { version: "v2" as const })))
      if (event.event === "on_chain_end" && event.name === "pair") end = event.data.output;
    expect(texts(end)).toEqual(SAID[strategy]);
    expect(told.runs).toEqual(["start pair", "end pair ok"]);
  });

  it("runs in batches, and keeps users apart", async () => {
    const { stack, manager, told } = desk();
    const members = ["one", "two"].map((name) => speaker(name, ({ messages }) => messages[0]?.text));
    const both = await manager.createCompositeWorkflow({
      ...pair(strategy),
      workflows:
        strategy === "conditional"
          ? [{ workflow: members[0] as never, when: { path: "x", eq: 1 } }, members[1] as never]
          : (members as never),
    });
    const [a, b] = await Promise.all([
      both.batch([ask("a1"), ask("a2")], stack.as({ userId: "alice" })),
      both.batch([ask("b1"), ask("b2")], stack.as({ userId: "bob" })),
    ]);
    expect(a.map((out) => texts(out).at(-1))).toEqual(["two: a1", "two: a2"]);
    expect(b.map((out) => texts(out).at(-1))).toEqual(["two: b1", "two: b2"]);
    expect(a.flatMap(texts).filter((text) => text.includes("b"))).toEqual([]);
    expect(told.runs.filter((line) => line.startsWith("end"))).toEqual(Array(4).fill("end pair ok"));
  });

  it("keeps one conversation per thread: Bob sees nothing of Alice's", async () => {
    const { stack, manager } = desk();
    const members = ["one", "two"].map((name) => ({
      workflow: speaker(name, ({ messages }) => messages.map(({ text }) => text).join("|"), new MemorySaver()),
    }));
    const when = { path: "user_tier", eq: "premium" };
    const both = await manager.createCompositeWorkflow({
      executionStrategy: strategy,
      workflows: strategy === "conditional" ? [{ ...members[0]!, when }, members[1]!] : members,
    });
    const say = (userId: string, text: string) =>
      both.invoke(ask(text), stack.as({ userId, conversationId: `${userId}-1` }));
    const [, bob] = await Promise.all([say("alice", "my PIN is 4711"), say("bob", "hello")]);
    const again = await say("bob", "what was said?");
    expect(JSON.stringify([bob, again])).not.toMatch(/4711/);
    expect(texts(again).filter((text) => text === "hello")).toHaveLength(1);
    expect(JSON.stringify(await say("alice", "and now?"))).toContain("4711");
    const { values } = await both.getState(stack.as({ userId: "bob", conversationId: "bob-1" }));
    expect(JSON.stringify(values)).not.toContain("4711");
  });

  it("pauses and goes on inside a member", async () => {
    const { stack, manager, told } = desk();
    const ran: string[] = [];
    const one = speaker("one", () => void ran.push("one"));
    const two = speaker("two", () => {
      ran.push("two");
      return interrupt("sure?");
    });
    const both = await manager.createCompositeWorkflow({
      name: "pair",
      executionStrategy: strategy,
      enableMemory: true,
      workflows: strategy === "conditional" ? [{ workflow: one, when: { path: "x", eq: 1 } }, two] : [one, two],
    });
    const alice = () => stack.as({ userId: "alice", conversationId: "c-1" });
    const paused = await both.invoke(ask("hi"), alice());
    expect(paused).toMatchObject({ __interrupt__: [{ value: "sure?" }] });
    expect((await both.getState(alice())).next).toEqual(["two"]);
    const done = await both.invoke(new Command({ resume: "yes" }), alice());
    expect(texts(done).at(-1)).toBe("two: yes");
    // Who had ended before the pause does not run again.
    expect(ran).toEqual(strategy === "conditional" ? ["two", "two"] : ["one", "two", "two"]);
    expect(done.outcomes.map(({ status }) => status)).toEqual([strategy === "conditional" ? "skipped" : "ok", "ok"]);
    expect(told.runs).toEqual(["start pair", "end pair paused", "start pair", "end pair ok"]);
    // The next turn begins with new outcomes.
    expect((await both.invoke(ask("again"), alice())).outcomes ?? []).toHaveLength(strategy === "sequential" ? 1 : 2);
  });

  it("passes an abort on to the model of a member", async () => {
    const { stack, manager, told } = desk();
    const model = scriptedModel([{ hang: true }]);
    const gone = new AbortController();
    const slow = { workflow: { llm: model, mode: "plain" } as const };
    const both = await manager.createCompositeWorkflow({
      name: "pair",
      executionStrategy: strategy,
      workflows:
        strategy === "conditional"
          ? [{ workflow: speaker("one"), when: { path: "x", eq: 1 } }, slow]
          : [speaker("one"), slow],
    });
    const running = both.invoke(ask("hi"), stack.as({ userId: "a" }, { signal: gone.signal }));
    while (model.callCount === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    gone.abort();
    await failure(running);
    expect(model.calls[0]?.status).toBe("cancelled");
    await expect.poll(() => told.runs).toEqual(["start pair", "end pair cancelled ABORTED"]);
    await expect.poll(() => told.members.at(-1)).toMatchObject({ member: "member_2", status: "cancelled" });
  });
});

describe("pauses", () => {
  const asking = (name: string) => speaker(name, () => interrupt(`${name}?`));
  const who = { userId: "alice", conversationId: "c-1" };

  it("of members side by side are answered each by its own", async () => {
    const { stack, manager } = desk();
    const both = await manager.createCompositeWorkflow({
      executionStrategy: "parallel",
      enableMemory: true,
      workflows: [asking("one"), asking("two")],
    });
    const paused = (await both.invoke(ask("hi"), stack.as(who))) as unknown as {
      __interrupt__: { id: string; value: string }[];
    };
    expect(paused.__interrupt__.map(({ value }) => value).toSorted()).toEqual(["one?", "two?"]);
    const resume = Object.fromEntries(paused.__interrupt__.map(({ id, value }) => [id, `to ${value}`]));
    const done = await both.invoke(new Command({ resume }), stack.as(who));
    expect(texts(done)).toEqual(["hi", "one: to one?", "two: to two?"]);
  });

  it("of members of members go on where they were", async () => {
    const { stack, manager, told } = desk();
    const ran: string[] = [];
    const nested = await manager.createCompositeWorkflow({
      name: "outer",
      enableMemory: true,
      workflows: [
        {
          name: "inner",
          workflow: {
            executionStrategy: "parallel",
            workflows: [speaker("quick", () => void ran.push("quick")), asking("careful")],
          },
        },
        await manager.createConditionalWorkflow({
          name: "auto",
          conditions: { user_tier: "premium" },
          workflowConfigs: { user_tier: asking("paid"), default: speaker("free") },
        }),
      ],
    });
    const as = () => stack.as({ ...who, user_tier: "premium" });
    expect(await nested.invoke(ask("hi"), as())).toMatchObject({ __interrupt__: [{ value: "careful?" }] });
    expect(await nested.invoke(new Command({ resume: "yes" }), as())).toMatchObject({
      __interrupt__: [{ value: "paid?" }],
    });
    const done = await nested.invoke(new Command({ resume: "sure" }), as());
    expect(texts(done)).toEqual(["hi", "quick", "careful: yes", "paid: sure"]);
    expect([ran, told.selections.length]).toEqual([["quick"], 1]);
    expect(done.outcomes.map(({ member, status }) => `${member} ${status}`)).toEqual(["inner ok", "auto ok"]);
    expect(told.runs.filter((line) => line.startsWith("end"))).toEqual([
      "end outer paused",
      "end outer paused",
      "end outer ok",
    ]);
  });
});

describe("members", () => {
  it("are specifications, graphs and composites, in each other", async () => {
    const { stack, manager } = desk();
    const nested = await manager.createCompositeWorkflow({
      name: "outer",
      llm: echo("shared"),
      workflows: [
        { mode: "plain" },
        {
          name: "both",
          workflow: {
            executionStrategy: "parallel",
            workflows: [speaker("left"), speaker("right"), { llm: echo("own") }],
          },
        },
        await manager.createConditionalWorkflow({
          name: "auto",
          conditions: { user_tier: "premium" },
          workflowConfigs: { user_tier: speaker("paid"), default: speaker("free") },
        }),
      ],
    });
    const out = await nested.invoke(ask("hi"), stack.as({ userId: "a", user_tier: "premium" }));
    expect(texts(out)).toEqual(["hi", "shared: hi", "left", "right", "own: shared: hi", "paid"]);
    expect(out.outcomes.map(({ member, members }) => [member, members?.map((one) => one.member)])).toEqual([
      ["member_1", undefined],
      ["both", ["left", "right", "member_3"]],
      ["auto", undefined],
    ]);
  });

  it("may be the same graph twice, without its list being doubled", async () => {
    const { stack, manager } = desk();
    const one = scorer("one", null);
    const twice = await manager.createCompositeWorkflow({ state: Score, workflows: [one, one, scorer("two", 3)] });
    const out = await twice.invoke({ ...ask("hi"), log: ["init"] }, stack.as({ userId: "a" }));
    expect(out).toMatchObject({ log: ["init", "one", "one", "two"], score: 3 });
    expect(out.outcomes.map(({ member }) => member)).toEqual(["one", "member_2", "two"]);
  });

  it("share the state of what is around them, also in a composite within", async () => {
    const { stack, manager } = desk();
    const outer = await manager.createCompositeWorkflow({
      state: Score,
      workflows: [{ workflow: { workflows: [scorer("in", 4)] } }, scorer("out", null)],
    });
    const out = await outer.invoke(ask("hi"), stack.as({ userId: "a" }));
    expect(out).toMatchObject({ log: ["in", "out"], score: 4 });
  });

  it("take and give other state by functions", async () => {
    const { stack, manager } = desk();
    const both = await manager.createCompositeWorkflow({
      state: Score,
      workflows: [
        {
          name: "count",
          workflow: speaker("counted", ({ messages }) => messages.length),
          input: () => ({ messages: ["a", "b"] }),
          output: (result) => ({ score: (result as { messages: unknown[] }).messages.length }),
        },
      ],
    });
    const out = await both.invoke(ask("hi"), stack.as({ userId: "a" }));
    expect(texts(out)).toEqual(["hi"]);
    expect(out).toMatchObject({ score: 3 });
  });

  it("run only where their condition holds", async () => {
    const { stack, manager, told } = desk();
    const both = await manager.createCompositeWorkflow({
      name: "pair",
      untrusted: ["review"],
      workflows: [speaker("one"), { workflow: speaker("two"), when: { path: "review", eq: true } }],
    });
    const run = async (review: boolean) =>
      texts(await both.invoke(ask("hi"), stack.as({ userId: "a" }, { configurable: { review } })));
    expect(await run(true)).toEqual(["hi", "one", "two"]);
    expect(await run(false)).toEqual(["hi", "one"]);
    expect(told.members.map(({ member, status }) => `${member} ${status}`)).toEqual([
      "one ok",
      "two ok",
      "one ok",
      "two skipped",
    ]);
  });

  it("are chosen by the first condition that holds", async () => {
    const { stack, manager, told } = desk();
    const chosen = await manager.createCompositeWorkflow(pair("conditional"));
    const out = await chosen.invoke(ask("hi"), stack.as({ userId: "a", user_tier: "premium" }));
    expect(texts(out)).toEqual(["hi", "one"]);
    expect(told.selections).toMatchObject([
      { workflow: "pair", rule: "one", use: "one", sources: { user_tier: "principal" } },
    ]);
    const strict = await manager.createCompositeWorkflow({
      executionStrategy: "conditional",
      workflows: [{ workflow: speaker("one"), when: { path: "user_tier", eq: "premium" } }],
    });
    expect(await failure(strict.invoke(ask("hi"), stack.as({ userId: "a" })))).toMatchObject({ code: "NO_MATCH" });
    expect(manager.explain(chosen, { user_tier: "free" }).choice).toEqual({ rule: null, use: "two" });
  });
});

describe("merging side by side", () => {
  const side = (more: Partial<CompositeWorkflowConfig>) => ({
    name: "side",
    executionStrategy: "parallel" as const,
    state: Score,
    workflows: [scorer("one", 1), scorer("two", 2)],
    ...more,
  });
  it("goes by declared order, whoever ends first", async () => {
    const { stack, manager } = desk();
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const workflows = [30, 15, 0].map((ms, index) => speaker(`m${index}`, async () => void (await wait(ms))));
    const all = await manager.createCompositeWorkflow({ executionStrategy: "parallel", workflows });
    expect(texts(await all.invoke(ask("hi"), stack.as({ userId: "a" })))).toEqual(["hi", "m0", "m1", "m2"]);
  });
  it("refuses to choose between different values", async () => {
    const { stack, manager } = desk();
    const conflict = await manager.createCompositeWorkflow(side({}));
    const error = await failure(conflict.invoke(ask("hi"), stack.as({ userId: "a" })));
    expect(error).toMatchObject({ code: "MERGE_CONFLICT", details: { channel: "score", members: ["one", "two"] } });
  });
  it("does what is declared, and tells", async () => {
    const { stack, manager } = desk();
    const run = async (merges: CompositeWorkflowConfig["merges"]) =>
      (await manager.createCompositeWorkflow(side({ merges }))).invoke(ask("hi"), stack.as({ userId: "a" }));
    expect(await run({ score: "last" })).toMatchObject({ score: 2, log: ["one", "two"] });
    expect(await run({ score: "first" })).toMatchObject({ score: 1 });
    const sum = ({ changes }: { changes: readonly { value: unknown }[] }) =>
      changes.reduce((all, { value }) => all + (value as number), 0);
    expect(await run({ score: sum })).toMatchObject({ score: 3 });
  });
  it("leaves a channel alone that nobody changed", async () => {
    const { stack, manager } = desk();
    const same = await manager.createCompositeWorkflow(side({ workflows: [scorer("one", null), scorer("two", 7)] }));
    expect(await same.invoke({ ...ask("hi"), score: 7 }, stack.as({ userId: "a" }))).toMatchObject({ score: 7 });
  });
  it("lets so many run at once", async () => {
    const { stack, manager } = desk();
    let now = 0;
    let most = 0;
    const busy = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now--;
    };
    const workflows = Array.from({ length: 8 }, (_, index) => speaker(`m${index}`, busy));
    const all = await manager.createCompositeWorkflow({ executionStrategy: "parallel", workflows, maxConcurrency: 3 });
    const out = await all.invoke(ask("hi"), stack.as({ userId: "a" }));
    expect([most, out.outcomes.length]).toEqual([3, 8]);
  });
});

describe("what is wrong with it", () => {
  it.each<[string, object, string]>([
    ["nothing to run", { workflows: [] }, "workflows"],
    ["no list", { workflows: speaker("a") }, "workflows"],
    ["a strategy there is not", { executionStrategy: "race" }, "executionStrategy"],
    ["something that is no workflow", { workflows: [7] }, "workflows[0].workflow"],
    [
      "a specification that is wrong",
      { workflows: [{ workflow: { mode: "rag", llm: echo("a") } }] },
      "workflows[0].workflow.retriever",
    ],
    ["state that nothing shares", { workflows: [scorer("a", 1)], state: undefined }, ""],
    [
      "two of one name",
      {
        workflows: [
          { name: "a", workflow: speaker("a") },
          { name: "a", workflow: speaker("b") },
        ],
      },
      "workflows[1].name",
    ],
    ["a time-out of nothing", { workflows: [{ workflow: speaker("a"), timeoutMs: 0 }] }, "workflows[0].timeoutMs"],
    ["a merge there is not", { merges: { score: "newest" } }, "merges.score"],
    ["an unknown key", { workflows: [{ workflow: speaker("a"), retries: 3 }] }, "workflows[0].retries"],
    [
      "a condition that is wrong",
      { workflows: [{ workflow: speaker("a"), when: { path: "x", is: 1 } }] },
      "workflows[0].when.is",
    ],
    ["a policy there is not", { onError: "ignore" }, "onError"],
    ["no condition to choose by", { executionStrategy: "conditional" }, "workflows"],
    [
      "something deep inside",
      { workflows: [{ workflow: { workflows: [{ workflow: { workflows: [] } }] } }] },
      "workflows[0].workflow.workflows[0].workflow.workflows",
    ],
  ])("%s", async (_, change, path) => {
    const { manager } = desk();
    const right = { workflows: [speaker("a"), speaker("b")] };
    const made = manager.createCompositeWorkflow({ ...right, ...change } as never);
    if (path === "") {
      // Both hold messages: there is something to share.
      await made;
      return;
    }
    const error = await failure(made);
    expect(error).toMatchObject({ code: "COMPOSITION_INVALID" });
    const { issues } = (error as unknown as { details: { issues: { path: string }[] } }).details;
    expect(issues.map((issue) => issue.path)).toContain(path);
  });
});
