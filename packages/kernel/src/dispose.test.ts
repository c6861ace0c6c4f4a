import { describe, expect, it } from "vitest";
import { fakeClock, settled } from "./fixtures/fake-clock.js";
import { tapping } from "./fixtures/kernel.js";
import { defineHook } from "./hook.js";
import { createKernel } from "./kernel.js";
import type { PluginApi } from "./plugin-api.js";
import { definePlugin, type Plugin } from "./plugin.js";

const hook = defineHook.series<number>("acme.ticket.closed", { timeoutMs: null });
const plugin = (name: string, setup: (api: PluginApi) => unknown): Plugin =>
  definePlugin({ name, version: "1.0.0", setup: setup as never })();

describe("dispose", () => {
  it("flushes, aborts, then runs every disposer, last started and last registered first", async () => {
    const log: string[] = [];
    const make = (name: string) =>
      plugin(name, (api) => {
        api.onFlush(async () => void log.push(`flush ${name}`));
        api.signal.addEventListener("abort", () => log.push(`abort ${name}`));
        api.onDispose(async () => {
          await settled();
          log.push(`${name} 1`);
        });
        api.onDispose(() => void log.push(`${name} 2`));
        return () => void log.push(`${name} 3`);
      });
    const kernel = createKernel({ plugins: [make("a"), make("b")] });
    await kernel.dispose();
    expect(log).toEqual(["flush a", "flush b", "abort b", "b 3", "b 2", "b 1", "abort a", "a 3", "a 2", "a 1"]);
    expect(kernel.state).toBe("disposed");
  });

  it("is idempotent, also by await using", async () => {
    let times = 0;
    {
      await using kernel = createKernel({ plugins: [plugin("a", () => () => void times++)] });
      const first = kernel.dispose();
      expect(kernel.dispose()).toBe(first);
      await first;
    }
    expect(times).toBe(1);
  });

  it("runs every disposer even if some fail, and gathers all errors", async () => {
    const log: string[] = [];
    const kernel = createKernel({
      name: "desk",
      plugins: [
        plugin("a", () => () => void log.push("a")),
        plugin("b", (api) => {
          api.onDispose(() => {
            throw new Error("sync");
          });
          api.onDispose(async () => {
            throw new Error("async");
          });
        }),
        plugin("c", (api) => {
          api.onFlush(() => {
            throw new Error("flush");
          });
          return () => void log.push("c");
        }),
      ],
    });
    const error = await kernel.dispose().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "DISPOSE_FAILED",
      errors: [new Error("flush"), new Error("async"), new Error("sync")],
      message: expect.stringContaining('"desk" was disposed with 3 errors'),
    });
    expect([log, kernel.state]).toEqual([["c", "a"], "disposed"]);
  });

  it("does not wait for a disposer longer than disposeTimeoutMs, and names the plugin", async () => {
    const clock = fakeClock();
    const log: string[] = [];
    const kernel = createKernel({
      clock,
      plugins: [plugin("a", () => () => void log.push("a")), plugin("stuck", () => () => new Promise(() => undefined))],
    });
    const caught = kernel.dispose().catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await caught).toMatchObject({
      code: "DISPOSE_FAILED",
      errors: [{ code: "DISPOSE_TIMEOUT", plugin: "stuck" }],
    });
    expect(log).toEqual(["a"]);
  });

  it("waits for held epochs, lets them finish, and starts no new run meanwhile", async () => {
    const seen: number[] = [];
    const kernel = createKernel({ plugins: [tapping("a", hook, (n: number) => void seen.push(n))] });
    const epoch = kernel.pin();
    const disposed = kernel.dispose();
    await settled();
    expect(kernel.state).toBe("disposing");
    expect(() => kernel.pin()).toThrow("[STACK_DISPOSED]");
    expect(() => kernel.call(hook, 1)).toThrow("[STACK_DISPOSED]");
    await expect(kernel.use(tapping("b", hook, () => undefined))).rejects.toMatchObject({ code: "STACK_DISPOSED" });
    void epoch.runner(hook).call(2, undefined);
    epoch.release();
    await disposed;
    expect(seen).toEqual([2]);
  });

  it("goes on after drainTimeoutMs and says which taps were pending", async () => {
    const clock = fakeClock();
    const log: string[] = [];
    const kernel = createKernel({
      clock,
      drainTimeoutMs: 500,
      plugins: [
        plugin("a", () => () => void log.push("a")),
        tapping("stuck", hook, () => new Promise(() => undefined)),
      ],
    });
    void kernel.call(hook, 1);
    const caught = kernel.dispose().catch((error: unknown) => error);
    await clock.advance(500);
    expect(await caught).toMatchObject({
      code: "DISPOSE_FAILED",
      errors: [{ code: "DRAIN_TIMEOUT", details: { pending: ["(stuck) acme.ticket.closed, 500 ms"] } }],
    });
    expect(log).toEqual(["a"]);
  });

  it("lets plugins fire hooks while they flush", async () => {
    const seen: number[] = [];
    const kernel = createKernel({
      plugins: [
        tapping("b", hook, (n: number) => void seen.push(n)),
        plugin("a", (api) => api.onFlush(() => void api.call(hook, 7))),
      ],
    });
    await kernel.dispose();
    expect(seen).toEqual([7]);
  });

  it("waits for an asynchronous boot, and for plugins that are being removed", async () => {
    const log: string[] = [];
    const kernel = createKernel({
      plugins: [
        plugin("a", async () => {
          await settled();
          log.push("started");
          return () => void log.push("stopped");
        }),
      ],
    });
    await kernel.dispose();
    expect(log).toEqual(["started", "stopped"]);

    const other = createKernel({
      plugins: [
        plugin("a", () => async () => {
          await settled();
          log.push("removed");
        }),
      ],
    });
    const removed = other.remove("a");
    await other.dispose();
    expect(log.at(-1)).toBe("removed");
    await removed;
  });

  it("ends the kernel: get, find, taps and late disposers", async () => {
    let api: PluginApi | undefined;
    const kernel = createKernel({ plugins: [plugin("a", (given) => void (api = given))] });
    await kernel.dispose();
    expect(() => kernel.get({ id: "x" } as never)).toThrow("[STACK_DISPOSED]");
    expect(() => kernel.find({ id: "x" } as never)).toThrow("[STACK_DISPOSED]");
    expect(() => api?.tap(hook, () => undefined)).toThrow("[STACK_DISPOSED]");
    expect(() => api?.call(hook, 1)).toThrow("[STACK_DISPOSED]");
    await kernel.flush();
  });

  it("runs a disposer that another disposer registers", async () => {
    const log: string[] = [];
    const kernel = createKernel({
      plugins: [
        plugin("a", (api) =>
          api.onDispose(() => {
            log.push("first");
            api.onDispose(() => void log.push("second"));
          }),
        ),
      ],
    });
    await kernel.dispose();
    expect(log).toEqual(["first", "second"]);
  });

  it("leaves no timer behind", async () => {
    const clock = fakeClock();
    const kernel = createKernel({
      clock,
      plugins: [
        plugin("a", async (api) => {
          api.onFlush(async () => undefined);
          return async () => undefined;
        }),
        tapping("b", hook, async () => undefined),
      ],
    });
    await kernel.ready();
    await kernel.call(hook, 1);
    await kernel.flush();
    await kernel.dispose();
    expect(clock.pending).toBe(0);
  });
});

describe("flush", () => {
  it("waits for boot, runs all handlers, reports those that fail or hang", async () => {
    const clock = fakeClock();
    const log: string[] = [];
    const kernel = createKernel({
      clock,
      plugins: [
        plugin("a", async (api) => {
          await Promise.resolve();
          api.onFlush(() => void log.push("a"));
        }),
        plugin("b", (api) => {
          api.onFlush(() => {
            throw new Error("db");
          });
          api.onFlush(() => void log.push("b"));
        }),
        plugin("c", (api) => api.onFlush(() => new Promise(() => undefined))),
      ],
    });
    const caught = kernel.flush().catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await caught).toMatchObject({
      code: "FLUSH_FAILED",
      errors: [new Error("db"), { code: "FLUSH_FAILED", plugin: "c" }],
    });
    expect(log).toEqual(["b", "a"].sort());
  });
});
