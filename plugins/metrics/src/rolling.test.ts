import { Histogram } from "@graphtap/values";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rolling, WINDOWS, type WindowName } from "./rolling.js";
import { callsOf, OTHER } from "./tally.js";

const event = fc.record({
  after: fc.oneof(fc.nat({ max: 3_000 }), fc.nat({ max: 100_000 }), fc.nat({ max: 10_000_000 })),
  status: fc.constantFrom("ok" as const, "error" as const, "denied" as const, "cancelled" as const),
  durationMs: fc.nat({ max: 100_000 }),
  name: fc.constantFrom("a", "b", "__proto__"),
});

describe("Rolling", () => {
  it("counts exactly what happened in the slots of each window", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.nat({ max: 100_000 }), (events, later) => {
        let now = 5;
        const rolling = new Rolling(10, () => now);
        const log: { at: number; status: string; durationMs: number; name: string }[] = [];
        for (const { after, status, durationMs, name } of events) {
          now += after;
          rolling.record("run", name, { status, durationMs });
          log.push({ at: now, status, durationMs, name });
        }
        now += later;
        for (const window of Object.keys(WINDOWS) as WindowName[]) {
          const { windowMs, slots } = WINDOWS[window];
          const slotMs = windowMs / slots;
          const oldest = Math.floor(now / slotMs) - slots;
          const within = log.filter(({ at }) => Math.floor(at / slotMs) > oldest);
          for (const name of [undefined, "a", "__proto__"]) {
            const expected = within.filter((one) => name === undefined || one.name === name);
            const sum = rolling.sum("run", window, name);
            expect(callsOf(sum)).toBe(expected.length);
            expect(sum.failed).toBe(expected.filter(({ status }) => status === "error").length);
            const exact = new Histogram();
            for (const { status, durationMs } of expected)
              if (status === "ok" || status === "error") exact.record(durationMs);
            for (const q of [0, 0.5, 0.95, 1]) expect(sum.durations.quantile(q)).toBe(exact.quantile(q));
          }
          // Nothing that happened within the window, less one slot, is ever left out.
          expect(within.length).toBeGreaterThanOrEqual(log.filter(({ at }) => at > now - windowMs + slotMs).length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("bounds its series, and says how much went into the last one", () => {
    const rolling = new Rolling(3, () => 0);
    for (let one = 0; one < 1_000; one++) rolling.record("tool", `tool-${one}`, { status: "ok", durationMs: 1 });
    expect(rolling.names("tool")).toEqual(["tool-0", "tool-1", "tool-2", OTHER]);
    expect([rolling.series, rolling.overflowed]).toEqual([3, 997]);
    expect(callsOf(rolling.sum("tool", "1m"))).toBe(1_000);
  });

  it("says how much of a window it has seen", () => {
    let now = 1_000;
    const rolling = new Rolling(3, () => now);
    now += 90_000;
    expect([rolling.coveredMs("1m"), rolling.coveredMs("5m")]).toEqual([60_000, 90_000]);
  });

  it("adds tokens; what nobody reported stays unknown", () => {
    const rolling = new Rolling(3, () => 0);
    const tokens = { input: 5, output: null, total: null, cacheRead: null, cacheWrite: null, reasoning: null };
    rolling.record("model", "gpt", { status: "ok", durationMs: 1, tokens });
    rolling.record("model", "gpt", { status: "ok", durationMs: 1, tokens: null });
    expect(rolling.sum("model", "1h").tokens).toEqual(tokens);
  });
});
