import { fakeClock } from "@graphtap/testkit";
import { Annotation, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack, definePlugin, hooks, type StackOptions, type Who } from "../index.js";
import { parseWho } from "../identity/who.js";
import { ThreadOwners } from "./owners.js";

const who = (given: Who) => parseWho(given, undefined).principal;
const alice = { userId: "alice", tenantId: "acme" };
const bob = { userId: "bob", tenantId: "acme" };

function house(options: Pick<StackOptions, "threads"> = {}, identity: "required" | "none" = "required") {
  const denied: string[] = [];
  const stack = createStack({
    ...options,
    clock: fakeClock(),
    plugins: [
      definePlugin({
        name: "acme-judge",
        version: "1.0.0",
        identity,
        setup(api) {
          api.tap(hooks.run.denied, ({ code }) => void denied.push(code));
        },
      })(),
    ],
  });
  const graph = stack.wrap(
    new StateGraph(Annotation.Root({ n: Annotation<number>() }))
      .addNode("count", ({ n }) => ({ n: n + 1 }))
      .addEdge(START, "count")
      .compile({ checkpointer: new MemorySaver() }),
  );
  const on = (given: Who, thread: unknown = "t-1") => stack.as(given, { configurable: { thread_id: thread } });
  const codeOf = async (work: () => unknown): Promise<unknown> => {
    try {
      await work();
      return "ok";
    } catch (error) {
      return (error as { code?: unknown }).code ?? error;
    }
  };
  return { stack, graph, on, denied, codeOf };
}

describe("whose a thread is", () => {
  it("is the first writer's: others are refused before the first node, in every way in", async () => {
    const { graph, on, denied, codeOf } = house();
    await graph.invoke({ n: 1 }, on(alice));
    const stream = async (config: ReturnType<typeof on>) => {
      for await (const _ of await graph.stream({ n: 5 }, config));
    };
    for (const other of [bob, { userId: "alice" }, { userId: "alice", tenantId: "other" }, { service: "alice" }])
      expect(await codeOf(() => graph.invoke({ n: 5 }, on(other)))).toBe("THREAD_NOT_YOURS");
    expect(await codeOf(() => stream(on(bob)))).toBe("THREAD_NOT_YOURS");
    expect(await codeOf(() => graph.withConfig(on(bob)).invoke({ n: 5 }))).toBe("THREAD_NOT_YOURS");
    expect(denied).toEqual(Array.from({ length: 6 }, () => "THREAD_NOT_YOURS"));
    expect((await graph.getState(on(alice))).values).toEqual({ n: 2 });
    expect(await codeOf(() => graph.invoke({ n: 5 }, on(bob, "t-2")))).toBe("ok");
    expect(await codeOf(() => graph.invoke({ n: 5 }, on(alice)))).toBe("ok");
  });

  it("takes a number for the text of it, as savers do", async () => {
    const { graph, on, codeOf } = house();
    await graph.invoke({ n: 1 }, on(alice, "7"));
    expect(await codeOf(() => graph.getState(on(bob, 7)))).toBe("THREAD_NOT_YOURS");
    // A run with an identity needs a text there anyway.
    expect(await codeOf(() => graph.invoke({ n: 1 }, on(bob, 7)))).toBe("THREAD_ID_MISSING");
  });

  it("is checked where state is read or written with an identity, and not without one", async () => {
    const { graph, on, codeOf } = house();
    expect(await codeOf(() => graph.updateState(on(alice), { n: 3 }, "count"))).toBe("ok");
    const history = async () => {
      for await (const _ of graph.getStateHistory(on(bob)));
    };
    expect(
      await Promise.all(
        [
          () => graph.getState(on(bob)),
          history,
          () => graph.updateState(on(bob), { n: 9 }, "count"),
          () => graph.withConfig(on(bob)).getState({}),
          () => graph.invoke({ n: 9 }, on(bob)),
        ].map(codeOf),
      ),
    ).toEqual(Array.from({ length: 5 }, () => "THREAD_NOT_YOURS"));
    expect((await graph.getState({ configurable: { thread_id: "t-1" } })).values).toEqual({ n: 3 });
    // To read a thread that is nobody's makes it nobody's own.
    await graph.getState(on(bob, "t-2"));
    expect(await codeOf(() => graph.invoke({ n: 1 }, on(alice, "t-2")))).toBe("ok");
  });

  it("is the user's behind an approver or a service", async () => {
    const { graph, on, codeOf } = house();
    await graph.invoke({ n: 1 }, on({ service: "nightly", tenantId: "acme", onBehalfOf: { userId: "alice" } }));
    expect(await codeOf(() => graph.invoke({ n: 1 }, on(alice)))).toBe("ok");
    expect(await codeOf(() => graph.invoke({ n: 1 }, on({ ...bob, onBehalfOf: { userId: "alice" } })))).toBe("ok");
    expect(await codeOf(() => graph.invoke({ n: 1 }, on(bob)))).toBe("THREAD_NOT_YOURS");
    expect(await codeOf(() => graph.invoke({ n: 1 }, on({ service: "nightly", tenantId: "acme" })))).toBe(
      "THREAD_NOT_YOURS",
    );
  });

  it("is everybody's with threads: open, and where nothing needs an identity", async () => {
    for (const { graph, on, codeOf } of [house({ threads: "open" }), house({}, "none")]) {
      await graph.invoke({ n: 1 }, on(alice));
      expect(await codeOf(() => graph.invoke({ n: 1 }, on(bob)))).toBe("ok");
      expect(await codeOf(() => graph.getState(on(bob)))).toBe("ok");
    }
  });
});

it("forgets the thread that was not used for longest, and counts it", () => {
  const owners = new ThreadOwners(2);
  const [a, b] = [who(alice), who(bob)];
  owners.claim("1", a);
  owners.claim("2", a);
  owners.claim("1", a);
  owners.claim("3", a);
  expect([owners.forgotten, owners.claim("1", b), owners.allows("2", b)]).toEqual([1, false, true]);
  expect(owners.claim("3", b)).toBe(false);
});
