import { createKernel, errorCatalog as kernelCatalog } from "@graphtap/kernel";
import {
  createStack,
  definePlugin,
  defineService,
  errorCatalog as bindingCatalog,
  GraphTapError,
  hooks,
} from "@graphtap/langgraph";
import { audit } from "@graphtap/audit";
import { content } from "@graphtap/content";
import { perf } from "@graphtap/performance";
import { errorCatalog as securityCatalog, security } from "@graphtap/security";
import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createMiddleware } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const catalog: Record<string, unknown> = { ...kernelCatalog, ...bindingCatalog, ...securityCatalog };
const plain = (name: string, more: object = {}) =>
  definePlugin({ name, version: "1.0.0", setup: () => undefined, ...more })();
const graph = () =>
  new StateGraph(MessagesAnnotation)
    .addNode("a", () => ({}))
    .addEdge(START, "a")
    .compile({ checkpointer: new MemorySaver() });

/** The error of a call or promise, which must be documented and say what happened, why, and what to do. */
async function errorOf(run: () => unknown): Promise<GraphTapError> {
  let caught: unknown;
  try {
    await run();
  } catch (error) {
    caught = error;
  }
  if (!GraphTapError.isInstance(caught)) throw new Error("no GraphTapError was thrown", { cause: caught });
  expect(caught.message).toMatch(/^\[[A-Z_]+\] \S[\s\S]*\n {2}Why: \S[\s\S]*\n {2}Do: {2}\S/);
  expect(caught.hint).not.toBe("");
  expect(catalog, `docs of ${caught.code}`).toHaveProperty(caught.code);
  return caught;
}
const bootError = (plugins: readonly unknown[], options: object = {}): Promise<GraphTapError> =>
  errorOf(() => createStack({ plugins: plugins as never, ...options }).ready());

describe("plugins that do not fit together", () => {
  it("one twice: both places are named", async () => {
    const error = await bootError([plain("acme-a"), plain("acme-a")]);
    expect(error.code).toBe("PLUGIN_DUPLICATE");
    expect(error.message.match(/bad-input\.test\.ts/g)).toHaveLength(2);
  });
  it("a ring: it is printed", async () => {
    const error = await bootError([plain("acme-a", { before: ["acme-b"] }), plain("acme-b", { before: ["acme-a"] })]);
    expect(error.code).toBe("PLUGIN_CYCLE");
    expect(error.message).toMatch(/acme-a.*acme-b|acme-b.*acme-a/);
  });
  it("an unknown name: the known ones are printed", async () => {
    const error = await bootError([plain("acme-a", { after: ["acme-zz"] }), plain("acme-b")]);
    expect(error.code).toBe("PLUGIN_UNKNOWN");
    expect(error.message).toContain("acme-zz");
    expect(error.message).toContain("acme-b");
  });
  it("a missing service: who provides what is printed", async () => {
    const Missing = defineService<object>()("acme-missing");
    expect((await bootError([plain("acme-a", { requires: [Missing] })])).code).toBe("SERVICE_MISSING");
  });
  it("a factory that was not called, and something else altogether", async () => {
    const factory = definePlugin({ name: "acme-f", version: "1.0.0", setup: () => undefined });
    for (const wrong of [factory, { apply() {} }, "security", 7])
      expect((await bootError([wrong])).code).toBe("PLUGIN_INVALID");
  });
  it("wrong options: at the user's own line, each with what was got and expected", async () => {
    const hours = definePlugin({
      name: "acme-h",
      version: "1.0.0",
      options: z.object({ from: z.number().max(23), tools: z.array(z.string()).min(1) }),
      setup: () => undefined,
    });
    const error = await errorOf(() => hours({ from: 24, tools: [] }));
    expect(error.code).toBe("PLUGIN_OPTIONS_INVALID");
    expect(error.message).toMatch(/from[\s\S]*23[\s\S]*tools/);
    expect(error.message).toContain("bad-input.test.ts");
  });
  it("wrong options of the plugins, at any depth: what is there and what is expected is said", async () => {
    const places = "input, output, toolArguments, toolResult";
    for (const [call, path, expected] of [
      [() => security({ tools: { a: { nope: 1 } as never } }), "tools.a", "level, method, methods, rateLimit"],
      [
        () => security({ tools: { a: { rateLimit: { limit: 1, windowMs: 1e12 } } } }),
        "tools.a.rateLimit",
        "from 1 to 2678400000, got 1000000000000",
      ],
      [() => security({ loop: { maxCall: 5 } as never }), "loop", "maxCalls, maxCallsPerTool, maxRepeats"],
      [() => content({ secrets: "hide" as never }), "secrets", places],
      [() => content({ secrets: { input: "maybe" } as never }), "secrets", `allow, flag, mask or block`],
      [() => content({ secrets: { somewhere: "mask" } as never }), "secrets", places],
      [() => content({ detectors: { passport: "mask" } as never }), "detectors", "openai-key"],
      [() => content({ limits: { size: 5 } as never }), "limits", "characters, nodes, depth"],
      [() => audit({ maxAgeMs: "1d" as never }), "maxAgeMs", "milliseconds above 0, or null"],
      [() => audit({ maxEntries: { denials: 5 } as never }), "maxEntries", "denial, change, access, run"],
      [() => perf({ workflows: true as never }), "workflows", "false or { maxEntries, maxBytes, ttlMs }"],
      [() => perf({ tools: { retry: 5 } as never }), "tools", "retries"],
      [() => perf({ compression: { maxTokens: 9, keep: 5 } as never }), "compression", "keepTokens"],
      [() => perf({ memory: { every: 5 } as never }), "memory", "everyMs, timer"],
    ] as const) {
      const error = await errorOf(call);
      expect(error.code).toBe("PLUGIN_OPTIONS_INVALID");
      expect(error.message).toMatch(new RegExp(`Why: ${path}`));
      expect(error.message).toContain(expected);
    }
  });
  it("a foreign kernel copy of another api", async () => {
    // What a copy of the kernel with another api number makes: the same brand, another number.
    const ours = plain("acme-foreign");
    const foreign = Object.freeze(
      Object.create(
        Object.getPrototypeOf(ours) as object,
        Object.getOwnPropertyDescriptors({ ...ours, api: 99 }),
      ) as object,
    );
    const copied = Object.getOwnPropertySymbols(ours).reduce(
      (to, key) => Object.defineProperty(to, key, { value: (ours as never)[key] }),
      { ...foreign, api: 99 },
    );
    expect(["KERNEL_MISMATCH", "PLUGIN_API_VERSION"]).toContain((await bootError([Object.freeze(copied)])).code);
  });
});

describe("plugins that fail, and what had started is rolled back", () => {
  const watched = (log: string[], name = "acme-first") =>
    plain(name, { setup: (api: { onDispose(f: () => void): void }) => void api.onDispose(() => log.push(name)) });

  it("throws in setup", async () => {
    const log: string[] = [];
    const error = await bootError([
      watched(log),
      plain("acme-bad", {
        setup: () => {
          throw new Error("boom");
        },
      }),
    ]);
    expect([error.code, error.plugin, log]).toEqual(["PLUGIN_SETUP_FAILED", "acme-bad", ["acme-first"]]);
  });
  it("hangs in setup", async () => {
    const log: string[] = [];
    const clock = fakeClock();
    const stack = createStack({
      plugins: [watched(log), plain("acme-slow", { setup: () => new Promise(() => undefined) })],
      clock,
    });
    const error = errorOf(() => stack.ready());
    await clock.advanceAsync(10_001);
    expect([(await error).code, (await error).plugin, log]).toEqual([
      "PLUGIN_SETUP_TIMEOUT",
      "acme-slow",
      ["acme-first"],
    ]);
    // Fail closed: there is no half stack.
    expect(
      (await errorOf(() => stack.wrap(graph()).invoke({ messages: [] }, { configurable: { thread_id: "1" } }))).code,
    ).toBe("PLUGIN_SETUP_TIMEOUT");
  });
  it("throws, or hangs, in a guard: denied", async () => {
    const clock = fakeClock();
    for (const [tap, code] of [
      [
        () => {
          throw new Error("boom");
        },
        "GUARD_FAILED",
      ],
      [() => new Promise<never>(() => undefined), "GUARD_TIMEOUT"],
    ] as const) {
      const stack = createStack({
        plugins: [
          plain("acme-guard", {
            setup: (api: { tap(h: object, f: object): void }) => api.tap(hooks.tool.authorize, tap),
          }),
        ],
        clock,
      });
      const original = scriptedTool("t", "ran");
      const pending = stack
        .wrapTool(original)
        .invoke({}, stack.as({ userId: "u" }))
        .then(
          () => null,
          (error: unknown) => error as GraphTapError,
        );
      await clock.advanceAsync(2_001);
      expect([(await pending)?.code, (await pending)?.plugin, original.callCount]).toEqual([code, "acme-guard", 0]);
      await stack.dispose();
    }
  });
  it("throws, or hangs, in an observer: the run goes on", async () => {
    const clock = fakeClock();
    for (const tap of [
      () => {
        throw new Error("boom");
      },
      () => new Promise(() => undefined),
    ]) {
      const stack = createStack({
        plugins: [
          plain("acme-observer", {
            setup: (api: { tap(h: object, f: object): void }) => api.tap(hooks.run.start, tap),
          }),
        ],
        clock,
      });
      const run = stack.wrap(graph()).invoke({ messages: [] }, { configurable: { thread_id: "1" } });
      for (let i = 0; i < 5; i++) await clock.advanceAsync(1_100);
      expect(await run).toEqual({ messages: [] });
      expect(stack.inspect().faults.total).toBe(1);
      await stack.dispose();
    }
  });
  it("throws, or hangs, in dispose: every disposer runs, and the errors are gathered", async () => {
    const log: string[] = [];
    const clock = fakeClock();
    const stack = createStack({
      plugins: [
        watched(log),
        plain("acme-throws", {
          setup: () => () => {
            throw new Error("boom");
          },
        }),
        plain("acme-hangs", { setup: () => () => new Promise<void>(() => undefined) }),
      ],
      clock,
    });
    const error = errorOf(() => stack.dispose());
    for (let i = 0; i < 3; i++) await clock.advanceAsync(10_001);
    expect([(await error).code, (await error).errors?.length, log]).toEqual(["DISPOSE_FAILED", 2, ["acme-first"]]);
  });
});

describe("a tap in JavaScript that gives another shape: whose it is, and what it should give", () => {
  const tapping = (hook: object, tap: object) =>
    createStack({
      plugins: [plain("acme-odd", { setup: (api: { tap(h: object, f: object): void }) => void api.tap(hook, tap) })],
    });
  const five = () => 5;
  const later = async () => 5;
  const askTool = (stack: ReturnType<typeof tapping>) => stack.wrapTool(scriptedTool("t", "ran")).invoke({});
  const askModel = (stack: ReturnType<typeof tapping>) =>
    stack.wrapModel(scriptedModel(() => ({ say: "x" }))).invoke("q");
  const askStream = async (stack: ReturnType<typeof tapping>) => {
    for await (const chunk of await stack.wrapModel(scriptedModel(() => ({ say: "x" }))).stream("q")) void chunk;
  };
  const askGraph = (stack: ReturnType<typeof tapping>) =>
    stack.wrap(graph()).invoke({ messages: [] }, { configurable: { thread_id: "1" } });
  it.each<[string, object, object, (stack: ReturnType<typeof tapping>) => unknown]>([
    ["tool.prepare", hooks.tool.prepare, five, askTool],
    ["tool.prepare, later", hooks.tool.prepare, later, askTool],
    ["model.prepare", hooks.model.prepare, five, askModel],
    ["model.prepare, later", hooks.model.prepare, later, askModel],
    ["model.stream", hooks.model.stream, five, askStream],
    ["run.call", hooks.run.call, five, askGraph],
    [
      "run.call, as an async function",
      hooks.run.call,
      async (request: unknown, next: (r: unknown) => unknown) => next(request),
      askGraph,
    ],
  ])("%s", async (_, hook, tap, ask) => {
    const stack = tapping(hook, tap);
    const error = await errorOf(() => ask(stack));
    expect([error.code, error.plugin, error.hook]).toEqual([
      "HOOK_RESULT_INVALID",
      "acme-odd",
      (hook as { name: string }).name,
    ]);
    expect(error.hint).toMatch(/^return /);
    await stack.dispose();
  });
  it.each([
    ["tool.result", hooks.tool.result, five, askTool],
    ["tool.result, later", hooks.tool.result, later, askTool],
    ["model.result", hooks.model.result, five, askModel],
    ["model.result, later", hooks.model.result, later, askModel],
  ] as const)("%s, whose fault withholds the reply", async (_, hook, tap, ask) => {
    const stack = tapping(hook, tap);
    const error = await errorOf(() => ask(stack));
    expect([error.code, error.message]).toEqual([
      "RESULT_WITHHELD",
      expect.stringMatching(/"acme-odd"[\s\S]*another shape/),
    ]);
    await stack.dispose();
  });
});

describe("what cannot be wrapped", () => {
  const stack = createStack({ name: "one", plugins: [] });
  it("a RemoteGraph", async () => {
    const remote = new RemoteGraph({ graphId: "billing", url: "https://user:secret@graphs.example/eu?key=secret" });
    const error = await errorOf(() => stack.wrap(remote as never));
    expect(error.code).toBe("WRAP_REMOTE");
    expect(error.message).toContain('RemoteGraph "billing" (https://graphs.example/eu).');
    expect(error.message).not.toContain("secret");
  });
  it("no graph at all", async () => {
    for (const wrong of [
      function buildAgent() {},
      Promise.resolve(graph()),
      null,
      7,
      "graph",
      {},
      scriptedTool("t", "x"),
    ]) {
      expect((await errorOf(() => stack.wrap(wrong as never))).code).toBe("WRAP_UNSUPPORTED");
    }
    expect((await errorOf(() => stack.wrap(function buildAgent() {} as never))).message).toContain(
      'function "buildAgent"',
    );
    expect((await errorOf(() => stack.wrapTool({}))).code).toBe("WRAP_UNSUPPORTED");
    expect((await errorOf(() => stack.wrapModel({}))).code).toBe("WRAP_UNSUPPORTED");
  });
  it("a ToolNode that cannot be built a second time", async () => {
    class Odd extends ToolNode {
      constructor(readonly extra: { deep: { value: number } }) {
        super([scriptedTool("t", extra.deep.value)]);
      }
    }
    const odd = new StateGraph(MessagesAnnotation)
      .addNode("tools", new Odd({ deep: { value: 1 } }))
      .addEdge(START, "tools")
      .compile();
    expect((await errorOf(() => stack.wrap(odd))).code).toBe("WRAP_UNSUPPORTED");
  });
  it("twice: the same object; by two stacks: an error", async () => {
    const one = graph();
    const wrapped = stack.wrap(one);
    expect(stack.wrap(one)).toBe(wrapped);
    expect(stack.wrap(wrapped)).toBe(wrapped);
    const error = await errorOf(() => createStack({ name: "two", plugins: [] }).wrap(wrapped));
    expect([error.code, error.message.includes('"one"'), error.message.includes('"two"')]).toEqual([
      "WRAP_FOREIGN_STACK",
      true,
      true,
    ]);
  });
});

describe("what another stack has wrapped", () => {
  const one = createStack({ name: "one-a", plugins: [] });
  const two = createStack({ name: "two-a", plugins: [] });
  const theirs = one.wrapTool(scriptedTool("t", "x"));
  it.each<[string, string, () => unknown]>([
    ["a tool", 'tool "t"', () => two.wrapTool(theirs)],
    ["a tool in a list", 'tool "t"', () => two.wrapTools([theirs])],
    ["a model", "model", () => two.wrapModel(one.wrapModel(scriptedModel(() => ({ say: "x" }))))],
    [
      "a binding around a model",
      "model",
      () => two.wrapModel(one.wrapModel(scriptedModel(() => ({ say: "x" }))).bindTools([])),
    ],
    ["a StateGraph", "graph", () => two.wrap(one.wrap(new StateGraph(MessagesAnnotation).addNode("a", () => ({}))))],
    [
      "a tool in a ToolNode",
      'tool "t"',
      () =>
        two.wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("tools", new ToolNode([theirs]))
            .addEdge(START, "tools")
            .compile(),
        ),
    ],
    [
      "a tool of a workflow",
      'tool "t"',
      () => two.createWorkflow({ mode: "tools", llm: scriptedModel(() => ({ say: "x" })), tools: [theirs] }),
    ],
  ])("%s: not judged and counted by both", async (_, what, run) => {
    const error = await errorOf(run);
    expect(error.code).toBe("WRAP_FOREIGN_STACK");
    expect(error.message).toContain(`stack "two-a" was given ${what}`);
    expect(error.message).toContain('stack "one-a"');
  });
});

describe("wrong calls", () => {
  it("options of createStack: in its own words, with what was got, its own options among those there are", async () => {
    for (const [options, message] of [
      [undefined, /options: .*object.*undefined/],
      [{}, /plugins: .*expected array.*undefined/],
      [{ plugins: null }, /plugins: .*null/],
      [{ plugins: plain("acme-a") }, /plugins: .*expected array/],
      [{ plugins: [], anonymos: "refuse" }, /"anonymos"; there are .*anonymous/],
      [{ plugins: [], anonymous: "yes" }, /anonymous: .*"refuse"\|"no-tools".*, got a text of 3 characters/],
      [{ plugins: [], hooks: hooks.run.start }, /hooks: .*expected array/],
      [{ plugins: [], verify: 5 }, /verify: expected a function, got 5/],
    ] as const) {
      const error = await errorOf(() => createStack(options as never));
      expect([error.code, error.message]).toEqual(["STACK_OPTIONS_INVALID", expect.stringMatching(message)]);
      expect(error.hint).toContain("createStack({");
    }
  });
  it("a question to a plugin: what was got, without the content of a text", async () => {
    const manager = createStack({ plugins: [security()] }).get(security);
    const query = await errorOf(() => manager.getAuditLog({ hours: -1 }));
    expect([query.code, query.message]).toEqual([
      "SECURITY_QUERY_INVALID",
      expect.stringMatching(/hours: .*, got -1$/m),
    ]);
    const grant = await errorOf(() =>
      manager.grantToolPermission({ userId: "u", toolName: "t", permissionLevel: "s3cret" as never }),
    );
    expect([grant.code, grant.message]).toEqual([
      "GRANT_INVALID",
      expect.stringContaining("got a text of 6 characters"),
    ]);
    expect(grant.message).not.toContain("s3cret");
    // The short form of a list of limits: there is no `rateLimit[0].limit` to be got.
    const rate = await errorOf(() =>
      manager.grantToolPermission({ userId: "u", toolName: "t", permissionLevel: "read", rateLimit: -1 }),
    );
    expect(rate.message).toMatch(/rateLimit.*, got -1$/m);
  });
  it("a middleware of LangChain among the plugins: how it becomes one", async () => {
    const error = await errorOf(() =>
      createStack({ plugins: [plain("acme-a"), createMiddleware({ name: "m" }) as never] }),
    );
    expect([error.code, error.message, error.hint]).toEqual([
      "STACK_OPTIONS_INVALID",
      expect.stringContaining("plugins[1]: expected a plugin, got a middleware of LangChain."),
      expect.stringContaining("fromMiddleware(middleware)"),
    ]);
  });
  it("a run config that is none, or holds what belongs to the identity and would be dropped without a word", async () => {
    const stack = createStack({ plugins: [] });
    for (const [config, message] of [
      [null, /run config, got null/],
      ["c-1", /run config, got "c-1"/],
      [{ conversationId: "c-1" }, /conversationId: expected in the first argument/],
      [{ thread_id: "c-1" }, /thread_id: expected in the first argument/],
    ] as const) {
      const error = await errorOf(() => stack.as({ userId: "a" }, config as never));
      expect([error.code, error.message]).toEqual(["IDENTITY_INVALID", expect.stringMatching(message)]);
    }
    expect((await errorOf(() => stack.as({ user_id: "a" } as never))).message).toContain("got user_id");
  });
  it("something that is no list, model or tool, whose contents are not printed", async () => {
    const stack = createStack({ plugins: [] });
    for (const run of [
      () => stack.wrapTools({ a: scriptedTool("t", "x") } as never),
      () => stack.wrapModel({ apiKey: "sk-secret" }),
      () => stack.wrapTool({ apiKey: "sk-secret" }),
      () => stack.wrap(undefined as never),
    ]) {
      const error = await errorOf(run);
      expect(error.code).toBe("WRAP_UNSUPPORTED");
      expect(error.message).not.toMatch(/sk-secret|undefined undefined/);
    }
  });
  it("a run of a stack that was disposed: in words of whoever called it", async () => {
    const stack = createStack({ plugins: [] });
    const wrapped = stack.wrap(graph());
    await stack.dispose();
    const error = await errorOf(() => wrapped.invoke({ messages: [] }, { configurable: { thread_id: "1" } }));
    expect([error.code, error.message]).toEqual(["STACK_DISPOSED", expect.stringContaining("a run came after")]);
  });
  it("options of createStack", async () => {
    expect((await errorOf(() => createStack({ plugins: [], anonymous: "yes" as never }))).code).toBe(
      "STACK_OPTIONS_INVALID",
    );
    expect((await errorOf(() => createStack({ plugins: {} as never }).ready())).code).toMatch(/INVALID/);
    expect((await errorOf(() => createKernel({} as never))).code).toBe("KERNEL_OPTIONS_INVALID");
  });
  it("identities that name nobody", async () => {
    const stack = createStack({ plugins: [] });
    for (const who of [
      null,
      {},
      { userId: "" },
      { userId: "a", service: "b" },
      { userId: "system" },
      { userId: "a", rolse: ["lead"] },
      { userId: "a", roles: "lead" },
    ]) {
      expect((await errorOf(() => stack.as(who as never))).code).toBe("IDENTITY_INVALID");
    }
    expect(
      (await errorOf(() => stack.as({ userId: "a", conversationId: "1" }, { configurable: { thread_id: "2" } }))).code,
    ).toBe("IDENTITY_THREAD_CONFLICT");
  });
  it("a service before the stack is ready, and one that nobody provides", async () => {
    const Late = defineService<object>()("acme-late");
    const stack = createStack({
      plugins: [
        plain("acme-late", {
          provides: [Late],
          setup: async (api: { provide(k: object, v: object): void }) => api.provide(Late, {}),
        }),
      ],
    });
    expect((await errorOf(() => stack.get(Late))).code).toBe("STACK_NOT_READY");
    await stack.ready();
    expect(stack.get(Late)).toEqual({});
    expect((await errorOf(() => stack.get(defineService<object>()("acme-other")))).code).toBe("SERVICE_NOT_FOUND");
    await stack.dispose();
    expect((await errorOf(() => stack.use(plain("acme-x")))).code).toBe("STACK_DISPOSED");
  });
});
