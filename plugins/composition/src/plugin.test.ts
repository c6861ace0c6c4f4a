import { createStack, definePlugin, hooks } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { ask, desks, failure, speaker } from "./fixtures/desk.js";
import { Composition, compositionHooks } from "./keys.js";
import { composition } from "./plugin.js";
import { Tally } from "./tally.js";

const desk = desks();

describe("composition()", () => {
  it("is there under its key and its factory", async () => {
    await using stack = createStack({ plugins: [composition()] });
    expect(stack.get(composition)).toBe(stack.get(Composition));
    expect(() => composition({ maxConcurrency: 0 })).toThrow(
      expect.objectContaining({ code: "PLUGIN_OPTIONS_INVALID" }),
    );
  });

  it("asks nobody who runs something by itself", async () => {
    await using stack = createStack({ plugins: [composition()] });
    const both = await stack.get(composition).createCompositeWorkflow({ workflows: [speaker("one")] });
    expect((await both.invoke(ask("hi"))).messages).toHaveLength(2);
  });

  it("shows the system what was chosen and how members ended, and users nothing", async () => {
    const { stack, manager } = desk();
    const auto = await manager.createConditionalWorkflow({
      name: "auto",
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: speaker("paid"), default: speaker("free") },
    });
    const bad = speaker("bad", () => {
      throw new Error("broken");
    });
    const both = await manager.createCompositeWorkflow({ name: "both", onError: "continue", workflows: [auto, bad] });
    for (const user_tier of ["premium", "premium", "free"])
      await both.invoke(ask("hi"), stack.as({ userId: "alice", user_tier }));
    const [panel] = await stack.call(hooks.dashboard.collect, { kind: "system" });
    const none = { ok: 0, error: 0, skipped: 0, fallback: 0, cancelled: 0 };
    expect(panel).toMatchObject({
      status: "ok",
      value: {
        id: "composition",
        version: 1,
        data: {
          selections: [
            { workflow: "auto", rule: "user_tier", use: "user_tier", count: 2 },
            { workflow: "auto", rule: null, use: "default", count: 1 },
          ],
          members: [
            { workflow: "both", member: "auto", ...none, ok: 3 },
            { workflow: "both", member: "bad", ...none, error: 3 },
          ],
          uncounted: 0,
        },
      },
    });
    expect(JSON.stringify(panel)).not.toContain("alice");
    const answers = await stack.call(hooks.dashboard.collect, { kind: "user", userId: "alice", tenantId: null });
    expect(
      answers.filter(
        (answer) => answer.plugin === "composition" && answer.status === "ok" && answer.value !== undefined,
      ),
    ).toEqual([]);
  });

  it("is not stopped by who watches", async () => {
    const faulty = definePlugin({
      name: "faulty",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(compositionHooks.member, () => {
          throw Object.assign(new Error("interrupt"), { is_bubble_up: true });
        });
        api.tap(compositionHooks.selected, () => {
          throw new Error("watching failed");
        });
      },
    });
    const { stack, manager } = desk({ plugins: [faulty()] });
    const auto = await manager.createConditionalWorkflow({
      conditions: { x: 1 },
      workflowConfigs: { x: speaker("x"), default: speaker("d") },
    });
    const both = await manager.createCompositeWorkflow({ workflows: [auto] });
    expect((await both.invoke(ask("hi"), stack.as({ userId: "a" }))).messages).toHaveLength(2);
  });

  it("shows what members are made of, and where their state is", async () => {
    const { stack, manager } = desk();
    const both = await manager.createCompositeWorkflow({
      name: "both",
      enableMemory: true,
      workflows: [speaker("one"), speaker("two")],
    });
    expect(stack.explain(both).nodes.map(({ node }) => node)).toEqual(["one", "one|speak", "two", "two|speak"]);
    expect([...both.getSubgraphs()].map(([name]) => name)).toEqual(["one", "two"]);
    expect((await both.getGraphAsync()).drawMermaid()).toContain("one --> two");
    await both.invoke(ask("hi"), stack.as({ userId: "a", conversationId: "c-1" }));
    const { values } = await both.getState(stack.as({ userId: "a", conversationId: "c-1" }), { subgraphs: true });
    expect((values as { messages: unknown[] }).messages).toHaveLength(3);
  });

  it("keeps runs of one thread that overlap from knowing each other's limits", async () => {
    const { stack, manager } = desk();
    const both = await manager.createCompositeWorkflow({
      executionStrategy: "parallel",
      maxConcurrency: 1,
      workflows: [speaker("one"), speaker("two")],
    });
    const runs = Array.from({ length: 20 }, (_, index) =>
      both.invoke(ask(`q${index}`), stack.as({ userId: `u${index}` })),
    );
    const outs = await Promise.all(runs);
    for (const [index, out] of outs.entries())
      expect(out.messages.map(({ text }) => text)).toEqual([`q${index}`, "one", "two"]);
  });

  it("keeps two tenants apart, over one conditional workflow of composites, run by run and turn by turn", async () => {
    const { stack, manager, told } = desk();
    const hears = (name: string) =>
      speaker(name, ({ messages }) =>
        messages
          .filter(({ type }) => type === "human")
          .map(({ text }) => text)
          .join(" "),
      );
    const both = await manager.createCompositeWorkflow({
      executionStrategy: "parallel",
      workflows: [hears("one"), hears("two")],
    });
    const shared = await manager.createConditionalWorkflow({
      name: "shared",
      enableMemory: true,
      conditions: { user_tier: "premium" },
      workflowConfigs: { user_tier: both, default: hears("plain") },
    });
    const turn = async (index: number) => {
      const canary = index % 2 === 0 ? "canary-acme" : "canary-globex";
      const who = {
        userId: `${canary}-${index % 50}`,
        tenantId: canary,
        user_tier: index % 3 === 0 ? "premium" : "free",
      };
      const config = stack.as({ ...who, conversationId: who.userId });
      return { index, canary, out: JSON.stringify(await shared.invoke(ask(`${who.userId} says ${index}`), config)) };
    };
    for (let from = 0; from < 150; from += 50) {
      // No two at once in one conversation.
      for (const { canary, index, out } of await Promise.all(Array.from({ length: 50 }, (_, at) => turn(from + at)))) {
        expect(out).toContain(`${canary}-${index % 50} says ${index}`);
        expect(out).not.toContain(canary === "canary-acme" ? "globex" : "acme");
        expect(out.match(new RegExp(`canary-[a-z]+-(?!${index % 50} )`))).toBeNull();
      }
    }
    expect(JSON.stringify([told.selections, told.members])).not.toContain("canary");
    expect(told.runs.filter((line) => line === "end shared ok")).toHaveLength(150);
  });

  it("makes nothing once it is gone", async () => {
    const stack = createStack({ plugins: [composition()] });
    const manager = stack.get(composition);
    await stack.dispose();
    const gone = await failure(
      manager
        .createConditionalWorkflow({ conditions: { x: 1 }, workflowConfigs: { x: speaker("x") } })
        .then((made) => made.invoke(ask("hi"))),
    );
    expect(gone).toMatchObject({ code: "STACK_DISPOSED" });
  });
});

it("counts so many names and no more", () => {
  const tally = new Tally();
  for (let index = 0; index < 1_100; index++)
    tally.selected({ workflow: `w${index}`, rule: null, use: "x", at: 0, sources: {} });
  tally.selected({ workflow: "w0", rule: null, use: "x", at: 0, sources: {} });
  const { selections, uncounted } = tally.panel();
  expect([selections.length, selections[0]?.count, uncounted]).toEqual([1_000, 2, 100]);
});
