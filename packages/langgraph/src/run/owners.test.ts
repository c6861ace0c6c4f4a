import { fakeClock } from "@graphtap/testkit";
import { Annotation, Command, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack, definePlugin, deny, hooks, type Plugin, type StackOptions, type Who } from "../index.js";
import { parseWho } from "../identity/who.js";
import { ThreadOwners } from "./owners.js";

const who = (given: Who) => parseWho(given, undefined).principal;
const alice = { userId: "alice", tenantId: "acme" };
const bob = { userId: "bob", tenantId: "acme" };

type Options = Pick<StackOptions, "threads" | "anonymous" | "identity">;

function house(options: Options = {}, identity: "required" | "none" = "required", more: readonly Plugin[] = []) {
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
      ...more,
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

describe("a thread that is somebody else's", () => {
  const Text = Annotation.Root({ n: Annotation<number>(), thread: Annotation<string>() });
  const bare = (thread = "t-1") => ({ configurable: { thread_id: thread } });

  it("is not reached by whoever is not signed in", async () => {
    const { graph, on, codeOf } = house({ anonymous: "no-tools" });
    await graph.invoke({ n: 1 }, on(alice));
    expect(await codeOf(() => graph.invoke({ n: 5 }, bare()))).toBe("THREAD_NOT_YOURS");
    await graph.invoke({ n: 1 }, bare("t-2"));
    expect(await codeOf(() => graph.invoke({ n: 1 }, on(alice, "t-2")))).toBe("ok");
  });

  it("is not reached out of a run, with a thread of its own or without", async () => {
    const { stack, graph, on, codeOf } = house();
    await graph.invoke({ n: 1 }, on(alice));
    const around = (body: (thread: string) => Promise<unknown>, checkpointer?: MemorySaver) =>
      stack.wrap(
        new StateGraph(Text)
          .addNode("ask", async ({ thread }) => (await body(thread), {}))
          .addEdge(START, "ask")
          .compile(checkpointer === undefined ? {} : { checkpointer }),
      );
    for (const body of [
      (thread: string) => graph.invoke({ n: 5 }, bare(thread)),
      (thread: string) => graph.withConfig(bare(thread)).invoke({ n: 5 }, bare(thread)),
      (thread: string) => graph.getState(bare(thread)),
      (thread: string) => graph.updateState(bare(thread), { n: 9 }, "count"),
    ]) {
      const input = { n: 1, thread: "t-1" };
      expect(await codeOf(() => around(body).invoke(input, stack.as(bob)))).toBe("THREAD_NOT_YOURS");
      const own = around(body, new MemorySaver());
      expect(await codeOf(() => own.invoke(input, on(bob, "t-bob")))).toBe("THREAD_NOT_YOURS");
      expect(await codeOf(() => around(body).invoke(input, stack.as(alice)))).toBe("ok");
    }
  });

  it("is checked for whom the resolver names, and for nobody's sake where it fails", async () => {
    const identity: NonNullable<Options["identity"]> = {
      name: "acme",
      resolve({ configurable }) {
        if (configurable?.["user"] === "down") throw new Error("down");
        return configurable?.["user"] === undefined ? null : { userId: String(configurable["user"]) };
      },
    };
    const { graph, codeOf } = house({ identity });
    const as = (user?: string) => ({ configurable: { thread_id: "t-1", ...(user === undefined ? {} : { user }) } });
    await graph.invoke({ n: 1 }, as("alice"));
    expect(
      await Promise.all(["alice", "bob", "down", undefined].map((user) => codeOf(() => graph.getState(as(user))))),
    ).toEqual(["ok", "THREAD_NOT_YOURS", "IDENTITY_MISSING", "ok"]);
  });

  it("becomes nobody's by a run that was turned away", async () => {
    const picky = definePlugin({
      name: "acme-picky",
      version: "1.0.0",
      setup: (api) =>
        void api.tap(hooks.run.input, async (_input, { principal }) =>
          principal?.userId === "bob" ? deny("NOT_BOB", "not bob") : undefined,
        ),
    });
    const { graph, on, codeOf } = house({}, "required", [picky()]);
    expect(await codeOf(() => graph.invoke({ n: 1 }, on(bob)))).toBe("NOT_BOB");
    expect(await codeOf(() => graph.invoke({ n: 1 }, on(alice)))).toBe("ok");
  });

  it("is one user's when two begin it at once", async () => {
    const released: string[] = [];
    const slow = definePlugin({
      name: "acme-slow",
      version: "1.0.0",
      setup(api) {
        api.tap(hooks.run.admit, async (_run, { principal }) => {
          await Promise.resolve();
          return { settle: () => undefined, release: () => void released.push(String(principal?.userId)) };
        });
      },
    });
    const { graph, on, codeOf } = house({}, "required", [slow()]);
    const ends = [alice, bob].map((given) => codeOf(() => graph.invoke({ n: 1 }, on(given))));
    expect(await Promise.all(ends)).toEqual(["ok", "THREAD_NOT_YOURS"]);
    expect(released).toEqual(["bob"]);
  });

  it("keeps its pause for its owner", async () => {
    const resumed: unknown[] = [];
    const watch = definePlugin({
      name: "acme-watch",
      version: "1.0.0",
      setup: (api) =>
        void api.tap(hooks.run.start, (_start, { principal, resumedFrom }) => {
          resumed.push([principal?.userId ?? null, resumedFrom !== null]);
        }),
    });
    const { stack, on, codeOf } = house({}, "required", [watch()]);
    const graph = stack.wrap(
      new StateGraph(Text)
        .addNode("ask", () => ({ n: interrupt("?") as number }))
        .addEdge(START, "ask")
        .compile({ checkpointer: new MemorySaver() }),
    );
    await graph.invoke({ n: 1 }, on(alice));
    const answer = new Command({ resume: 3 }) as never;
    expect(await codeOf(() => graph.invoke(answer, on(bob)))).toBe("THREAD_NOT_YOURS");
    expect(await codeOf(() => graph.invoke(answer, bare()))).toBe("IDENTITY_MISSING");
    expect(await codeOf(() => graph.invoke(answer, on(alice)))).toBe("ok");
    expect(resumed).toEqual([
      ["alice", false],
      ["bob", false],
      [null, true],
      ["alice", true],
    ]);
  });

  it("is one even while the plugins are set up", async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const late = definePlugin({ name: "acme-late", version: "1.0.0", setup: () => gate });
    const { graph, on, codeOf } = house({}, "required", [late()]);
    const written = codeOf(() => graph.updateState(on(alice), { n: 3 }, "count"));
    open();
    expect(await written).toBe("ok");
    expect(await codeOf(() => graph.getState(on(bob)))).toBe("THREAD_NOT_YOURS");
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
