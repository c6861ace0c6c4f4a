import { AsyncResource } from "node:async_hooks";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, inspect } from "node:util";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import {
  createStack,
  definePlugin,
  deny,
  fromLangGraphServer,
  GraphTapError,
  hooks,
  isDenied,
  Principal,
  type Stack,
  type Who,
} from "@graphtap/langgraph";
import { asMiddleware } from "@graphtap/langgraph/langchain";
import { fakeClock, scriptedModel } from "@graphtap/testkit";
import fc from "fast-check";
import { createAgent } from "langchain";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Callable } from "./bench.js";

type Config = { configurable: Record<string, unknown> } & Record<string, unknown>;
type StackOptions = Partial<Parameters<typeof createStack>[0]>;

/** One guarded tool in a graph of one node, and what the observers saw. */
interface House {
  readonly stack: Stack;
  readonly tool: Callable;
  readonly graph: {
    invoke(input: unknown, config?: object): Promise<{ messages: unknown[] }>;
    stream(i: unknown, c?: object): Promise<AsyncIterable<unknown>>;
    batch(i: unknown[], c?: object): Promise<unknown[]>;
    streamEvents(i: unknown, c: object): AsyncIterable<unknown>;
    withConfig(c: object): House["graph"];
    getState(c: object): Promise<unknown>;
  };
  readonly ran: string[];
  readonly principals: (string | null)[];
  readonly runsDenied: string[];
  readonly toolsDenied: string[];
}

function house(
  options: StackOptions = {},
  body: (self: () => House, args: { n: number }) => unknown = () => "ok",
): House {
  const principals: (string | null)[] = [];
  const runsDenied: string[] = [];
  const toolsDenied: string[] = [];
  const ran: string[] = [];
  const policy = definePlugin({
    name: "test-house",
    version: "1.0.0",
    setup(api) {
      api.tap(hooks.tool.authorize, (_call, run) => void principals.push(run.principal?.label ?? null));
      api.tap(hooks.run.denied, (event) => void runsDenied.push(event.code));
      api.tap(hooks.tool.denied, (event) => void toolsDenied.push(event.code));
    },
  });
  const stack = createStack({ name: "house", ...options, plugins: [policy()] }) as Stack;
  const raw = tool(
    async (args) => {
      ran.push(`t ${args.n}`);
      return String(await body(() => made, args));
    },
    { name: "t", description: "t", schema: z.object({ n: z.number() }) },
  );
  const graph = stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([raw]))
      .addEdge(START, "tools")
      .compile({ checkpointer: new MemorySaver() }),
  );
  const made: House = {
    stack,
    tool: stack.wrapTool(raw) as unknown as Callable,
    graph: graph as unknown as House["graph"],
    ran,
    principals,
    runsDenied,
    toolsDenied,
  };
  return made;
}

const says = (n = 1) => ({
  messages: [new AIMessage({ content: "", tool_calls: [{ type: "tool_call", name: "t", args: { n }, id: `c${n}` }] })],
});
const alice: Who = { userId: "alice", roles: ["clerk"] };
const thread = { configurable: { thread_id: "t1" } };
const codeOf = (error: unknown): unknown => (GraphTapError.isInstance(error) ? error.code : error);
const refusal = async (work: Promise<unknown>): Promise<unknown> => work.then(() => "accepted", codeOf);
const envelopeOf = (config: Config): object => config.configurable["__graphtap"] as object;

const FORGERIES: Record<string, { make: (stack: Stack) => object; code: string }> = {
  "nothing at all": { make: () => thread, code: "IDENTITY_MISSING" },
  "configurable lost by spread": { make: (s) => ({ ...s.as(alice), ...thread }), code: "IDENTITY_MISSING" },
  "a JSON round trip": {
    make: (s) => JSON.parse(JSON.stringify(s.as(alice, thread))) as object,
    code: "IDENTITY_MISSING",
  },
  "a structured clone": { make: (s) => structuredClone(s.as(alice, thread)), code: "IDENTITY_NOT_ISSUED" },
  "a hand-made object": {
    make: () => ({ configurable: { thread_id: "t1", __graphtap: { userId: "alice", roles: ["admin"] } } }),
    code: "IDENTITY_NOT_ISSUED",
  },
  "a string": { make: () => ({ configurable: { thread_id: "t1", __graphtap: "alice" } }), code: "IDENTITY_NOT_ISSUED" },
  null: { make: () => ({ configurable: { thread_id: "t1", __graphtap: null } }), code: "IDENTITY_NOT_ISSUED" },
  undefined: { make: () => ({ configurable: { thread_id: "t1", __graphtap: undefined } }), code: "IDENTITY_MISSING" },
  "a Principal made by hand": {
    make: () => ({
      configurable: {
        thread_id: "t1",
        __graphtap: new Principal({
          userId: "alice",
          service: null,
          tenantId: null,
          roles: ["admin"],
          facts: {},
          onBehalfOf: null,
        }),
      },
    }),
    code: "IDENTITY_NOT_ISSUED",
  },
  "another stack's identity": {
    make: () => createStack({ name: "other", plugins: [] }).as(alice, thread),
    code: "IDENTITY_NOT_ISSUED",
  },
  "the identity of a stack of the same name": {
    make: () => createStack({ name: "house", plugins: [] }).as(alice, thread),
    code: "IDENTITY_NOT_ISSUED",
  },
  "an object derived from an identity": {
    make: (s) => ({
      configurable: { thread_id: "t1", __graphtap: Object.create(envelopeOf(s.as(alice) as Config)) as object },
    }),
    code: "IDENTITY_NOT_ISSUED",
  },
  "a Proxy of an identity": {
    make: (s) => ({ configurable: { thread_id: "t1", __graphtap: new Proxy(envelopeOf(s.as(alice) as Config), {}) } }),
    code: "IDENTITY_NOT_ISSUED",
  },
  "an inherited identity": {
    make: (s) => ({
      configurable: Object.assign(Object.create({ __graphtap: envelopeOf(s.as(alice) as Config) }) as object, {
        thread_id: "t1",
      }),
    }),
    code: "IDENTITY_MISSING",
  },
  "langgraph_auth_user without a resolver": {
    make: () => ({
      configurable: {
        thread_id: "t1",
        langgraph_auth_user: { identity: "alice", permissions: ["admin"] },
        langgraph_auth_user_id: "alice",
      },
    }),
    code: "IDENTITY_MISSING",
  },
  "user ids in configurable": {
    make: () => ({
      configurable: { thread_id: "t1", user_id: "alice", userId: "alice", principal: alice, "x-user-id": "alice" },
    }),
    code: "IDENTITY_MISSING",
  },
  "an identity in metadata, context and tags": {
    make: (s) => ({
      ...thread,
      metadata: { ...s.as(alice).configurable },
      context: { ...s.as(alice).configurable, ...alice },
      tags: ["alice"],
    }),
    code: "IDENTITY_MISSING",
  },
};

describe("forged identities", () => {
  for (const [name, { make, code }] of Object.entries(FORGERIES)) {
    it(`${name}: no graph runs`, async () => {
      const ways: ((h: House, c: object) => Promise<unknown>)[] = [
        (h, c) => h.graph.invoke(says(), c),
        async (h, c) => consume(await h.graph.stream(says(), c)),
        (h, c) => h.graph.batch([says()], c),
        (h, c) => consume(h.graph.streamEvents(says(), { ...c, version: "v2" })),
        async (h, c) => h.graph.withConfig(c).invoke(says()),
        (h, c) => h.graph.invoke(null, c),
      ];
      for (const way of ways) {
        const h = house();
        expect(await refusal(Promise.resolve().then(() => way(h, make(h.stack))))).toBe(code);
        expect({ ran: h.ran, judged: h.principals }).toEqual({ ran: [], judged: [] });
      }
    });
    it(`${name}: no tool runs, and observers hear of it once`, async () => {
      for (const input of [{ n: 1 }, { type: "tool_call", name: "t", args: { n: 1 }, id: "c" }]) {
        const h = house();
        expect(await refusal(h.tool.invoke(input, make(h.stack)))).toBe(code);
        expect({ ran: h.ran, judged: h.principals, denied: h.toolsDenied }).toEqual({
          ran: [],
          judged: [],
          denied: [code],
        });
      }
    });
  }

  async function consume(chunks: AsyncIterable<unknown>): Promise<unknown> {
    for await (const chunk of chunks) void chunk;
    return undefined;
  }

  it("the refusal of a run is told once, with the keys that were there", async () => {
    const h = house();
    const error = await h.graph
      .invoke(says(), { configurable: { thread_id: "t1", tenant: "x" } })
      .catch((e: unknown) => e as GraphTapError);
    expect((error as GraphTapError).message).toContain("thread_id, tenant");
    expect(h.runsDenied).toEqual(["IDENTITY_MISSING"]);
  });
  it("state, messages and a resume payload name nobody", async () => {
    const h = house();
    await h.graph.invoke(
      {
        messages: [
          new HumanMessage({
            content: "I am bob",
            name: "bob",
            additional_kwargs: { userId: "bob", __graphtap: { userId: "bob" } },
          }),
          ...says().messages,
        ],
      },
      h.stack.as(alice, thread),
    );
    expect(h.principals).toEqual(["alice"]);
  });
  it("state methods take no forged identity either", async () => {
    const h = house();
    expect(
      await refusal(
        Promise.resolve().then(() =>
          h.graph.getState({ configurable: { thread_id: "t1", __graphtap: { userId: "alice" } } }),
        ),
      ),
    ).toBe("IDENTITY_NOT_ISSUED");
  });
  it("a principal cannot be turned into an identity", () => {
    const { stack } = house();
    const principal = new Principal({
      userId: "alice",
      service: null,
      tenantId: null,
      roles: ["admin"],
      facts: {},
      onBehalfOf: null,
    });
    expect(() => stack.as(principal as never)).toThrow(GraphTapError);
  });
  it("an object that looks like a principal is none", () => {
    const fake = Object.create(Principal.prototype) as Principal;
    expect(() => fake.userId).toThrow(TypeError);
  });
});

describe("LangGraph Server", () => {
  const folders: string[] = [];
  const folder = (files: Record<string, string> = {}): string => {
    const path = mkdtempSync(join(tmpdir(), "graphtap-server-"));
    folders.push(path);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  };
  afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

  for (const [name, files] of Object.entries({
    "no langgraph.json": {},
    "no JSON": { "langgraph.json": "{ graphs: " },
    "no auth": { "langgraph.json": '{"graphs":{}}' },
    "an empty auth path": { "langgraph.json": '{"auth":{"path":""}}' },
    "an auth path of another type": { "langgraph.json": '{"auth":{"path":["./auth.ts"]}}' },
    "auth inherited by a trick": { "langgraph.json": '{"__proto__":{"auth":{"path":"./auth.ts:auth"}}}' },
  } as Record<string, Record<string, string>>))
    it(`${name}: refuses to boot, and every run with it`, async () => {
      const h = house({ identity: fromLangGraphServer({ cwd: folder(files) }) });
      expect(await refusal(h.stack.ready())).toBe("SERVER_AUTH_MISSING");
      expect(
        await refusal(
          h.graph.invoke(says(), { configurable: { thread_id: "t1", langgraph_auth_user: { identity: "alice" } } }),
        ),
      ).toBe("SERVER_AUTH_MISSING");
      expect(
        await refusal(h.tool.invoke({ n: 1 }, { configurable: { langgraph_auth_user: { identity: "alice" } } })),
      ).toBe("SERVER_AUTH_MISSING");
      expect(await refusal(h.graph.invoke(says(), h.stack.as(alice, thread)))).toBe("SERVER_AUTH_MISSING");
      expect(h.ran).toEqual([]);
    });

  const served = (): House =>
    house({
      identity: fromLangGraphServer({ cwd: folder({ "langgraph.json": '{"auth":{"path":"./auth.ts:auth"}}' }) }),
    });
  it("takes the server's user, and `as` wins over it", async () => {
    const h = served();
    await h.graph.invoke(says(), { configurable: { thread_id: "t1", langgraph_auth_user: { identity: "bob" } } });
    await h.graph.invoke(
      says(),
      h.stack.as(alice, { configurable: { thread_id: "t2", langgraph_auth_user: { identity: "bob" } } }),
    );
    expect(h.principals).toEqual(["bob", "alice"]);
  });
  it("refuses what is no user", async () => {
    const h = served();
    for (const user of [
      undefined,
      null,
      "alice",
      7,
      {},
      { identity: 7 },
      { identity: "" },
      { identity: "system" },
      { identity: "a", permissions: "admin" },
    ])
      expect(
        await refusal(h.graph.invoke(says(), { configurable: { thread_id: "t1", langgraph_auth_user: user } })),
        inspect(user),
      ).toBe("IDENTITY_MISSING");
    expect(h.ran).toEqual([]);
  });
  it("a resolver that fails or knows nobody is nobody", async () => {
    for (const resolve of [
      () => null,
      () => Promise.resolve(null),
      () => {
        throw new Error("down");
      },
      () => Promise.reject(new Error("down")),
      () => ({}) as Who,
    ]) {
      const h = house({ identity: { name: "own", resolve } });
      expect(await refusal(h.graph.invoke(says(), thread))).toBe("IDENTITY_MISSING");
      expect(await refusal(h.tool.invoke({ n: 1 }, thread))).toBe("IDENTITY_MISSING");
      expect(h.toolsDenied).toEqual(["IDENTITY_MISSING"]);
    }
  });
  it("the user of a call inside a run is the run's, whatever its config says", async () => {
    const h = house({ identity: fromLangGraphServer({ verifiedBy: "proxy" }) }, (self, { n }) =>
      n === 1 ? self().tool.invoke({ n: 2 }, { configurable: { langgraph_auth_user: { identity: "root" } } }) : "ok",
    );
    await h.graph.invoke(says(), { configurable: { thread_id: "t1", langgraph_auth_user: { identity: "bob" } } });
    expect(h.principals).toEqual(["bob", "bob"]);
  });
});

describe("expiry", () => {
  const MINUTE = 60_000;
  it("an identity starts runs for its time and not longer; a service does not age; the wall clock does not matter", async () => {
    const clock = fakeClock();
    const h = house({ clock, identityTtlMs: 5 * MINUTE });
    const own = { configurable: { thread_id: "nightly" } };
    const [user, service] = [h.stack.as(alice, thread), h.stack.as({ service: "nightly" }, own)];
    const bound = h.graph.withConfig(user);
    clock.advance(5 * MINUTE);
    clock.jump(24 * 60 * MINUTE);
    await h.graph.invoke(says(1), user);
    clock.jump(-48 * 60 * MINUTE);
    clock.advance(1);
    for (const work of [
      () => h.graph.invoke(says(2), user),
      () => bound.invoke(says(2)),
      () => h.graph.invoke(null, user),
    ])
      expect(await refusal(work())).toBe("IDENTITY_EXPIRED");
    await h.graph.invoke(says(3), service);
    expect({ ran: h.ran, who: h.principals, told: [h.runsDenied, h.toolsDenied] }).toEqual({
      ran: ["t 1", "t 3"],
      who: ["alice", "service:nightly"],
      told: [["IDENTITY_EXPIRED", "IDENTITY_EXPIRED", "IDENTITY_EXPIRED"], []],
    });
  });
  it("does not cut a run that is under way", async () => {
    const clock = fakeClock();
    const h = house({ clock }, (self, { n }) => {
      if (n !== 1) return "ok";
      clock.advance(60 * MINUTE);
      return self().tool.invoke({ n: 2 });
    });
    await h.graph.invoke(says(), h.stack.as(alice, thread));
    expect(h.ran).toEqual(["t 1", "t 2"]);
  });
});

describe("an identity that a model was bound to", () => {
  const MODELS = {
    "that keeps configs itself, as provider packages' do": () =>
      scriptedModel([{ say: "hi" }], { whenDone: "repeat" }) as unknown as BaseChatModel,
    "that LangChain binds": () => new FakeListChatModel({ responses: ["hi"] }) as unknown as BaseChatModel,
  };
  it.each(Object.entries(MODELS))("%s: is whose call it is, unless the call says another", async (_, make) => {
    const seen: (string | null)[] = [];
    const watch = definePlugin({
      name: "test-watch",
      version: "1.0.0",
      setup: (api) => api.tap(hooks.model.authorize, (_call, run) => void seen.push(run.principal?.label ?? null)),
    });
    const stack = createStack({ name: "bound", plugins: [watch()] });
    const shown: unknown[] = [];
    const callbacks = [{ handleChatModelStart: (...args: unknown[]) => void shown.push(args) }];
    const model = stack.wrapModel(make());
    const alices = model.withConfig(stack.as(alice)) as unknown as BaseChatModel;
    await alices.invoke("hi", { callbacks });
    for await (const _ of await alices.stream("hi", { callbacks }));
    await (alices.withConfig({ tags: ["x"] }) as unknown as BaseChatModel).invoke("hi", { callbacks });
    await alices.invoke("hi", { ...stack.as({ userId: "bob" }), callbacks });
    const graph = (who: BaseChatModel) =>
      stack.wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("n", async (_state, config) => ({ messages: [await who.invoke("hi", config)] }))
          .addEdge(START, "n")
          .compile(),
      );
    await graph(alices).invoke({ messages: [] }, stack.as(alice) as never);
    expect(seen).toEqual(["alice", "alice", "alice", "bob", "alice"]);
    expect(await refusal(graph(alices).invoke({ messages: [] }, stack.as({ userId: "bob" }) as never))).toBe(
      "IDENTITY_CHANGED",
    );
    expect(await refusal(model.invoke("hi"))).toBe("IDENTITY_MISSING");
    expect(inspect(shown, { depth: 12 })).not.toMatch(/__graphtap|Identity\(/);
    await stack.dispose();
  });
});

describe("an identity that is too old to start a run", () => {
  it("makes calls that no run is around, by each way: it starts none with them", async () => {
    const clock = fakeClock();
    const h = house({ clock, identityTtlMs: 1_000 });
    const model = h.stack.wrapModel(scriptedModel([{ say: "hi" }], { whenDone: "repeat" }));
    const me = h.stack.as(alice);
    const call = { type: "tool_call", name: "t", args: { n: 1 }, id: "c1" };
    const ways: readonly (() => Promise<unknown>)[] = [
      () => h.tool.invoke({ n: 1 }, me),
      () => h.tool.invoke(call, me),
      () => h.tool.withConfig(me).invoke({ n: 1 }),
      () => h.tool.batch([{ n: 1 }], me),
      async () => {
        for await (const _ of await h.tool.stream({ n: 1 }, me));
      },
      () => model.invoke("hi", me),
      async () => {
        for await (const _ of await model.stream("hi", me));
      },
      () => model.withConfig(me).invoke("hi"),
    ];
    clock.advance(1_001);
    for (const way of ways) expect(await refusal(way()), String(way)).toBe("accepted");
    expect(await refusal(h.graph.invoke(says(1), h.stack.as(alice, thread)))).toBe("accepted");
    expect(
      await refusal(h.graph.invoke(says(1), { ...me, configurable: { ...me.configurable, thread_id: "x" } })),
    ).toBe("IDENTITY_EXPIRED");
  });

  it("does not cut a graph that nobody wrapped", async () => {
    const clock = fakeClock();
    const h = house({ clock, identityTtlMs: 1_000 });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("wait", () => {
        clock.advance(5_000);
        return {};
      })
      .addNode("tools", new ToolNode([h.tool as never]))
      .addEdge(START, "wait")
      .addEdge("wait", "tools")
      .compile();
    expect(await refusal(graph.invoke(says(), h.stack.as(alice) as never))).toBe("accepted");
    expect(h.ran).toEqual(["t 1"]);
  });
});

describe("an identity inside a run", () => {
  const user = (more: object = {}): Who =>
    ({ userId: "alice", tenantId: "acme", roles: ["clerk", "lead"], ...more }) as Who;
  const owner = { userId: "alice", tenantId: "acme", roles: ["clerk"] };
  const cases: [string, Who, Who, boolean][] = [
    ["the same user", user(), user(), true],
    ["the same user with fewer roles", user(), user({ roles: ["clerk"] }), true],
    ["the same user without roles", user(), user({ roles: [] }), true],
    [
      "a service on behalf of the user",
      user(),
      { service: "indexer", tenantId: "acme", onBehalfOf: owner } as Who,
      true,
    ],
    ["more roles", user(), user({ roles: ["clerk", "lead", "admin"] }), false],
    ["other roles", user(), user({ roles: ["admin"] }), false],
    ["another user", user(), user({ userId: "bob" }), false],
    ["another tenant", user(), user({ tenantId: "globex" }), false],
    ["no tenant", user(), { userId: "alice", roles: [] }, false],
    ["a service of its own", user(), { service: "indexer", tenantId: "acme" }, false],
    [
      "a service on behalf of another user",
      user(),
      { service: "indexer", tenantId: "acme", onBehalfOf: { ...owner, userId: "bob" } } as Who,
      false,
    ],
    [
      "a service on behalf of the user with more roles",
      user(),
      { service: "indexer", tenantId: "acme", onBehalfOf: { ...owner, roles: ["admin"] } } as Who,
      false,
    ],
    ["the user on behalf of somebody", user(), user({ onBehalfOf: { ...owner, userId: "bob" } }), false],
    [
      "the same service",
      { service: "s", tenantId: "acme", roles: ["r"] },
      { service: "s", tenantId: "acme", roles: ["r"] },
      true,
    ],
    [
      "the same service, now on behalf of a user",
      { service: "s", tenantId: "acme" },
      { service: "s", tenantId: "acme", onBehalfOf: owner },
      true,
    ],
    [
      "the same service, now on behalf of another tenant's user",
      { service: "s", tenantId: "acme" },
      { service: "s", tenantId: "acme", onBehalfOf: { ...owner, tenantId: "globex" } },
      false,
    ],
    [
      "the same service, no longer on behalf of the user",
      { service: "s", tenantId: "acme", onBehalfOf: owner },
      { service: "s", tenantId: "acme" },
      false,
    ],
    [
      "the same service, on behalf of another user",
      { service: "s", tenantId: "acme", onBehalfOf: owner },
      { service: "s", tenantId: "acme", onBehalfOf: { ...owner, userId: "bob" } },
      false,
    ],
    [
      "the same service, on behalf of the user with fewer roles",
      { service: "s", tenantId: "acme", onBehalfOf: owner },
      { service: "s", tenantId: "acme", onBehalfOf: { ...owner, roles: [] } },
      true,
    ],
    [
      "the user that a service acts for",
      { service: "s", tenantId: "acme", onBehalfOf: owner },
      user({ roles: ["clerk"] }),
      false,
    ],
    [
      "another service for the same user",
      { service: "s", tenantId: "acme", onBehalfOf: owner },
      { service: "x", tenantId: "acme", onBehalfOf: owner },
      false,
    ],
    ["an approver who drops for whom", user({ onBehalfOf: { ...owner, userId: "bob" } }), user(), false],
    ["a user in a service's run", { service: "s", tenantId: "acme" }, user(), false],
  ];
  for (const [name, outer, inner, accepted] of cases)
    it(`${name}: ${accepted ? "accepted" : "refused"}, by tool and by graph`, async () => {
      for (const via of ["tool", "graph", "bound graph"] as const) {
        let result: unknown;
        const h = house({}, async (self, { n }) => {
          if (n !== 1) return "ok";
          const config = self().stack.as(inner);
          const work =
            via === "tool"
              ? () => self().tool.invoke({ n: 2 }, config)
              : via === "graph"
                ? () => self().graph.invoke(says(2), config)
                : () => self().graph.withConfig(config).invoke(says(2));
          result = await refusal(Promise.resolve().then(work));
          return "ok";
        });
        await h.graph.invoke(says(1), h.stack.as(outer, thread));
        expect(result, via).toBe(accepted ? "accepted" : "IDENTITY_CHANGED");
        expect(h.ran, via).toEqual(accepted ? ["t 1", "t 2"] : ["t 1"]);
        if (via === "tool") expect(h.toolsDenied).toEqual(accepted ? [] : ["IDENTITY_CHANGED"]);
      }
    });
  it("the narrower identity holds for that call only", async () => {
    const h = house({}, async (self, { n }) => {
      if (n !== 1) return "ok";
      await self().tool.invoke({ n: 2 }, self().stack.as({ service: "indexer", onBehalfOf: { userId: "alice" } }));
      return self().tool.invoke({ n: 3 });
    });
    await h.graph.invoke(says(), h.stack.as(alice, thread));
    expect(h.principals).toEqual(["alice", "service:indexer", "alice"]);
  });
  it("nobody becomes somebody inside an anonymous run", async () => {
    const h = house({ anonymous: "no-tools" });
    let result: unknown;
    const graph = h.stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("code", async () => {
          result = await refusal(h.tool.invoke({ n: 1 }, h.stack.as(alice)));
          return {};
        })
        .addEdge(START, "code")
        .compile(),
    );
    await graph.invoke({ messages: [] });
    expect({ result, ran: h.ran }).toEqual({ result: "IDENTITY_CHANGED", ran: [] });
  });
});

describe("a queue that users share, whose worker keeps the context of who came first", () => {
  /** What is done with the user's config by whoever works the queue off. */
  const JOBS: Record<string, (h: House, config: object) => Promise<unknown>> = {
    "a tool": (h, config) => h.tool.invoke({ n: 9 }, { ...config, toolCall: undefined }),
    "a model": (h, config) =>
      h.stack.wrapModel(scriptedModel([{ say: "hi" }], { whenDone: "repeat" })).invoke("hi", config),
    "a subgraph": (h, config) =>
      h.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("n", () => ({}))
            .addEdge(START, "n")
            .compile(),
        )
        .invoke({ messages: [] }, config as never),
    "a graph on another thread": (h, config) => {
      const { configurable, ...rest } = config as { configurable: object };
      return h.graph.invoke(says(9), { ...rest, configurable: { ...configurable, thread_id: "aside" } });
    },
  };
  const meet = async (
    job: (typeof JOBS)[string],
    users: readonly Who[],
    bind: (work: () => Promise<void>) => () => Promise<void> = (work) => work,
  ): Promise<unknown[]> => {
    const h = house({ threads: "open" });
    const jobs: (() => Promise<void>)[] = [];
    let wake: (() => void) | undefined;
    const work = async (): Promise<void> => {
      for (;;) {
        for (let next = jobs.shift(); next !== undefined; next = jobs.shift()) await next();
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    const queued = (config: object): Promise<unknown> =>
      new Promise((resolve) => {
        jobs.push(bind(async () => resolve(await refusal(job(h, config)))));
        if (wake === undefined) void work();
        else wake();
      });
    let leave = (): void => {};
    const stay = new Promise<void>((resolve) => (leave = resolve));
    const found: unknown[] = [];
    const graph = h.stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("queues", async (_state, config) => {
          const at = found.push(null);
          found[at - 1] = await queued(config);
          if (at === 1) await stay;
          return {};
        })
        .addEdge(START, "queues")
        .compile(),
    );
    const runs = users.map((user) => () => graph.invoke({ messages: [] }, h.stack.as(user) as never));
    const first = runs[0]?.();
    while (found[0] === null || found.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await runs[1]?.();
    leave();
    await first;
    return found;
  };

  it.each(Object.entries(JOBS))("does not do it as somebody else: %s", async (_, job) => {
    expect(await meet(job, [alice, { userId: "bob" }])).toEqual(["accepted", "IDENTITY_CHANGED"]);
    expect(await meet(job, [{ userId: "bob" }, { userId: "bob", roles: ["clerk"] }])).toEqual([
      "accepted",
      "IDENTITY_CHANGED",
    ]);
  });
  it.each(Object.entries(JOBS))("does it as its own user where the job is bound: %s", async (_, job) => {
    expect(await meet(job, [alice, { userId: "bob" }], (work) => AsyncResource.bind(work))).toEqual([
      "accepted",
      "accepted",
    ]);
  });
  it.each(Object.entries(JOBS))("does it for one and the same: %s", async (_, job) => {
    expect(await meet(job, [alice, alice])).toEqual(["accepted", "accepted"]);
  });
});

describe("after the run's end", () => {
  /** Lets a run end and then does something in its context. */
  async function afterwards(
    h: House,
    work: (h: House) => Promise<unknown>,
    options: { config?: object; abort?: AbortController } = {},
  ): Promise<unknown> {
    let go = (): void => {};
    let late: Promise<unknown> = Promise.resolve();
    const graph = h.stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("leaves", () => {
          const ended = new Promise<void>((resolve) => (go = resolve));
          late = ended.then(() => refusal(Promise.resolve().then(() => work(h))));
          if (options.abort !== undefined) options.abort.abort(new Error("client left"));
          return {};
        })
        .addEdge(START, "leaves")
        .compile(),
    );
    await graph
      .invoke(
        { messages: [] },
        {
          ...(options.config ?? h.stack.as(alice)),
          ...(options.abort === undefined ? {} : { signal: options.abort.signal }),
        },
      )
      .catch(() => undefined);
    go();
    return late;
  }
  const ways: Record<string, (h: House, config?: object) => Promise<unknown>> = {
    "a tool": (h, config) => h.tool.invoke({ n: 1 }, config),
    "a graph": (h, config) => h.graph.withConfig({ configurable: { thread_id: "t9" } }).invoke(says(), config),
    "a stream": (h, config) =>
      h.graph.stream(says(), { configurable: { thread_id: "t9" }, ...config }).then(async (chunks) => {
        for await (const chunk of chunks) void chunk;
      }),
  };
  for (const [name, way] of Object.entries(ways)) {
    it(`${name} is refused in the finished run's name`, async () => {
      const h = house();
      expect(await afterwards(h, (self) => way(self))).toBe("RUN_OVER");
      expect(h.ran).toEqual([]);
    });
    it(`${name} runs with an identity of its own`, async () => {
      const h = house();
      expect(
        await afterwards(h, (self) =>
          way(self, self.stack.as({ userId: "bob" }, { configurable: { thread_id: "t9" } })),
        ),
      ).toBe("accepted");
      expect(h.principals).toEqual(["bob"]);
    });
  }
  it("of an abort too: a tool does not start any more", async () => {
    const h = house();
    const result = await afterwards(h, ways["a tool"] as never, { abort: new AbortController() });
    expect(result).not.toBe("accepted");
    expect(h.ran).toEqual([]);
  });
  it("where nobody is demanded, and nobody ran it, code goes on as without a stack", async () => {
    const stack = createStack({
      name: "free",
      plugins: [
        definePlugin({
          name: "test-sees",
          version: "1.0.0",
          identity: "none",
          setup: (api) => void api.tap(hooks.tool.start, () => undefined),
        })(),
      ],
    }) as Stack;
    const h = { ...house(), stack };
    const ran: number[] = [];
    const free = stack.wrapTool(
      tool(async ({ n }) => ran.push(n), { name: "t", description: "t", schema: z.object({ n: z.number() }) }),
    );
    expect(await afterwards({ ...h, tool: free as unknown as Callable }, ways["a tool"] as never, { config: {} })).toBe(
      "accepted",
    );
    expect(ran).toEqual([1]);
  });
});

describe('anonymous: "no-tools"', () => {
  it("lets the run go on and denies every tool", async () => {
    const h = house({ anonymous: "no-tools" });
    const { messages } = await h.graph.invoke(says(), thread);
    expect({
      denied: messages.filter(isDenied).length,
      ran: h.ran,
      judged: h.principals,
      codes: h.toolsDenied,
    }).toEqual({ denied: 1, ran: [], judged: [], codes: ["IDENTITY_MISSING"] });
  });
  it("also where no plugin taps a hook of tools", async () => {
    for (const plugin of [
      definePlugin({ name: "test-needs", version: "1.0.0", identity: "required", setup: () => undefined }),
      definePlugin({
        name: "test-models",
        version: "1.0.0",
        setup: (api) => void api.tap(hooks.model.authorize, () => deny("NO", "no")),
      }),
    ]) {
      const stack = createStack({ name: "shy", anonymous: "no-tools", plugins: [plugin()] });
      const ran: number[] = [];
      const raw = tool(async ({ n }) => ran.push(n), {
        name: "t",
        description: "t",
        schema: z.object({ n: z.number() }),
      });
      const graph = stack.wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("tools", new ToolNode([raw]))
          .addEdge(START, "tools")
          .compile(),
      );
      expect(((await graph.invoke(says())).messages as unknown[]).filter(isDenied)).toHaveLength(1);
      expect(await refusal(stack.wrapTool(raw).invoke({ n: 1 }))).toBe("IDENTITY_MISSING");
      const model = scriptedModel((messages) =>
        messages.some((m) => m.type === "tool") ? { say: "done" } : { call: { name: "t", args: { n: 1 }, id: "c" } },
      );
      await createAgent({ model, tools: [raw], middleware: [asMiddleware(stack)] })
        .invoke({ messages: [new HumanMessage("go")] })
        .catch(() => undefined);
      expect(ran).toEqual([]);
      await graph.invoke(says(), stack.as(alice));
      expect(ran).toEqual([1]);
    }
  });
});

describe("identities do not show", () => {
  const SECRETS = ["s3cret-role", "s3cret-fact", "s3cret-tenant"];
  const secretive = (): { stack: Stack; config: Config } => {
    const stack = createStack({ name: "quiet", facts: z.object({ tier: z.string() }), plugins: [] });
    return {
      stack: stack as unknown as Stack,
      config: stack.as(
        { userId: "alice", tenantId: "s3cret-tenant", roles: ["s3cret-role"], tier: "s3cret-fact" },
        thread,
      ) as unknown as Config,
    };
  };
  const leaks = (text: unknown): string[] => SECRETS.filter((secret) => String(text).includes(secret));

  it("neither the envelope nor the principal, however they are printed, copied or serialised", async () => {
    const { stack, config } = secretive();
    let principal: Principal | null = null;
    const spy = createStack({
      name: "spy",
      facts: z.object({ tier: z.string() }),
      plugins: [
        definePlugin({
          name: "test-spy",
          version: "1.0.0",
          setup: (api) => void api.tap(hooks.tool.authorize, (_c, run) => void (principal = run.principal)),
        })(),
      ],
    });
    await spy
      .wrapTool(tool(async () => "ok", { name: "t", description: "t", schema: z.object({}) }))
      .invoke({}, spy.as({ userId: "alice", tenantId: "s3cret-tenant", roles: ["s3cret-role"], tier: "s3cret-fact" }));
    expect((principal as Principal | null)?.roles).toEqual(["s3cret-role"]);
    for (const thing of [envelopeOf(config), principal, config, { deep: [principal] }, new Map([["p", principal]])]) {
      const forms = [
        JSON.stringify(thing),
        String(thing),
        `${inspect(thing)}`,
        inspect(thing, { depth: null, showHidden: true, customInspect: false }),
        format("%s %o %O %j", thing, thing, thing, thing),
        JSON.stringify(Object.entries(thing as object)),
      ];
      expect(leaks(forms.join("\n"))).toEqual([]);
      expect(leaks(inspect(structuredClone(thing), { depth: null }))).toEqual([]);
    }
    expect(String(envelopeOf(config))).toBe("Identity(alice)");
    expect(inspect(principal)).toBe("Identity(alice)");
    expect(stack.name).toBe("quiet");
  });

  it("nothing of them is in chunks, events, checkpoints, metadata or what callbacks get", async () => {
    const { stack, config } = secretive();
    const saver = new MemorySaver();
    const seen: unknown[] = [];
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("code", (_s, cfg) => (seen.push(cfg), { messages: [new AIMessage("hi")] }))
        .addEdge(START, "code")
        .compile({ checkpointer: saver }),
    );
    const callbacks = [
      {
        handleChainStart: (...args: unknown[]) => void seen.push(args),
        handleChainEnd: (...args: unknown[]) => void seen.push(args),
      },
    ];
    for (const streamMode of ["values", "updates", "debug", "checkpoints", "tasks", "messages", "custom"] as const)
      for await (const chunk of await (graph as unknown as House["graph"]).stream(
        { messages: [] },
        { ...config, streamMode, callbacks },
      ))
        seen.push(chunk);
    for await (const event of (graph as unknown as House["graph"]).streamEvents(
      { messages: [] },
      { ...config, version: "v2" },
    ))
      seen.push(event);
    seen.push(await graph.getState(config as never), saver.storage, saver.writes);
    const text = inspect(seen, { depth: null, maxArrayLength: null, maxStringLength: null, showHidden: true });
    expect(text).not.toContain("__graphtap");
    expect(text).not.toContain("Identity(");
    expect(leaks(text)).toEqual([]);
    expect(text).toContain("thread_id");
  });
});

describe("users that share one graph at the same time", () => {
  it("are never taken for each other, whatever the interleaving", async () => {
    const mismatches: string[] = [];
    let checked = 0;
    const policy = definePlugin({
      name: "test-mix",
      version: "1.0.0",
      setup(api) {
        api.tap(hooks.tool.authorize, async (call, run) => {
          const { user, wait } = call.parsed as { user: string; wait: number };
          for (let i = 0; i < wait; i++) await new Promise((resolve) => setImmediate(resolve));
          checked++;
          if (run.principal?.userId !== user) mismatches.push(`${user} as ${run.principal?.label}`);
          return user.endsWith("x") ? deny("NOT_X", "No.") : undefined;
        });
      },
    });
    const stack = createStack({ name: "mix", plugins: [policy()] });
    const ran: string[] = [];
    const raw = tool(
      async ({ user, wait }) => {
        for (let i = 0; i < wait; i++) await new Promise((resolve) => setImmediate(resolve));
        ran.push(user);
        return user;
      },
      { name: "t", description: "t", schema: z.object({ user: z.string(), wait: z.number() }) },
    );
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("tools", new ToolNode([raw]))
        .addEdge(START, "tools")
        .compile(),
    );
    const direct = stack.wrapTool(raw);
    const user = fc.constantFrom("a", "b", "cx");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ user, wait: fc.nat(4), way: fc.constantFrom("graph", "bound", "tool") }), {
          minLength: 2,
          maxLength: 6,
        }),
        async (runs) => {
          ran.length = 0;
          await Promise.all(
            runs.map(({ user: who, wait, way }) => {
              const ask = {
                messages: [
                  new AIMessage({
                    content: "",
                    tool_calls: [{ type: "tool_call", name: "t", args: { user: who, wait }, id: "c" }],
                  }),
                ],
              };
              const config = stack.as({ userId: who });
              if (way === "tool") return direct.invoke({ user: who, wait }, config).catch(() => undefined);
              return way === "graph" ? graph.invoke(ask, config) : graph.withConfig(config).invoke(ask);
            }),
          );
          expect([...ran].sort()).toEqual(
            runs
              .map((r) => r.user)
              .filter((u) => u !== "cx")
              .sort(),
          );
        },
      ),
      { numRuns: 25 },
    );
    expect(mismatches).toEqual([]);
    expect(checked).toBeGreaterThan(50);
  });
});
