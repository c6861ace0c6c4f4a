import { Command, interrupt } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { ask, desks, failure, speaker, texts } from "../fixtures/desk.js";

const desk = desks();
const alice = { userId: "alice" };
const broken = speaker("bad", () => {
  throw new Error("broken");
});

describe("executeCompositeWorkflow", () => {
  it.each(["sequential", "parallel"] as const)(
    "gives what each member did, in order, and the merged state (%s)",
    async (executionStrategy) => {
      const { stack, manager, told } = desk();
      const both = await manager.createCompositeWorkflow({
        name: "both",
        executionStrategy,
        onError: "continue",
        workflows: [speaker("one"), broken, { workflow: speaker("never"), when: { path: "x", eq: 1 } }, speaker("two")],
      });
      const { results, state, interrupts } = await manager.executeCompositeWorkflow(both, ask("hi"), stack.as(alice));
      expect(results.map(({ member, status, error }) => [member, status, error?.message])).toEqual([
        ["one", "ok", undefined],
        ["bad", "error", "broken"],
        ["never", "skipped", undefined],
        ["two", "ok", undefined],
      ]);
      expect(texts(results[0]?.changes).at(-1)).toBe("one");
      expect(results[1]?.changes).toEqual({});
      expect(texts(state)).toEqual(["hi", "one", "two"]);
      expect(interrupts).toEqual([]);
      expect(told.runs).toEqual(["start both", "end both ok"]);
    },
  );

  it("says who was chosen and who was not", async () => {
    const { stack, manager } = desk();
    const config = {
      executionStrategy: "conditional" as const,
      workflows: [
        { workflow: speaker("paid"), when: { path: "user_tier", eq: "premium" } },
        speaker("free"),
        { workflow: speaker("x"), when: { path: "y", eq: 1 } },
      ],
    };
    const { results } = await manager.executeCompositeWorkflow(
      config,
      ask("hi"),
      stack.as({ ...alice, user_tier: "free" }),
    );
    expect(results.map(({ status }) => status)).toEqual(["skipped", "ok", "skipped"]);
  });

  it("makes a configuration into a composite once", async () => {
    const { stack, manager } = desk();
    const one = speaker("one");
    const config = { workflows: [one, { workflow: { workflows: [one] } }] };
    const first = await manager.executeCompositeWorkflow(config, ask("hi"), stack.as(alice));
    expect(texts(first.state)).toEqual(["hi", "one", "one"]);
    // Results of a nested composite are its own: they do not show as the outer one's.
    expect(first.results.map(({ index, members }) => [index, members?.length])).toEqual([
      [0, undefined],
      [1, 1],
    ]);
    config.workflows.pop();
    expect(texts((await manager.executeCompositeWorkflow(config, ask("hi"), stack.as(alice))).state)).toHaveLength(3);
  });

  it("says who still waits", async () => {
    const { stack, manager } = desk();
    const both = await manager.createCompositeWorkflow({
      executionStrategy: "parallel",
      enableMemory: true,
      workflows: [speaker("one"), speaker("careful", () => interrupt("sure?"))],
    });
    const who = () => stack.as({ ...alice, conversationId: "c-1" });
    const paused = await manager.executeCompositeWorkflow(both, ask("hi"), who());
    expect(paused.results.map(({ status }) => status)).toEqual(["ok", "pending"]);
    expect(paused.interrupts).toMatchObject([{ value: "sure?" }]);
    const done = await manager.executeCompositeWorkflow(both, new Command({ resume: "yes" }), who());
    expect(done.results.map(({ status, changes }) => [status, texts(changes).at(-1)])).toEqual([
      ["ok", "one"],
      ["ok", "careful: yes"],
    ]);
    expect(texts(done.state)).toEqual(["hi", "one", "careful: yes"]);
  });

  it("throws what ends the composite, and refuses what is none", async () => {
    const { stack, manager } = desk();
    expect(
      await failure(manager.executeCompositeWorkflow({ workflows: [broken] }, ask("hi"), stack.as(alice))),
    ).toMatchObject({ code: "MEMBER_FAILED" });
    expect(await failure(manager.executeCompositeWorkflow({ workflows: [] }, ask("hi")))).toMatchObject({
      code: "COMPOSITION_INVALID",
    });
    for (const config of [null, "both", speaker("one")])
      expect(await failure(manager.executeCompositeWorkflow(config as never, ask("hi")))).toMatchObject({
        code: "COMPOSITE_UNKNOWN",
      });
  });
});
