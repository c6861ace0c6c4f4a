import { describe, expect, it } from "vitest";
import { fakeClock } from "./fixtures/fake-clock.js";
import { tapped } from "./fixtures/kernel.js";
import { defineHook } from "./hook.js";

const series = defineHook.series<number>("acme.ticket.closed", { timeoutMs: null });
const around = defineHook.around<number, Promise<number>>("acme.ticket.work");

describe("profile", () => {
  it("is off, and empty, until it is switched on", () => {
    const kernel = tapped(series, [() => undefined]);
    void kernel.call(series, 1);
    expect(kernel.profile()).toEqual({ enabled: false, since: null, taps: [] });
  });

  it("times taps, waiting included, most expensive first, and counts those that fail", async () => {
    const clock = fakeClock(5_000);
    const sleep = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));
    const kernel = tapped(
      series,
      [
        () => undefined,
        () => sleep(40),
        async () => {
          await sleep(10);
          throw new Error("x");
        },
      ],
      { clock },
    );
    expect(kernel.profile(true)).toMatchObject({ enabled: true, since: 5_000 });
    for (let i = 0; i < 2; i++) {
      const call = kernel.call(series, i);
      await clock.advance(100);
      await call;
    }
    expect(kernel.profile().taps).toEqual([
      { hook: series.name, plugin: "b", calls: 2, totalMs: 80, maxMs: 40, errors: 0 },
      { hook: series.name, plugin: "c", calls: 2, totalMs: 20, maxMs: 10, errors: 2 },
      { hook: series.name, plugin: "a", calls: 2, totalMs: 0, maxMs: 0, errors: 0 },
    ]);
    expect(kernel.inspect()).toMatchObject({ profiling: true, faults: { total: 2 } });
  });

  it("leaves out the time an around tap spends in next, and changes no result", async () => {
    const clock = fakeClock();
    const sleep = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));
    const kernel = tapped(
      around,
      [
        async (n, next) => {
          await sleep(5);
          return (await next(n + 1)) * 2;
        },
        (n, next) => next(n),
      ],
      { clock },
    );
    kernel.profile(true);
    const call = kernel.call(around, 1, undefined, async (n) => {
      await sleep(100);
      return n;
    });
    await clock.advance(5);
    await clock.advance(100);
    expect(await call).toBe(4);
    expect(kernel.profile().taps.map(({ plugin, totalMs }) => [plugin, totalMs])).toEqual([
      ["a", 5],
      ["b", 0],
    ]);
    const failed = kernel
      .call(around, 1, undefined, async () => {
        throw new Error("core");
      })
      .catch((error: unknown) => error);
    await clock.advance(5);
    expect(await failed).toEqual(new Error("core"));
  });

  it("keeps a synchronous hook synchronous, and goes on with earlier faults", () => {
    const kernel = tapped(
      series,
      [
        () => {
          throw new Error("x");
        },
      ],
      { quarantineAfter: 3 },
    );
    void kernel.call(series, 1);
    kernel.profile(true);
    for (let i = 0; i < 5; i++) expect(kernel.call(series, i)).toBeUndefined();
    expect(kernel.inspect().hooks[0]?.taps).toMatchObject([{ faults: 3, quarantined: true }]);
    expect(kernel.profile().taps).toMatchObject([{ calls: 2, errors: 2 }]);
  });

  it("times runs that start after it is switched on, and stops when it is switched off", () => {
    const kernel = tapped(series, [() => undefined]);
    const epoch = kernel.pin();
    kernel.profile(true);
    void epoch.runner(series).call(1, undefined);
    expect(kernel.profile().taps).toEqual([]);
    void kernel.call(series, 2);
    kernel.profile(false);
    void kernel.call(series, 3);
    expect(kernel.profile()).toMatchObject({ enabled: false, taps: [{ calls: 1 }] });
    epoch.release();
    kernel.profile(true);
    expect(kernel.profile().taps).toEqual([]);
  });
});
