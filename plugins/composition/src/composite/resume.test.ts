import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { ask, desks, speaker, texts } from "../fixtures/desk.js";
import type { CompositeExecution } from "./execute.js";

const desk = desks();
const asking = (name: string) => speaker(name, () => interrupt(`${name}?`));
const broken = speaker("bad", () => {
  throw new Error("broken");
});

/** Each member with how it ended and the last it said. */
const told = ({ results }: CompositeExecution): readonly string[] =>
  results.map(({ member, status, changes }) =>
    [member, status, ...(changes !== null && "messages" in changes ? [texts(changes).at(-1)] : [])].join(" "),
  );
/** Answers one of those that wait. */
const answer = ({ interrupts }: CompositeExecution, question: string) => {
  const found = (interrupts as readonly { id: string; value: string }[]).find(({ value }) => value === question);
  return new Command({ resume: { [found?.id ?? "nobody asks"]: "yes" } });
};

describe("reports of a run that goes on after a pause", () => {
  it("tell of members that ended before it, one after the other", async () => {
    const { stack, manager } = desk();
    const all = await manager.createCompositeWorkflow({
      enableMemory: true,
      onError: "continue",
      workflows: [
        speaker("one"),
        broken,
        { workflow: speaker("never"), when: { path: "x", eq: 1 } },
        asking("two"),
        { name: "three", workflow: broken, fallback: asking("second") },
        asking("four"),
      ],
    });
    const run = (input: unknown) =>
      manager.executeCompositeWorkflow(all, input, stack.as({ userId: "alice", conversationId: "c-1" }));
    const begun = ["one ok one", "bad error", "never skipped"];
    const first = await run(ask("hi"));
    expect(told(first)).toEqual([...begun, "two pending", "three pending", "four pending"]);
    const second = await run(answer(first, "two?"));
    expect(told(second)).toEqual([...begun, "two ok two: yes", "three pending", "four pending"]);
    expect(second.results.slice(0, 3)).toEqual(first.results.slice(0, 3));
    const third = await run(answer(second, "second?"));
    expect(told(third)).toEqual([...begun, "two ok two: yes", "three fallback second: yes", "four pending"]);
    expect(third.results.slice(0, 4)).toEqual(second.results.slice(0, 4));
    const done = await run(answer(third, "four?"));
    expect(told(done)).toEqual([...begun, "two ok two: yes", "three fallback second: yes", "four ok four: yes"]);
    expect(done.results.slice(0, 5)).toEqual(third.results.slice(0, 5));
    expect(done.interrupts).toEqual([]);
    expect(done.results[0]?.changes).toMatchObject({ messages: [{ text: "hi" }, { text: "one" }] });
  });

  it("tell of members that ended before it, side by side", async () => {
    const { stack, manager } = desk();
    const all = await manager.createCompositeWorkflow({
      enableMemory: true,
      onError: "continue",
      executionStrategy: "parallel",
      workflows: [speaker("one"), asking("two"), asking("three"), broken, asking("four")],
    });
    const run = (input: unknown) =>
      manager.executeCompositeWorkflow(all, input, stack.as({ userId: "alice", conversationId: "c-1" }));
    const first = await run(ask("hi"));
    expect(told(first)).toEqual(["one ok one", "two pending", "three pending", "bad error", "four pending"]);
    const second = await run(answer(first, "three?"));
    expect(told(second)).toEqual(["one ok one", "two pending", "three ok three: yes", "bad error", "four pending"]);
    const third = await run(answer(second, "two?"));
    expect(told(third)).toEqual(["one ok one", "two ok two: yes", "three ok three: yes", "bad error", "four pending"]);
    const done = await run(answer(third, "four?"));
    expect(told(done)).toEqual([
      "one ok one",
      "two ok two: yes",
      "three ok three: yes",
      "bad error",
      "four ok four: yes",
    ]);
    expect(done.results.slice(0, 4)).toEqual(third.results.slice(0, 4));
  });

  it.each(["sequential", "parallel"] as const)("tell of composites in composites (%s)", async (executionStrategy) => {
    const { stack, manager } = desk();
    const all = await manager.createCompositeWorkflow({
      enableMemory: true,
      workflows: [
        { name: "views", workflow: { executionStrategy, workflows: [speaker("for"), asking("a"), asking("b")] } },
        asking("verdict"),
        { name: "last", workflow: { executionStrategy, workflows: [speaker("x"), asking("y")] } },
      ],
    });
    const run = (input: unknown) =>
      manager.executeCompositeWorkflow(all, input, stack.as({ userId: "alice", conversationId: "c-1" }));
    const inner = ({ results }: CompositeExecution, index: number) =>
      results[index]?.members?.map(({ member, status }) => `${member} ${status}`) ?? null;
    const states = ({ results }: CompositeExecution) => results.map(({ status }) => status);
    const first = await run(ask("hi"));
    expect(states(first)).toEqual(["pending", "pending", "pending"]);
    expect([inner(first, 0), inner(first, 1), inner(first, 2)]).toEqual([
      ["for ok", "a pending", "b pending"],
      null,
      null,
    ]);
    const second = await run(answer(first, "a?"));
    expect(states(second)).toEqual(["pending", "pending", "pending"]);
    expect(inner(second, 0)).toEqual(["for ok", "a ok", "b pending"]);
    const third = await run(answer(second, "b?"));
    expect(states(third)).toEqual(["ok", "pending", "pending"]);
    expect(inner(third, 0)).toEqual(["for ok", "a ok", "b ok"]);
    const fourth = await run(answer(third, "verdict?"));
    expect(states(fourth)).toEqual(["ok", "ok", "pending"]);
    expect(inner(fourth, 2)).toEqual(["x ok", "y pending"]);
    expect(fourth.results[0]).toEqual(third.results[0]);
    const done = await run(answer(fourth, "y?"));
    expect(states(done)).toEqual(["ok", "ok", "ok"]);
    expect(inner(done, 2)).toEqual(["x ok", "y ok"]);
    expect(done.results.slice(0, 2)).toEqual(fourth.results.slice(0, 2));
    expect(texts(done.results[0]?.changes)).toEqual(["hi", "for", "a: yes", "b: yes"]);
  });

  it("tell of what waits at any depth, and of composites that were made before", async () => {
    const { stack, manager } = desk();
    const made = await manager.createCompositeWorkflow({
      name: "made",
      executionStrategy: "parallel",
      workflows: [speaker("x"), asking("a"), asking("b")],
    });
    const all = await manager.createCompositeWorkflow({
      enableMemory: true,
      workflows: [{ name: "outer", workflow: { workflows: [speaker("one"), made, speaker("two")] } }],
    });
    const run = (input: unknown) =>
      manager.executeCompositeWorkflow(all, input, stack.as({ userId: "alice", conversationId: "c-1" }));
    const at = (a: string, b: string) => [
      {
        member: "outer",
        status: "pending",
        changes: null,
        members: [
          { member: "one", status: "ok", members: null },
          {
            member: "made",
            status: "pending",
            members: [
              { member: "x", status: "ok" },
              { member: "a", status: a },
              { member: "b", status: b },
            ],
          },
          { member: "two", status: "pending", members: null },
        ],
      },
    ];
    const first = await run(ask("hi"));
    expect(first.results).toMatchObject(at("pending", "pending"));
    const second = await run(answer(first, "b?"));
    expect(second.results).toMatchObject(at("pending", "ok"));
    const done = await run(answer(second, "a?"));
    expect(done.results).toMatchObject([
      { status: "ok", members: [{ status: "ok" }, { status: "ok" }, { status: "ok" }] },
    ]);
  });

  it("say who was not chosen, while the one that was still waits", async () => {
    const { stack, manager } = desk();
    const one = await manager.createCompositeWorkflow({
      enableMemory: true,
      executionStrategy: "conditional",
      workflows: [{ workflow: asking("paid"), when: { path: "user_tier", eq: "premium" } }, speaker("free")],
    });
    const run = (input: unknown) =>
      manager.executeCompositeWorkflow(
        one,
        input,
        stack.as({ userId: "alice", user_tier: "premium", conversationId: "c-1" }),
      );
    const paused = await run(ask("hi"));
    expect(told(paused)).toEqual(["paid pending", "free skipped"]);
    expect(told(await run(answer(paused, "paid?")))).toEqual(["paid ok paid: yes", "free skipped"]);
  });

  it.each(["sequential", "parallel", "conditional"] as const)(
    "say nothing of the turn before (%s)",
    async (executionStrategy) => {
      const { stack, manager } = desk();
      const all = await manager.createCompositeWorkflow({
        enableMemory: true,
        executionStrategy,
        workflows: [
          speaker("one", ({ messages }) => (messages.at(-1)?.text === "wait" ? interrupt("one?") : undefined)),
          { workflow: speaker("two"), when: { path: "x", eq: 1 } },
        ],
        ...(executionStrategy === "conditional" ? { untrusted: ["x"], context: { x: 0 } } : {}),
        ...(executionStrategy === "conditional" ? {} : { context: { x: 1 } }),
      });
      const who = stack.as({ userId: "alice", conversationId: "c-1" });
      const other = executionStrategy === "conditional" ? "skipped" : "ok";
      const before = await manager.executeCompositeWorkflow(all, ask("hi"), who);
      expect(before.results.map(({ status }) => status)).toEqual(["ok", other]);
      // In a sequence nobody after it has begun; side by side the other has ended.
      const paused = await manager.executeCompositeWorkflow(all, ask("wait"), who);
      expect(paused.results.map(({ status }) => status)).toEqual([
        "pending",
        executionStrategy === "sequential" ? "pending" : other,
      ]);
      await manager.executeCompositeWorkflow(all, answer(paused, "one?"), who);
      // A breakpoint asks nothing, and is a pause all the same.
      const halted = await manager.executeCompositeWorkflow(
        all,
        ask("hi"),
        stack.as({ userId: "alice", conversationId: "c-1" }, { interruptBefore: ["one"] }),
      );
      expect(halted.results[0]).toMatchObject({ status: "pending", changes: null });
      const done = await manager.executeCompositeWorkflow(all, null, who);
      expect(done.results.map(({ status }) => status)).toEqual(["ok", other]);
      expect(done.results[0]?.changes).not.toBeNull();
    },
  );

  it.each(["sequential", "parallel"] as const)("know what another process did (%s)", async (executionStrategy) => {
    const checkpointer = new MemorySaver();
    const process = async () => {
      const { stack, manager } = desk();
      const all = await manager.createCompositeWorkflow({
        checkpointer,
        executionStrategy,
        workflows: [speaker("one"), asking("two"), asking("three")],
      });
      return (input: unknown) =>
        manager.executeCompositeWorkflow(all, input, stack.as({ userId: "alice", conversationId: "c-1" }));
    };
    const first = await (await process())(ask("hi"));
    const second = await (await process())(answer(first, "two?"));
    expect(told(second)).toEqual(["one ok one", "two ok two: yes", "three pending"]);
    const done = await (await process())(answer(second, "three?"));
    expect(told(done)).toEqual(["one ok one", "two ok two: yes", "three ok three: yes"]);
    expect(done.results.slice(0, 2)).toEqual(second.results.slice(0, 2));
  });

  it("know what ended before a failure that was tried again", async () => {
    const { stack, manager } = desk();
    let down = true;
    const all = await manager.createCompositeWorkflow({
      enableMemory: true,
      workflows: [
        speaker("one"),
        speaker("two", () => {
          if (down) throw new Error("down");
        }),
        asking("three"),
      ],
    });
    const run = (input: unknown) =>
      manager.executeCompositeWorkflow(all, input, stack.as({ userId: "alice", conversationId: "c-1" }));
    await expect(run(ask("hi"))).rejects.toMatchObject({ code: "MEMBER_FAILED" });
    down = false;
    expect(told(await run(null))).toEqual(["one ok one", "two ok two", "three pending"]);
  });
});
