import nodeTest from "node:test";
import {
  allow,
  createStack,
  defineService,
  definePlugin,
  deny,
  GraphTapError,
  hooks,
  systemClock,
  type PluginInput,
} from "@graphtap/langgraph";
import { AIMessage } from "@langchain/core/messages";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { type ConformanceOptions, grantAll, type It, pluginCases, testPlugin } from "../index.js";

type Setup = Parameters<typeof definePlugin>[0]["setup"];
const plugin = (name: string, setup: Setup) => definePlugin({ name, version: "1.0.0", setup });

describe("a plugin that observes", () => {
  const observer = plugin("acme-observer", (api) => {
    let count = 0;
    const timer = setInterval(() => count++, 1_000);
    api.onDispose(() => clearInterval(timer));
    const listener = (): void => undefined;
    process.on("beforeExit", listener);
    api.onDispose(() => void process.off("beforeExit", listener));
    for (const def of [
      hooks.run.start,
      hooks.run.end,
      hooks.tool.start,
      hooks.tool.end,
      hooks.tool.denied,
      hooks.model.start,
      hooks.model.end,
      hooks.node.start,
      hooks.node.end,
    ])
      api.tap(def as typeof hooks.run.end, async () => void count++);
    api.tap(hooks.model.chunk, () => void count++);
  });
  testPlugin(it, () => observer(), { parallel: 20 });
});

describe("a plugin that taps every control hook and changes nothing", () => {
  const through = plugin("acme-through", (api) => {
    api.tap(hooks.run.call, (request, next) => next(request));
    api.tap(hooks.node.call, async (request, next) => next(request));
    api.tap(hooks.model.prepare, (call) => ({ ...call, options: { ...call.options } }));
    api.tap(hooks.model.call, (call, next) => next(call));
    api.tap(hooks.tool.prepare, () => undefined);
    api.tap(hooks.tool.authorize, () => allow());
    api.tap(hooks.tool.admit, () => ({ settle: () => undefined }));
    let failed = 0;
    api.tap(hooks.tool.call, async (call, next) => {
      try {
        return await next(call);
      } catch (error) {
        api.log.debug(`failed ${++failed} times`);
        throw error;
      }
    });
  });
  testPlugin(it, () => through(), { parallel: 20, beside: [() => plugin("acme-other", () => undefined)()] });
});

describe("a guard that needs grants", () => {
  const Security = defineService<{ grantToolPermission(grant: { userId: string }): void }>()("security");
  const security = definePlugin({
    name: "security",
    version: "1.0.0",
    provides: [Security],
    setup(api) {
      const granted = new Set<string>();
      api.provide(Security, { grantToolPermission: ({ userId }) => void granted.add(userId) });
      api.tap(hooks.tool.authorize, (_call, run) =>
        granted.has(run.principal?.userId ?? "") ? undefined : deny("NO_GRANT", "No."),
      );
    },
  });
  testPlugin(it, () => security(), { parallel: 20, prepare: (stack) => grantAll(stack, "testkit") });

  it("tells its author to grant when it denies the kit's own tools", async () => {
    await expect(
      pluginCases(() => security())
        .find(({ name }) => name.includes("interrupts"))
        ?.run(),
    ).rejects.toThrow('prepare: (stack) => grantAll(stack, "testkit")');
  });
});

it("takes the `it` of vitest and of node:test", () => {
  const runners: It[] = [it, nodeTest];
  expect(runners).toHaveLength(2);
  const declared: string[] = [];
  testPlugin(
    (name, run, timeoutMs) => declared.push(`${typeof run} ${timeoutMs} ${name}`),
    () => plugin("acme-x", () => undefined)(),
    { parallel: 7, timeoutMs: 9 },
  );
  expect(declared).toHaveLength(10);
  expect(declared).toContain("function 9 conformance: 1 and 7 parallel runs agree");
});

describe("the kit finds plugins that", () => {
  /** The cases that fail, by the first words of what they promise, with their message. */
  async function failures(make: () => PluginInput, only: string, options: ConformanceOptions = {}): Promise<string> {
    const one = pluginCases(make, { parallel: 10, ...options }).find(({ name }) => name.includes(only));
    if (one === undefined) throw new Error(`there is no case "${only}"`);
    return one.run().then(
      () => "passed",
      (error: Error & { errors?: Error[] }) =>
        [error.message, ...(error.errors ?? []).map(String), String(error.cause ?? "")].join("\n"),
    );
  }
  const finds = (bad: string, only: string, message: RegExp, setup: Setup): void => {
    it(
      bad,
      async () => {
        const make = plugin("acme-bad", setup);
        expect(await failures(() => make(), only)).toMatch(message);
      },
      60_000,
    );
  };

  finds(
    "leak a timer, even an unref'd one",
    "leaves no",
    /left something running after dispose[\s\S]*Timeout .*test-plugin\.test/,
    () => void setInterval(() => undefined, 60_000).unref(),
  );
  finds(
    "leak a timer per run",
    "leaves no",
    /left something running/,
    (api) => void api.tap(hooks.run.end, () => void setTimeout(() => undefined, 60_000).unref()),
  );
  finds("leak a server", "leaves no", /TCPSERVERWRAP/, () => {
    createServer().listen(0).unref();
  });
  finds(
    "leak a listener on process",
    "leaves no",
    /process\.on\("SIGUSR2"\)/,
    () => void process.on("SIGUSR2", () => undefined),
  );
  finds(
    "leak listeners on the caller's signal",
    "leaves no",
    /left \d+ listeners on the signals of 4 runs/,
    (api) => void api.tap(hooks.run.start, (_event, run) => run.signal?.addEventListener("abort", () => undefined)),
  );
  finds("fail to dispose", "leaves no", /cannot close/, (api) =>
    api.onDispose(() => {
      throw new Error("cannot close");
    }),
  );
  finds("fail to start", "boots alone", /no database/, () => {
    throw new Error("no database");
  });
  finds(
    "throw in an observer",
    "boots alone",
    /failed in its own taps during a run[\s\S]*tool\.end/,
    (api) =>
      void api.tap(hooks.tool.end, () => {
        throw new Error("x of undefined");
      }),
  );
  finds(
    "change a frozen request, and fail at it",
    "boots alone",
    /failed in its own taps[\s\S]*tool\.authorize/,
    (api) =>
      void api.tap(hooks.tool.authorize, (call) => {
        (call.parsed as { text: string }).text = "other";
      }),
  );
  finds(
    "try to change a frozen request without failing",
    "stay frozen",
    /tool\.authorize: set value\.parsed\.text/,
    (api) => void api.tap(hooks.tool.authorize, (call) => void Reflect.set(call.parsed as object, "text", "other")),
  );
  finds(
    "change messages in place",
    "stay frozen",
    /changed the caller's own input/,
    (api) =>
      void api.tap(hooks.model.prepare, (call) => {
        const [first] = call.messages;
        if (first !== undefined) first.content = "other";
      }),
  );
  finds(
    "change the list of messages",
    "stay frozen",
    /model\.prepare: (set|defined) value\.messages/,
    (api) =>
      void api.tap(hooks.model.prepare, (call) => {
        try {
          (call.messages as unknown[]).push(new AIMessage("more"));
        } catch {
          /* it looks harmless */
        }
      }),
  );
  finds(
    "write to the context",
    "stay frozen",
    /tool\.start: set context\.principal/,
    (api) => void api.tap(hooks.tool.start, (_event, run) => void Reflect.set(run, "principal", null)),
  );
  finds(
    "throw without a name",
    "faults carry",
    /model\.prepare: threw OWN_CODE with plugin undefined/,
    (api) =>
      void api.tap(hooks.model.prepare, (call) => {
        try {
          return { ...call };
        } catch {
          throw new GraphTapError({ code: "OWN_CODE", what: "x", why: "x", do: "x" });
        }
      }),
  );
  finds(
    "leave promises unhandled",
    "faults carry",
    /rejected promises that nobody handles/,
    (api) =>
      void api.tap(hooks.tool.end, (event) => {
        void (async () => event.name.length)();
      }),
  );
  finds(
    "swallow interrupts",
    "interrupts",
    /swallowed or changed an interrupt/,
    (api) =>
      void api.tap(hooks.tool.call, async (call, next) => {
        try {
          return await next(call);
        } catch {
          return { value: "it failed" };
        }
      }),
  );
  finds(
    "swallow commands to the parent",
    "interrupts",
    /swallowed a command to the parent graph/,
    (api) =>
      void api.tap(hooks.node.call, async (request, next) => {
        try {
          return await next(request);
        } catch (error) {
          if ((error as Error).name !== "ParentCommand") throw error;
          return { messages: [] };
        }
      }),
  );
  finds(
    "turn an abort into a result",
    "aborts",
    /turned an abort into a result/,
    (api) =>
      void api.tap(hooks.model.call, async (call, next) => {
        try {
          return await next(call);
        } catch {
          return { kind: "message", result: { generations: [{ text: "sorry", message: new AIMessage("sorry") }] } };
        }
      }),
  );
  finds(
    "turn an abort into another error",
    "aborts",
    /failed in its own taps during an aborted run[\s\S]*node failed/,
    (api) =>
      void api.tap(hooks.node.call, async (request, next) => {
        try {
          return await next(request);
        } catch {
          throw new Error("node failed");
        }
      }),
  );
  finds("mix up parallel runs", "parallel", /mixed up parallel runs/, (api) => {
    const cache = new Map<string, unknown>();
    api.tap(hooks.tool.call, async (call, next) => {
      const reply = (cache.get(call.name) as ReturnType<typeof next> | undefined) ?? next(call);
      cache.set(call.name, reply);
      return reply;
    });
  });
  finds(
    "work in one run mode only",
    "every run mode",
    /gives another result in mode "stream updates"/,
    (api) =>
      void api.tap(hooks.run.call, async function* (request, next) {
        for await (const chunk of next(request)) if (!request.streamModes.includes("updates")) yield chunk;
      }),
  );
  finds("know one kernel only", "second copy", /another kernel/, (api) => {
    if (api.clock !== systemClock) throw new Error("this is another kernel");
  });

  it("do not get along with a neighbour", async () => {
    const Thing = defineService<object>()("acme.thing");
    const providing = (name: string) =>
      definePlugin({ name, version: "1.0.0", provides: [Thing], setup: (api) => api.provide(Thing, {}) });
    const twin = providing("acme-twin");
    const neighbour = providing("acme-first");
    expect(await failures(() => twin(), "beside", { beside: [() => neighbour()] })).toMatch(
      /"acme-twin" does not work with "acme-first"/,
    );
  });

  it("do not get along with a plugin that only taps, though the author names no neighbour", async () => {
    const alone = plugin("acme-alone", (api) => {
      api.tap(hooks.run.end, () => {
        if (api.isTapped(hooks.node.call)) throw new Error("somebody else is here");
      });
    });
    expect(await failures(() => alone(), "beside")).toMatch(/"acme-alone" does not work with "kit-passer"/);
    expect(await failures(() => alone(), "boots alone")).toBe("passed");
  });

  it("are no plugins", async () => {
    expect(await failures(() => undefined, "boots alone")).toMatch(
      /make\(\) gave undefined; it has to return a plugin/,
    );
  });

  it("fail under a second kernel that the author brings", async () => {
    const tapping = plugin("acme-tapping", (api) => void api.tap(hooks.tool.end, () => undefined));
    const kernel = {
      createKernel: () => ({
        ready: async () => undefined,
        dispose: async () => undefined,
        call: () => undefined,
        inspect: () => ({ hooks: [] }),
      }),
    };
    expect(await failures(() => tapping(), "second copy", { secondKernel: async () => kernel })).toMatch(
      /taps tool\.end, but not under a second copy/,
    );
  });
});

it("leaves no stack of its own behind", async () => {
  await using stack = createStack({ plugins: [] });
  expect(stack.isReady()).toBe(true);
});
