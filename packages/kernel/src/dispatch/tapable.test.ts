import { AsyncLocalStorage } from "node:async_hooks";
import { SyncHook } from "tapable";
import { describe, expect, it } from "vitest";
import { bubbleUp, tapped, tapping } from "../fixtures/kernel.js";
import { defineHook } from "../hook.js";
import { createKernel } from "../kernel.js";
import { definePlugin } from "../plugin.js";
import { createRunner } from "./runner.js";

const series = defineHook.series<number, unknown>("acme.ticket.closed", { fault: "throw" });
const waterfall = defineHook.waterfall<number, unknown>("acme.ticket.scored");
const attributed = (plugin: string) =>
  expect.objectContaining({ plugin, hook: expect.any(String), code: "TAP_FAILED" });

/** What dispatch relies on: tapable hands its taps to `compile`, lazily, and again after every change. */
describe("the contract with tapable", () => {
  it("calls compile with taps, interceptors, args and type, once per set of taps", () => {
    const hook = new SyncHook<[number, number]>(["value", "ctx"], "acme.x.y");
    const compiled: object[] = [];
    (hook as unknown as { compile: unknown }).compile = (options: object) => (
      compiled.push({ ...options }),
      (value: number) => value * 2
    );
    hook.tap("a", () => undefined);
    expect([hook.call(1, 0), hook.call(2, 0)]).toEqual([2, 4]);
    expect(compiled).toHaveLength(1);
    expect(Object.keys(compiled[0]!).sort()).toEqual(["args", "interceptors", "taps", "type"]);
    hook.tap("b", () => undefined);
    hook.call(3, 0);
    expect(compiled).toHaveLength(2);
  });

  it("passes a third argument through, keeps own fields of a tap, and lets register replace them", () => {
    const hook = new SyncHook<[number, number], unknown, { extra: string }>(["value", "ctx"], "acme.x.y");
    let taps: { extra: string }[] = [];
    (hook as unknown as { compile: unknown }).compile = (options: { taps: { extra: string }[] }) => (
      (taps = options.taps),
      (...args: unknown[]) => args
    );
    hook.intercept({ register: (tap) => ({ ...tap, extra: `${tap.extra}!` }) });
    hook.tap({ name: "a", stage: 100, extra: "late" }, () => undefined);
    hook.tap({ name: "b", extra: "early" }, () => undefined);
    expect((hook as unknown as { call(...args: unknown[]): unknown }).call(1, 2, 3)).toEqual([1, 2, 3]);
    expect(taps.map(({ extra }) => extra)).toEqual(["early!", "late!"]);
  });

  it("shares one runner per kind for hooks that nobody taps", () => {
    const env = {} as never;
    expect(createRunner(series, [], env)).toBe(createRunner(defineHook.series("acme.other.hook"), [], env));
    expect(createRunner(series, [], env).used).toBe(false);
  });
});

/** Each line is a fault of tapable's own dispatch; ours must not have it. That raw tapable has the worst: tapable.iso.test.ts. */
describe("what raw tapable does, and ours does not", () => {
  it.each([
    ["first", 0],
    ["second", 1],
    ["third", 2],
  ])("the %s tap may throw synchronously after asynchronous ones: the call rejects with its name", async (_, at) => {
    for (const def of [series, waterfall]) {
      const taps = [0, 1, 2].map((index) =>
        index === at
          ? () => {
              throw new Error("sync");
            }
          : async () => undefined,
      );
      await expect((async () => tapped(def, taps).call(def as typeof series, 1))()).rejects.toEqual(
        attributed("abc"[at]!),
      );
    }
  });

  it("taps that return no promise after asynchronous ones are fine", async () => {
    await expect(
      tapped(series, [async () => undefined, () => undefined, () => 5]).call(series, 1),
    ).resolves.toBeUndefined();
    await expect(tapped(waterfall, [async (n) => n + 1, (n) => n + 1]).call(waterfall, 1)).resolves.toBe(3);
  });

  it("an async function is awaited, and its rejection reaches the caller, not the process", async () => {
    let ended = false;
    const kernel = tapped(series, [
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ended = true;
        throw new Error("late");
      },
    ]);
    await expect(kernel.call(series, 1)).rejects.toEqual(attributed("a"));
    expect(ended).toBe(true);
  });

  it("there are no callbacks, so none can be called twice or from another request's context", async () => {
    const store = new AsyncLocalStorage<string>();
    const parked: (() => void)[] = [];
    const seen: unknown[] = [];
    const kernel = tapped(series, [
      () => new Promise<void>((resolve) => void parked.push(resolve)),
      () => void seen.push(store.getStore()),
    ]);
    const mine = store.run("mine", () => kernel.call(series, 1));
    // Another request completes the first tap's work: the next tap must still see its own request's store.
    store.run("other", () => parked.forEach((resume) => (resume(), resume())));
    await mine;
    expect(seen).toEqual(["mine"]);
  });

  it("of several failing parallel taps every error and every result is kept", async () => {
    const collect = defineHook.collect<number, number>("acme.health.probe");
    const results = await tapped(collect, [
      async () => 1,
      async () => {
        throw new Error("one");
      },
      async () => {
        throw new Error("two");
      },
    ]).call(collect, 1);
    expect(results.map(({ plugin, status }) => `${plugin} ${status}`)).toEqual(["a ok", "b error", "c error"]);
  });

  it("an unknown name in before is an error, not a jump to the front", async () => {
    const kernel = createKernel({ plugins: [tapping("a", series, () => undefined, { before: "unknown" })] });
    await expect(kernel.ready()).rejects.toMatchObject({ code: "TAP_ORDER_UNKNOWN" });
  });

  it("before does not override stage: the contradiction is an error", async () => {
    const kernel = createKernel({
      plugins: [
        tapping("a", series, () => undefined, { stage: "post", before: "b" }),
        tapping("b", series, () => undefined),
      ],
    });
    await expect(kernel.ready()).rejects.toMatchObject({ code: "TAP_ORDER_CYCLE" });
  });

  it("two plugins of one name are refused", async () => {
    await expect(
      createKernel({ plugins: [tapping("a", series, () => undefined), tapping("a", series, () => undefined)] }).ready(),
    ).rejects.toMatchObject({ code: "PLUGIN_DUPLICATE" });
  });

  it("a tap can be taken off; a run under way keeps it", async () => {
    let off = (): void => undefined;
    let calls = 0;
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          setup: (api) => void (off = api.tap(series, () => void calls++)),
        })(),
      ],
    });
    const epoch = kernel.pin();
    void kernel.call(series, 1);
    off();
    off();
    void kernel.call(series, 2);
    expect(calls).toBe(1);
    expect(kernel.isTapped(series)).toBe(false);
    await epoch.runner(series).call(3, undefined);
    expect(calls).toBe(2);
    epoch.release();
  });

  it("a tap added during a call is seen by the next call", () => {
    const seen: string[] = [];
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          setup(api) {
            api.tap(series, () => {
              seen.push("a");
              if (seen.length === 1) api.tap(series, () => void seen.push("late"));
            });
          },
        })(),
      ],
    });
    void kernel.call(series, 1);
    expect(seen).toEqual(["a"]);
    void kernel.call(series, 2);
    expect(seen).toEqual(["a", "a", "late"]);
  });

  it("a bail that declines and a waterfall that keeps the value type-check and give undefined and the value", () => {
    const bail = defineHook.bail<number, string>("acme.ticket.found");
    expect(tapped(bail, [() => undefined]).call(bail, 1)).toBeUndefined();
    expect(tapped(waterfall, [() => undefined]).call(waterfall, 4)).toBe(4);
  });

  it("control flow is not wrapped", async () => {
    const error = bubbleUp();
    await expect(
      tapped(series, [
        async () => undefined,
        () => {
          throw error;
        },
      ]).call(series, 1),
    ).rejects.toBe(error);
  });
});
