import type { Clock } from "@graphtap/kernel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeClock } from "./fake-clock.js";

describe("fakeClock", () => {
  it("is a kernel Clock", () => {
    const clock: Clock = fakeClock();
    expect(clock.now()).toBe(Date.parse("2026-01-01T00:00:00Z"));
    expect(clock.monotonic()).toBe(0);
  });

  it("fires timers in the order of a sorted list, each at its own time", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.array(fc.nat(10)), (delays, steps) => {
        const clock = fakeClock(0);
        const fired: [number, number][] = [];
        for (const [index, ms] of delays.entries()) clock.setTimeout(() => fired.push([clock.now(), index]), ms);
        for (const ms of steps) clock.advance(ms);
        const end = steps.reduce((sum, ms) => sum + ms, 0);
        const expected = delays
          .map((ms, index): [number, number] => [ms, index])
          .filter(([ms]) => ms <= end && (ms > 0 || steps.length > 0));
        expect(fired).toEqual(expected.sort(([a, i], [b, j]) => a - b || i - j));
        expect(clock.now()).toBe(end);
        expect(clock.pending).toBe(delays.length - fired.length);
      }),
    );
  });

  it("fires timers that timers set, and none that were cleared", () => {
    const clock = fakeClock("2026-03-01");
    const seen: string[] = [];
    const cleared = clock.setTimeout(() => seen.push("cleared"), 5);
    clock.setTimeout(() => {
      seen.push("outer");
      clock.clearTimeout(cleared);
      clock.setTimeout(() => seen.push("inner"), 3);
    }, 4);
    clock.advance(7);
    expect(seen).toEqual(["outer", "inner"]);
    clock.clearTimeout(cleared);
    expect(clock.pending).toBe(0);
  });

  it("lets promises run between timers when asked to", async () => {
    const clock = fakeClock();
    const seen: string[] = [];
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
    const work = (async () => {
      await Promise.resolve();
      await sleep(10);
      seen.push(`first ${clock.monotonic()}`);
      await sleep(10);
      seen.push(`second ${clock.monotonic()}`);
    })();
    clock.advance(5);
    await clock.advanceAsync(20);
    await clock.advanceAsync(20);
    await work;
    expect(seen).toEqual(["first 15", "second 25"]);
  });

  it("moves the wall clock alone when it jumps", () => {
    const clock = fakeClock(1_000);
    let fired = 0;
    clock.setTimeout(() => fired++, 10);
    clock.jump(-5_000);
    expect([clock.now(), clock.monotonic(), fired]).toEqual([-4_000, 0, 0]);
    clock.advance(10);
    expect([clock.now(), clock.monotonic(), fired]).toEqual([-3_990, 10, 1]);
  });

  it("stops timers that never end, and refuses time that is none", async () => {
    const clock = fakeClock();
    const again = (): void => void clock.setTimeout(again, 0);
    again();
    expect(() => clock.advance(1)).toThrow("[CLOCK_RUNAWAY]");
    await expect(fakeClock().advanceAsync(-1)).rejects.toThrow("[CLOCK_INVALID]");
    expect(() => fakeClock("yesterday")).toThrow("[CLOCK_INVALID]");
    expect(() => fakeClock().advance(Number.NaN)).toThrow("[CLOCK_INVALID]");
    expect(() => fakeClock().jump(Infinity)).toThrow("[CLOCK_INVALID]");
  });

  it("does not count firings apart in time as endless", () => {
    const clock = fakeClock();
    let count = 0;
    const again = (): void => {
      count++;
      clock.setTimeout(again, 1);
    };
    again();
    clock.advance(30_000);
    expect(count).toBe(30_001);
  });
});
