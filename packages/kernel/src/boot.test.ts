import { describe, expect, it } from "vitest";
import { fakeClock, settled } from "./fixtures/fake-clock.js";
import { recordingLogger, tapping } from "./fixtures/kernel.js";
import { defineHook } from "./hook.js";
import { createKernel } from "./kernel.js";
import type { PluginApi } from "./plugin-api.js";
import { definePlugin, type Plugin } from "./plugin.js";
import { defineService } from "./service.js";

const Metrics = defineService<{ count: number }>()("metrics");
const Security = defineService<{ level: string }>()("security");
const hook = defineHook.series<number>("acme.ticket.closed");

const plugin = (name: string, setup: (api: PluginApi) => unknown = () => undefined): Plugin =>
  definePlugin({ name, version: "1.0.0", setup: setup as never })();
const metrics = definePlugin({
  name: "metrics",
  version: "1.0.0",
  provides: [Metrics],
  setup: (api) => api.provide(Metrics, { count: 1 }),
});

describe("boot", () => {
  it("runs a plugin twice as PLUGIN_DUPLICATE advises: the first has the service, each with a key has its own too", async () => {
    let made = 0;
    const counter = definePlugin({
      name: "counter",
      version: "1.0.0",
      provides: [Metrics],
      setup: (api) => api.provide(Metrics, { count: ++made }),
    });
    const European = defineService<{ count: number }>()("metrics:eu");
    const seen: number[] = [];
    const user = definePlugin({
      name: "user",
      version: "1.0.0",
      requires: [Metrics, European],
      setup: (api) => void seen.push(api.get(Metrics).count, api.get(European).count),
    });
    const plugins: readonly Plugin[] = [user(), counter(), counter(undefined, { key: "eu" })];
    const kernel = createKernel({ plugins });
    expect([kernel.get(Metrics), kernel.get(counter), kernel.get(European)]).toEqual([
      { count: 1 },
      { count: 1 },
      { count: 2 },
    ]);
    await kernel.replace(counter(undefined, { key: "eu" }));
    expect(seen).toEqual([1, 2, 1, 3]);
    await expect(kernel.remove("counter:eu")).rejects.toMatchObject({ code: "SERVICE_MISSING" });
    await expect(kernel.remove("counter")).rejects.toMatchObject({ code: "SERVICE_MISSING" });
    await kernel.remove("user");
    await kernel.remove("counter:eu");
    expect([kernel.get(Metrics), kernel.find(European)]).toEqual([{ count: 1 }, undefined]);

    const twice = createKernel({ plugins: [counter(undefined, { key: "us" }), counter(undefined, { key: "eu" })] });
    expect([twice.get(counter), twice.get(European)]).toEqual([{ count: 4 }, { count: 5 }]);
    const clash = definePlugin({ name: "clash", version: "1.0.0", provides: [European], setup: () => undefined });
    await expect(createKernel({ plugins: [counter(undefined, { key: "eu" }), clash()] }).ready()).rejects.toMatchObject(
      {
        code: "SERVICE_DUPLICATE",
      },
    );
  });

  it("is done on return when all setups are synchronous", async () => {
    const kernel = createKernel({ plugins: [plugin("a"), plugin("b", () => () => undefined)] });
    expect([kernel.state, kernel.isReady()]).toEqual(["ready", true]);
    await kernel.ready();
  });

  it("starts in order, one after the other, when one is asynchronous", async () => {
    const seen: string[] = [];
    const kernel = createKernel({
      plugins: [
        plugin("a", async () => {
          seen.push("a");
          await settled();
          seen.push("a done");
        }),
        plugin("b", () => void seen.push("b")),
      ],
    });
    expect([kernel.state, kernel.isReady(), seen]).toEqual(["starting", false, ["a"]]);
    await kernel.ready();
    expect([kernel.state, seen]).toEqual(["ready", ["a", "a done", "b"]]);
  });

  it("hands services to those who need them, whatever the list's order", async () => {
    let seen: unknown;
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "dashboard",
          version: "1.0.0",
          requires: [Metrics],
          optional: [Security],
          setup: (api) => void (seen = [api.get(Metrics), api.find(Security), api.find(Metrics)]),
        })(),
        metrics(),
      ],
    });
    expect(seen).toEqual([{ count: 1 }, undefined, { count: 1 }]);
    expect([kernel.get(Metrics), kernel.get(metrics), kernel.find(Security)]).toEqual([
      { count: 1 },
      { count: 1 },
      undefined,
    ]);
    expect(() => kernel.get(Security)).toThrow("[SERVICE_NOT_FOUND]");
  });

  it("refuses get, find, call and pin before it is ready", async () => {
    const kernel = createKernel({ plugins: [plugin("slow", () => settled()), metrics()] });
    for (const early of [
      () => kernel.get(Metrics),
      () => kernel.find(Metrics),
      () => kernel.call(hook, 1),
      () => kernel.pin(),
    ])
      expect(early).toThrow("[STACK_NOT_READY]");
    await kernel.ready();
    expect(kernel.get(Metrics)).toEqual({ count: 1 });
  });

  it("fires no hook from a setup at boot, and any later", () => {
    let api: PluginApi | undefined;
    const kernel = createKernel({
      plugins: [
        plugin("a", (given) => {
          api = given;
          expect(() => given.call(hook, 1)).toThrow("[STACK_NOT_READY]");
        }),
        tapping("b", hook, () => undefined),
      ],
    });
    expect(kernel.isReady()).toBe(true);
    expect(api?.call(hook, 1)).toBeUndefined();
    expect(api?.isTapped(hook)).toBe(true);
    expect(kernel.inspect().hooks[0]?.calls).toBe(1);
  });
});

describe("a boot that fails", () => {
  it("rolls back what had started, in reverse, with what the failing plugin itself had registered", async () => {
    const seen: string[] = [];
    const cause = new Error("no database");
    const kernel = createKernel({
      plugins: [
        plugin("a", (api) => {
          api.onDispose(() => void seen.push("a 1"));
          return () => void seen.push("a 2");
        }),
        plugin("b", (api) => {
          api.onDispose(async () => {
            await settled();
            seen.push(`b, aborted: ${api.signal.aborted}`);
          });
        }),
        plugin("c", (api) => {
          api.onDispose(() => void seen.push("c"));
          throw cause;
        }),
        plugin("d", () => void seen.push("d must not start")),
      ],
    });
    expect(kernel.state).toBe("failed");
    await expect(kernel.ready()).rejects.toMatchObject({ code: "PLUGIN_SETUP_FAILED", plugin: "c", cause });
    expect(seen).toEqual(["c", "b, aborted: true", "a 2", "a 1"]);
  });

  it("gives everybody the same error", async () => {
    const kernel = createKernel({
      plugins: [
        plugin("a", async () => {
          throw new Error("x");
        }),
      ],
    });
    const error = await kernel.ready().catch((thrown: unknown) => thrown);
    const caught = (run: () => unknown) => {
      try {
        return run();
      } catch (thrown) {
        return thrown;
      }
    };
    for (const use of [
      () => kernel.get(Metrics),
      () => kernel.find(Metrics),
      () => kernel.call(hook, 1),
      () => kernel.pin(),
    ])
      expect(caught(use)).toBe(error);
    await expect(kernel.use(plugin("b"))).rejects.toBe(error);
    await expect(kernel.ready()).rejects.toBe(error);
    await kernel.flush();
    await kernel.dispose();
    expect(kernel.state).toBe("disposed");
  });

  it("does not end the process when nobody waits, tells the log and the bus, and survives a roll-back that fails", async () => {
    const logger = recordingLogger();
    const kernel = createKernel({
      logger,
      plugins: [
        plugin("a", () => () => {
          throw new Error("stuck");
        }),
        plugin("b", () => {
          throw new Error("x");
        }),
      ],
    });
    const events: unknown[] = [];
    kernel.events.on("failed", (error) => events.push(error));
    await settled();
    expect(events).toMatchObject([{ code: "PLUGIN_SETUP_FAILED" }]);
    expect(logger.lines.map(({ level, text }) => `${level} ${text}`)).toEqual([
      'error [PLUGIN_SETUP_FAILED] plugin "b" failed to start: x',
      "error while rolling back: stuck",
    ]);
  });

  it("limits the time of a setup, names the plugin, and disposes what it hands over later", async () => {
    const clock = fakeClock();
    let disposed = false;
    let signal: AbortSignal | undefined;
    const kernel = createKernel({
      clock,
      setupTimeoutMs: 100,
      plugins: [
        plugin("slow", (api) => {
          signal = api.signal;
          return new Promise((resolve) => void clock.setTimeout(() => resolve(() => void (disposed = true)), 500));
        }),
      ],
    });
    const caught = kernel.ready().catch((error: unknown) => error);
    await clock.advance(100);
    expect(await caught).toMatchObject({ code: "PLUGIN_SETUP_TIMEOUT", plugin: "slow", details: { limitMs: 100 } });
    expect(signal?.aborted).toBe(true);
    expect(disposed).toBe(false);
    await clock.advance(400);
    expect(disposed).toBe(true);
  });

  it("gives back what a setup opens after it was given up", async () => {
    const clock = fakeClock();
    const logger = recordingLogger();
    const closed: string[] = [];
    const kernel = createKernel({
      clock,
      logger,
      setupTimeoutMs: 100,
      plugins: [
        plugin("slow", async (api) => {
          api.onDispose(() => void closed.push("early"));
          await new Promise<void>((resolve) => void clock.setTimeout(resolve, 500));
          api.onDispose(() => void closed.push("late"));
          api.onDispose(async () => {
            throw new Error("late and broken");
          });
        }),
      ],
    });
    const caught = kernel.ready().catch((error: unknown) => error);
    await clock.advance(100);
    expect(await caught).toMatchObject({ code: "PLUGIN_SETUP_TIMEOUT" });
    expect(closed).toEqual(["early"]);
    await clock.advance(400);
    await settled();
    expect(closed).toEqual(["early", "late"]);
    expect(logger.lines.at(-1)).toMatchObject({ level: "error", fields: { error: new Error("late and broken") } });
  });

  it.each<[string, string, () => readonly unknown[]]>([
    [
      "a missing service",
      "SERVICE_MISSING",
      () => [definePlugin({ name: "d", version: "1.0.0", requires: [Metrics], setup: () => undefined })()],
    ],
    [
      "a service that is declared and not provided",
      "SERVICE_NOT_PROVIDED",
      () => [definePlugin({ name: "m", version: "1.0.0", provides: [Metrics], setup: () => undefined })()],
    ],
    [
      "a service provided twice",
      "SERVICE_DUPLICATE",
      () => [
        definePlugin({
          name: "m",
          version: "1.0.0",
          provides: [Metrics],
          setup(api) {
            api.provide(Metrics, { count: 1 });
            api.provide(Metrics, { count: 2 });
          },
        })(),
      ],
    ],
    [
      "two providers",
      "SERVICE_DUPLICATE",
      () => [
        metrics(),
        definePlugin({ name: "other", version: "1.0.0", provides: [Metrics], setup: () => undefined })(),
      ],
    ],
    [
      "a service provided without being declared",
      "SERVICE_UNDECLARED",
      () => [plugin("m", (api) => api.provide(Metrics, { count: 1 }))],
    ],
    [
      "a service used without being declared",
      "SERVICE_UNDECLARED",
      () => [metrics(), plugin("m", (api) => void api.get(Metrics))],
    ],
    [
      "a service searched without being declared",
      "SERVICE_UNDECLARED",
      () => [metrics(), plugin("m", (api) => void api.find(Metrics))],
    ],
    [
      "a ring",
      "PLUGIN_CYCLE",
      () => [
        definePlugin({ name: "a", version: "1.0.0", after: ["b"], setup: () => undefined })(),
        definePlugin({ name: "b", version: "1.0.0", after: ["a"], setup: () => undefined })(),
      ],
    ],
    ["a setup that returns an object", "PLUGIN_INVALID", () => [plugin("a", () => ({ dispose() {} }))]],
    ["a tap that is no function", "HOOK_INVALID", () => [tapping("a", hook, undefined as never)]],
    [
      "a tap at a stage that does not exist",
      "HOOK_INVALID",
      () => [tapping("a", hook, () => undefined, { stage: "early" as never })],
    ],
    ["a tap on a name", "HOOK_INVALID", () => [tapping("a", "acme.ticket.closed" as never, () => undefined)]],
    [
      "one hook name with two kinds",
      "HOOK_INVALID",
      () => [tapping("a", hook, () => undefined), tapping("b", defineHook.guard(hook.name), () => undefined)],
    ],
    ["something that is no plugin", "PLUGIN_INVALID", () => [{}]],
  ])("reports %s as %s", async (_, code, plugins) => {
    const kernel = createKernel({ plugins: plugins() as readonly Plugin[] });
    expect(kernel.state).toBe("failed");
    await expect(kernel.ready()).rejects.toMatchObject({ code });
  });

  it("refuses a tap whose hook has the name of a declared hook of another kind", async () => {
    const guard = defineHook.guard<number>(hook.name);
    const owner = definePlugin({ name: "owner", version: "1.0.0", hooks: [guard], setup: () => undefined });
    await expect(
      createKernel({ hooks: [guard], plugins: [tapping("a", hook, () => undefined)] }).ready(),
    ).rejects.toMatchObject({ code: "HOOK_INVALID" });
    await expect(
      createKernel({ plugins: [owner(), tapping("a", hook, () => undefined)] }).ready(),
    ).rejects.toMatchObject({ code: "HOOK_INVALID" });
  });

  it.each([
    [undefined],
    [{}],
    [{ plugins: "metrics" }],
    [{ plugins: [], setupTimeoutMs: 0 }],
    [{ plugins: [], drainTimeoutMs: Number.NaN }],
    [{ plugins: [], quarantineAfter: -1 }],
    [{ plugins: [], disposeTimeoutMs: "10" }],
    [{ plugins: [], setupTimeout: 10 }],
    [{ plugins: [], hooks: "acme.x.y" }],
    [{ plugins: [], clock: { now: 5 } }],
    [{ plugins: [], clock: null }],
    [{ plugins: [], logger: {} }],
  ])("throws KERNEL_OPTIONS_INVALID for %j: there is no kernel that could report it", (options) => {
    expect(() => createKernel(options as never)).toThrow("[KERNEL_OPTIONS_INVALID]");
  });

  it("throws for a declared hook that is none", () => {
    expect(() => createKernel({ plugins: [], hooks: ["acme.x.y"] as never })).toThrow("[HOOK_INVALID]");
  });

  it("lets the host verify what was set up before anything runs, at once or later, and rolls back when it throws", async () => {
    for (const asynchronous of [false, true]) {
      const log: string[] = [];
      const kernel = createKernel({
        plugins: [
          plugin("a", (api) => {
            api.tap(hook, () => undefined);
            api.onDispose(() => void log.push("disposed"));
            return asynchronous ? settled() : undefined;
          }),
        ],
        verify({ state, deadTaps }) {
          log.push(state, ...deadTaps.map((tap) => `${tap.plugin} ${tap.hook}`));
          throw new Error("dead");
        },
      });
      await expect(kernel.ready()).rejects.toThrow("dead");
      expect([kernel.state, log]).toEqual(["failed", ["starting", `a ${hook.name}`, "disposed"]]);
      expect(() => kernel.pin()).toThrow("dead");
    }
    let seen = 0;
    const fine = createKernel({ plugins: [plugin("a")], verify: ({ plugins }) => void (seen = plugins.length) });
    expect([fine.isReady(), seen]).toEqual([true, 1]);
  });
});
