import { describe, expect, it } from "vitest";
import { fakeClock, settled } from "./fixtures/fake-clock.js";
import { recordingLogger, tapping } from "./fixtures/kernel.js";
import { defineHook } from "./hook.js";
import { createKernel } from "./kernel.js";
import { definePlugin, type Plugin } from "./plugin.js";
import { defineService } from "./service.js";

const hook = defineHook.waterfall<string>("acme.text.edit");
const slowHook = defineHook.series<number>("acme.text.saved", { timeoutMs: null });
const add = (name: string, text = name): Plugin => tapping(name, hook, (value: string) => `${value}${text}`);

/** A plugin that adds its text and writes down when it starts and stops. */
const noted = (log: string[], name: string, text = name) =>
  definePlugin({
    name,
    version: "1.0.0",
    setup(api) {
      log.push(`start ${text}`);
      api.tap(hook, (value) => `${value}${text}`);
      return () => void log.push(`stop ${text}`);
    },
  })();

describe("use", () => {
  it("adds a plugin for later calls; a pinned epoch goes on without it", async () => {
    const kernel = createKernel({ plugins: [add("a")] });
    const events: unknown[] = [];
    kernel.events.on("added", (event) => events.push(event));
    const epoch = kernel.pin();
    await kernel.use(add("b"));
    expect(kernel.call(hook, "-")).toBe("-ab");
    expect(epoch.runner(hook).call("-", undefined)).toBe("-a");
    expect([epoch.plugins.map(({ id }) => id), kernel.pin().plugins.map(({ id }) => id)]).toEqual([["a"], ["a", "b"]]);
    expect(events).toEqual([{ id: "b" }]);
  });

  it("is seen by a call right after it, several in one turn too", async () => {
    const kernel = createKernel({ plugins: [add("a")] });
    const asked = [kernel.use(add("b")), kernel.use(add("c")), kernel.replace(add("b", "B"))];
    expect(kernel.call(hook, "-")).toBe("-aBc");
    await Promise.all(asked);
  });

  it("that was asked for during boot is seen by whoever waits for ready()", async () => {
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "slow",
          version: "1.0.0",
          async setup(api) {
            await settled();
            api.tap(hook, (value) => `${value}slow`);
          },
        })(),
      ],
    });
    const seen = kernel.ready().then(() => kernel.call(hook, "-"));
    const asked = [kernel.use(add("b")), kernel.use(add("c"))];
    expect(await seen).toBe("-slowbc");
    await Promise.all(asked);
  });

  it("changes nothing when setup or order fails", async () => {
    const log: string[] = [];
    const kernel = createKernel({ plugins: [add("a")] });
    const before = kernel.inspect().epoch;
    await expect(
      kernel.use(
        definePlugin({
          name: "b",
          version: "1.0.0",
          setup(api) {
            api.onDispose(() => void log.push("b rolled back"));
            throw new Error("x");
          },
        })(),
      ),
    ).rejects.toMatchObject({ code: "PLUGIN_SETUP_FAILED" });
    await expect(kernel.use(tapping("c", hook, () => undefined, { before: "ghost" }))).rejects.toMatchObject({
      code: "TAP_ORDER_UNKNOWN",
    });
    await expect(kernel.use(add("a"))).rejects.toMatchObject({ code: "PLUGIN_DUPLICATE" });
    await expect(kernel.use({} as never)).rejects.toMatchObject({ code: "PLUGIN_INVALID" });
    expect([kernel.state, kernel.call(hook, "-"), kernel.inspect().epoch, log]).toEqual([
      "ready",
      "-a",
      before,
      ["b rolled back"],
    ]);
  });

  it("makes one change after the other", async () => {
    const kernel = createKernel({ plugins: [] });
    await Promise.all([kernel.use(add("a")), kernel.use(add("b")), kernel.remove("a"), kernel.use(add("c"))]);
    expect(kernel.call(hook, "-")).toBe("-bc");
  });

  it("goes on after a change that failed", async () => {
    const kernel = createKernel({ plugins: [] });
    await Promise.allSettled([kernel.remove("ghost"), kernel.use(add("b"))]);
    expect(kernel.call(hook, "-")).toBe("-b");
  });

  it("gives a new plugin the services that are there, and others the service it brings", async () => {
    const A = defineService<string>()("a");
    const B = defineService<string>()("b");
    const seen: unknown[] = [];
    let find = (): unknown => undefined;
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          provides: [A],
          optional: [B],
          setup(api) {
            api.provide(A, "A");
            find = () => api.find(B);
          },
        })(),
      ],
    });
    expect(find()).toBeUndefined();
    await kernel.use(
      definePlugin({
        name: "b",
        version: "1.0.0",
        requires: [A],
        provides: [B],
        setup(api) {
          seen.push(api.get(A));
          api.provide(B, "B");
        },
      })(),
    );
    expect([seen, find(), kernel.get(B)]).toEqual([["A"], "B", "B"]);
  });
});

describe("remove", () => {
  it("disposes at once when no run holds the plugin", async () => {
    const log: string[] = [];
    const kernel = createKernel({ plugins: [noted(log, "a"), add("b")] });
    await kernel.remove("a");
    expect([kernel.call(hook, "-"), log]).toEqual(["-b", ["start a", "stop a"]]);
    await expect(kernel.remove("a")).rejects.toMatchObject({ code: "PLUGIN_UNKNOWN" });
  });

  it("waits for every run that holds it; releasing twice counts once", async () => {
    const log: string[] = [];
    const kernel = createKernel({ plugins: [noted(log, "a")] });
    const [first, second] = [kernel.pin(), kernel.pin()];
    const removed = kernel.remove("a").then(() => log.push("removed"));
    await settled();
    expect(kernel.inspect().plugins).toMatchObject([{ id: "a", state: "draining" }]);
    first.release();
    first.release();
    await settled();
    expect(second.runner(hook).call("-", undefined)).toBe("-a");
    expect(log).toEqual(["start a"]);
    second.release();
    await removed;
    expect(log).toEqual(["start a", "stop a", "removed"]);
    expect(kernel.inspect().plugins).toEqual([]);
  });

  it("waits for a call that is under way", async () => {
    let end = (): void => undefined;
    const log: string[] = [];
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          setup(api) {
            api.tap(
              slowHook,
              () =>
                new Promise<void>((resolve) => {
                  end = () => {
                    log.push("call ends");
                    resolve();
                  };
                }),
            );
            return () => void log.push("stop");
          },
        })(),
      ],
    });
    const call = kernel.call(slowHook, 1);
    const removed = kernel.remove("a");
    await settled();
    end();
    await Promise.all([call, removed]);
    expect(log).toEqual(["call ends", "stop"]);
  });

  it("does not wait longer than drainTimeoutMs, and names what was pending", async () => {
    const clock = fakeClock();
    const logger = recordingLogger();
    const log: string[] = [];
    const kernel = createKernel({
      clock,
      logger,
      plugins: [noted(log, "a"), tapping("stuck", slowHook, () => new Promise(() => undefined))],
    });
    const epoch = kernel.pin();
    void epoch.runner(slowHook).call(1, undefined);
    const removed = kernel.remove("a");
    await clock.advance(29_999);
    expect(log).toEqual(["start a"]);
    await clock.advance(1);
    await removed;
    expect(log).toEqual(["start a", "stop a"]);
    expect(logger.lines.map(({ level, fields }) => [level, (fields["error"] as Error).message])).toEqual([
      ["warn", expect.stringMatching(/\[DRAIN_TIMEOUT\][\s\S]*\(stuck\) acme\.text\.saved, 30000 ms/)],
    ]);
  });

  it("refuses to take a service away from those who need it", async () => {
    const A = defineService<string>()("a");
    const kernel = createKernel({
      plugins: [
        definePlugin({ name: "a", version: "1.0.0", provides: [A], setup: (api) => api.provide(A, "A") })(),
        definePlugin({ name: "b", version: "1.0.0", requires: [A], setup: () => undefined })(),
      ],
    });
    await expect(kernel.remove("a")).rejects.toMatchObject({
      code: "SERVICE_MISSING",
      plugin: "a",
      message: expect.stringContaining("required by [b]"),
    });
    await kernel.remove("b");
    await kernel.remove("a");
    expect(() => kernel.get(A)).toThrow("[SERVICE_NOT_FOUND]");
  });

  it("flushes first, and reports what failed", async () => {
    const log: string[] = [];
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          setup(api) {
            api.onFlush(() => void log.push("flush"));
            api.onDispose(() => {
              log.push("stop");
              throw new Error("stuck");
            });
          },
        })(),
      ],
    });
    await expect(kernel.remove("a")).rejects.toMatchObject({ code: "DISPOSE_FAILED", errors: [new Error("stuck")] });
    expect(log).toEqual(["flush", "stop"]);
    await kernel.dispose();
  });
});

describe("replace", () => {
  it("starts the new one first, takes its place, then stops the old one", async () => {
    const log: string[] = [];
    const kernel = createKernel({ plugins: [noted(log, "a", "1"), add("b")] });
    const epoch = kernel.pin();
    const replaced = kernel.replace(noted(log, "a", "2"));
    await settled();
    expect([kernel.call(hook, "-"), epoch.runner(hook).call("-", undefined), log]).toEqual([
      "-2b",
      "-1b",
      ["start 1", "start 2"],
    ]);
    epoch.release();
    await replaced;
    expect(log).toEqual(["start 1", "start 2", "stop 1"]);
  });

  it("starts anew whoever uses the old one's services, so that nobody keeps stale data", async () => {
    const Policy = defineService<string>()("policy");
    const policy = (value: string) =>
      definePlugin({
        name: "policy",
        version: "1.0.0",
        provides: [Policy],
        setup: (api) => api.provide(Policy, value),
      })();
    const log: string[] = [];
    const reader = definePlugin({
      name: "reader",
      version: "1.0.0",
      requires: [Policy],
      setup(api) {
        const value = api.get(Policy);
        api.tap(hook, (text) => `${text}${value}`);
        return () => void log.push(`stop with ${value}`);
      },
    });
    const kernel = createKernel({ plugins: [reader(), policy("old"), add("z")] });
    await kernel.replace(policy("new"));
    expect([kernel.call(hook, "-"), kernel.get(Policy), log]).toEqual(["-newz", "new", ["stop with old"]]);
  });

  it("keeps the old one when the new one fails, and refuses one that is not there", async () => {
    const log: string[] = [];
    const kernel = createKernel({ plugins: [noted(log, "a")] });
    await expect(
      kernel.replace(
        definePlugin({
          name: "a",
          version: "2.0.0",
          setup() {
            throw new Error("x");
          },
        })(),
      ),
    ).rejects.toMatchObject({ code: "PLUGIN_SETUP_FAILED" });
    await expect(kernel.replace(add("ghost"))).rejects.toMatchObject({ code: "PLUGIN_UNKNOWN" });
    expect([kernel.call(hook, "-"), log]).toEqual(["-a", ["start a"]]);
  });

  it("cannot be replaced by one that lacks a service others require", async () => {
    const A = defineService<string>()("a");
    const kernel = createKernel({
      plugins: [
        definePlugin({ name: "a", version: "1.0.0", provides: [A], setup: (api) => api.provide(A, "A") })(),
        definePlugin({ name: "b", version: "1.0.0", requires: [A], setup: () => undefined })(),
      ],
    });
    await expect(
      kernel.replace(definePlugin({ name: "a", version: "2.0.0", setup: () => undefined })()),
    ).rejects.toMatchObject({ code: "SERVICE_MISSING" });
    expect(kernel.get(A)).toBe("A");
  });
});

describe("taps that change after boot", () => {
  it("show in later epochs; an order that cannot be kept is refused and leaves all as it was", () => {
    let tap =
      (_options?: object): (() => void) =>
      () =>
        undefined;
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          setup: (api) => void (tap = (options) => api.tap(hook, (v) => `${v}a`, options)),
        })(),
      ],
    });
    const epoch = kernel.pin();
    expect(epoch.runner(hook).used).toBe(false);
    tap();
    expect(kernel.call(hook, "-")).toBe("-a");
    expect(() => tap({ before: "ghost" })).toThrow("[TAP_ORDER_UNKNOWN]");
    expect(kernel.call(hook, "-")).toBe("-a");
    expect(epoch.runner(hook).call("-", undefined)).toBe("-");
  });
});

describe("an epoch", () => {
  it("gives one runner per definition, and the same taps for another copy of the definition", () => {
    const kernel = createKernel({ plugins: [add("a")] });
    const epoch = kernel.pin();
    const copy = defineHook.waterfall<string>(hook.name);
    expect(epoch.runner(hook)).toBe(epoch.runner(hook));
    expect(epoch.runner(copy).call("-", undefined)).toBe("-a");
    expect(epoch.runner(hook)).toMatchObject({ used: true, taps: [{ plugin: "a" }] });
    expect(() => epoch.runner(defineHook.guard(hook.name))).toThrow("[HOOK_INVALID]");
    expect(() => epoch.runner({ name: hook.name } as never)).toThrow("[HOOK_INVALID]");
  });
});
