import { fakeClock } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { MemorySampler } from "./memory.js";

function make(options: { everyMs?: number; timer?: boolean; costMs?: number } = {}) {
  const clock = fakeClock();
  let heap = 0;
  const sampler = new MemorySampler({
    ...options,
    clock,
    read: () => {
      clock.advance(options.costMs ?? 0);
      heap += 10;
      return { heapUsedBytes: heap, heapTotalBytes: heap * 2, rssBytes: heap * 3, externalBytes: 1 };
    },
  });
  return { clock, sampler };
}

describe("MemorySampler", () => {
  it("samples when it is looked at, at most once per interval, and knows nothing before", () => {
    const { clock, sampler } = make({ everyMs: 1_000 });
    expect(sampler.stats()).toMatchObject({
      last: null,
      windows: [{ heapUsedBytes: null, rssBytes: null, samples: 0 }, {}, {}, {}],
    });
    sampler.touch();
    sampler.touch();
    clock.advance(999);
    sampler.touch();
    clock.advance(1);
    sampler.touch();
    expect(sampler.stats().windows[0]).toEqual({
      windowMs: 60_000,
      samples: 2,
      heapUsedBytes: { first: 10, last: 20, min: 10, max: 20 },
      rssBytes: { first: 30, last: 60, min: 30, max: 60 },
    });
    expect(clock.pending).toBe(0);
  });

  it("shows windows of a minute, five, an hour and a day", () => {
    const { clock, sampler } = make({ everyMs: 30_000 });
    for (let i = 0; i < 400; i++) {
      sampler.touch();
      clock.advance(30_000);
    }
    expect(sampler.stats().windows.map(({ samples }) => samples)).toEqual([1, 9, 119, 400]);
    const { curve } = sampler.stats();
    expect(curve.length).toBeLessThanOrEqual(60);
    expect(curve.at(-1)).toEqual(sampler.stats().last);
  });

  it("is bounded: old samples lie further apart", () => {
    const { clock, sampler } = make({ everyMs: 1_000 });
    for (let i = 0; i < 20_000; i++) {
      sampler.touch();
      clock.advance(1_000);
    }
    const { windows } = sampler.stats();
    expect(windows[0]?.samples).toBe(59);
    expect(windows[3]?.samples).toBeLessThanOrEqual(1_800);
    expect(windows[3]?.heapUsedBytes?.first).toBe(10);
  });

  it("samples more rarely where reading is dear", () => {
    const { sampler } = make({ everyMs: 1_000, costMs: 5 });
    sampler.touch();
    expect(sampler.stats()).toMatchObject({ everyMs: 5_000, costMs: 5 });
  });

  it("has a timer only if it is asked for one, and gives it back", () => {
    const { clock, sampler } = make({ everyMs: 1_000, timer: true });
    clock.advance(3_500);
    expect(sampler.stats().windows[0]?.samples).toBe(3);
    sampler.dispose();
    expect(clock.pending).toBe(0);
  });

  it("reads the process", () => {
    const { heapUsedBytes, rssBytes } = new MemorySampler().sample();
    expect(rssBytes).toBeGreaterThan(heapUsedBytes);
  });

  it("puts no old sample into a window when the wall clock is set back", () => {
    const clock = fakeClock();
    let back = 0;
    const sampler = new MemorySampler({
      everyMs: 1_000,
      clock: { ...clock, now: () => clock.now() - back, monotonic: () => clock.monotonic() },
    });
    sampler.sample();
    clock.advance(600_000);
    back = 86_400_000;
    sampler.sample();
    expect(sampler.stats().windows.map(({ samples }) => samples)).toEqual([1, 1, 2, 2]);
  });
});
