import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decisive, RateLimiter, type RateStatus, type RateWindow } from "./rate.js";

const HOUR = 3_600_000;
const at = (monotonic: number) => ({ monotonic, epoch: 1_000_000 + monotonic });
const status = (limiter: RateLimiter, windows: readonly RateWindow[], now: number, key = "k"): RateStatus =>
  decisive(limiter.peek({ key, windows }, at(now))) as RateStatus;
const take = (limiter: RateLimiter, windows: readonly RateWindow[], now: number, key = "k") =>
  limiter.take([{ key, windows }], at(now));

describe("RateLimiter", () => {
  it("admits as many as the limit in any window, and says when the next fits", () => {
    const limiter = new RateLimiter(100);
    const hourly = [{ limit: 2, windowMs: HOUR }];
    expect(take(limiter, hourly, 0)).toMatchObject({
      ok: true,
      statuses: [{ remaining: 1, resetAt: 1_000_000 + HOUR }],
    });
    expect(take(limiter, hourly, 10)).toMatchObject({ ok: true, statuses: [{ remaining: 0, retryAfterMs: 0 }] });
    expect(take(limiter, hourly, 20)).toMatchObject({
      ok: false,
      status: { allowed: false, limit: 2, remaining: 0, resetAt: 1_000_000 + HOUR, retryAfterMs: HOUR - 20 },
    });
    expect(take(limiter, hourly, HOUR - 1).ok).toBe(false);
    expect(take(limiter, hourly, HOUR).ok).toBe(true);
    // The second call still counts.
    expect(take(limiter, hourly, HOUR + 1).ok).toBe(false);
    expect(take(limiter, hourly, HOUR + 10).ok).toBe(true);
  });

  it("never admits under a limit of 0, and does not say to wait", () => {
    const limiter = new RateLimiter(100);
    for (const now of [0, HOUR, 1_000 * HOUR])
      expect(take(limiter, [{ limit: 0, windowMs: HOUR }], now)).toMatchObject({
        ok: false,
        status: { remaining: 0, resetAt: null, retryAfterMs: null },
      });
    expect(limiter.entries).toBe(0);
  });

  it("takes under all windows or none, and tells of the one that takes longest", () => {
    const limiter = new RateLimiter(100);
    const windows = [
      { limit: 2, windowMs: 1_000 },
      { limit: 3, windowMs: 10_000 },
    ];
    for (const now of [0, 1, 1_500]) expect(take(limiter, windows, now).ok).toBe(true);
    expect(limiter.entries).toBe(3);
    // The short window has room; the long one has not, so the short one is left as it was.
    for (const now of [2_000, 2_000, 2_000])
      expect(take(limiter, windows, now)).toMatchObject({ status: { limit: 3 } });
    expect(limiter.entries).toBe(3);
    expect(status(limiter, windows, 1_600)).toMatchObject({ limit: 3, remaining: 0, retryAfterMs: 8_400 });
    expect(limiter.peek({ key: "k", windows }, at(1_600))[0]).toMatchObject({ allowed: true, remaining: 1 });
  });

  it("takes for all of several principals or for none", () => {
    const limiter = new RateLimiter(100);
    const one = { key: "service", windows: [{ limit: 5, windowMs: HOUR }] };
    const other = { key: "alice", windows: [{ limit: 1, windowMs: HOUR }] };
    expect(limiter.take([one, other], at(0)).ok).toBe(true);
    expect(limiter.take([one, other], at(1))).toMatchObject({ ok: false, wish: { key: "alice" } });
    expect(limiter.peek(one, at(1))[0]?.remaining).toBe(4);
  });

  it("gives back what was taken, once, and only that", () => {
    const limiter = new RateLimiter(100);
    const hourly = [{ limit: 2, windowMs: HOUR }];
    take(limiter, hourly, 0);
    const second = take(limiter, hourly, 5);
    expect(take(limiter, hourly, 6).ok).toBe(false);
    if (second.ok) {
      second.release();
      second.release();
    }
    expect(limiter.entries).toBe(1);
    expect(take(limiter, hourly, 7).ok).toBe(true);
    expect(take(limiter, hourly, 8).ok).toBe(false);
  });

  it("gives back one call of a moment in which there were several", () => {
    const limiter = new RateLimiter(100);
    const hourly = [{ limit: 9, windowMs: HOUR }];
    const [first] = [take(limiter, hourly, 5), take(limiter, hourly, 5), take(limiter, hourly, 5)];
    if (!first?.ok) throw new Error("refused");
    first.release();
    first.release();
    expect(limiter.entries).toBe(2);
    expect(status(limiter, hourly, 6).remaining).toBe(7);
  });

  it("forgets nothing that is given back after it no longer counted", () => {
    const limiter = new RateLimiter(100);
    const short = [{ limit: 1, windowMs: 10 }];
    const first = take(limiter, short, 0);
    for (let now = 10; now < 400; now += 10) expect(take(limiter, short, now).ok).toBe(true);
    const { entries } = limiter;
    if (first.ok) first.release();
    expect(limiter.entries).toBe(entries);
    expect(status(limiter, short, 395).remaining).toBe(0);
  });

  it("counts on when a limit changes", () => {
    const limiter = new RateLimiter(100);
    for (let now = 0; now < 10; now++) take(limiter, [{ limit: 10, windowMs: HOUR }], now);
    expect(status(limiter, [{ limit: 12, windowMs: HOUR }], 10).remaining).toBe(2);
    // Lowered: eight calls have to drop out before the next fits.
    expect(status(limiter, [{ limit: 3, windowMs: HOUR }], 10)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: HOUR + 7 - 10,
    });
  });

  it("refuses what it cannot remember, rather than forget a call, and goes on when there is room", () => {
    const limiter = new RateLimiter(3);
    const hourly = [{ limit: 10, windowMs: HOUR }];
    for (const key of ["a", "b", "c"]) expect(take(limiter, hourly, 0, key).ok).toBe(true);
    expect(take(limiter, hourly, 1, "d")).toMatchObject({ ok: false, status: null });
    expect(limiter.refusedFull).toBe(1);
    expect([limiter.entries, limiter.keys]).toEqual([3, 3]);
    expect(take(limiter, hourly, HOUR, "d").ok).toBe(true);
    expect([limiter.entries, limiter.keys]).toEqual([1, 1]);
  });

  it("keeps no key whose calls no longer count", () => {
    const limiter = new RateLimiter(1_000_000);
    for (let i = 0; i < 20_000; i++) take(limiter, [{ limit: 1, windowMs: 10 }], i, `user-${i}`);
    expect(limiter.keys).toBeLessThan(3_000);
  });

  it("takes nothing and remembers nobody where there is no limit", () => {
    const limiter = new RateLimiter(1);
    for (let i = 0; i < 10; i++) expect(take(limiter, [], i, `user-${i}`)).toMatchObject({ ok: true, statuses: [] });
    expect([limiter.entries, limiter.keys]).toEqual([0, 0]);
  });
});

const windowArb = fc.record({ limit: fc.integer({ min: 0, max: 5 }), windowMs: fc.integer({ min: 1, max: 40 }) });
const stepArb = fc.record({
  wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 15 }), fc.double({ min: 0, max: 15, noNaN: true })),
  key: fc.constantFrom("a", "b"),
  both: fc.boolean(),
  /** Gives back a call that was admitted: which one, counted from the newest. */
  release: fc.option(fc.nat(3)),
});

describe("RateLimiter, against a list of everything that was admitted", () => {
  it("admits exactly when no window would hold more than its limit, several windows and keys at once", () => {
    let admitted = 0;
    let refused = 0;
    const cases = fc.record({
      windows: fc.record({
        a: fc.array(windowArb, { minLength: 1, maxLength: 3 }),
        b: fc.array(windowArb, { maxLength: 3 }),
      }),
      steps: fc.array(stepArb, { minLength: 1, maxLength: 40 }),
    });
    fc.assert(
      fc.property(cases, ({ windows, steps }) => {
        const limiter = new RateLimiter(10_000);
        let calls: { readonly keys: readonly ("a" | "b")[]; readonly time: number; release(): void }[] = [];
        let now = 0;
        for (const { wait, key, both, release } of steps) {
          now += wait;
          if (release !== null) {
            const index = calls.length - 1 - release;
            calls[index]?.release();
            calls = calls.filter((_, i) => i !== index);
          }
          const keys = both ? (["a", "b"] as const) : ([key as "a" | "b"] as const);
          const fits = keys.every((one) =>
            windows[one].every(
              ({ limit, windowMs }) =>
                calls.filter((call) => call.keys.includes(one) && call.time + windowMs > now).length < limit,
            ),
          );
          const taken = limiter.take(
            keys.map((one) => ({ key: one, windows: windows[one] })),
            at(now),
          );
          expect(taken.ok).toBe(fits);
          if (taken.ok) calls.push({ keys, time: now, release: taken.release });
          if (taken.ok) admitted++;
          else refused++;
          for (const one of ["a", "b"] as const)
            for (const [index, { limit, windowMs }] of windows[one].entries()) {
              const used = calls.filter((call) => call.keys.includes(one) && call.time + windowMs > now).length;
              expect(limiter.peek({ key: one, windows: windows[one] }, at(now))[index]).toMatchObject({
                remaining: Math.max(0, limit - used),
                allowed: used < limit,
              });
            }
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(admitted, refused)).toBeGreaterThan(5_000);
  });

  it("tells the truth about when to come back: not a millisecond too early, and then there is room", () => {
    const cases = fc.record({
      windows: fc.array(
        fc.record({ limit: fc.integer({ min: 1, max: 4 }), windowMs: fc.integer({ min: 2, max: 50 }) }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      waits: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 5, maxLength: 40 }),
    });
    fc.assert(
      fc.property(cases, ({ windows, waits }) => {
        const limiter = new RateLimiter(10_000);
        let now = 0;
        for (const wait of waits) {
          now += wait;
          const taken = take(limiter, windows, now);
          if (taken.ok) continue;
          const { retryAfterMs } = taken.status as RateStatus;
          expect(retryAfterMs).toBeGreaterThan(0);
          expect(status(limiter, windows, now + (retryAfterMs as number) - 1).allowed).toBe(false);
          expect(status(limiter, windows, now + (retryAfterMs as number)).allowed).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("admits the same whatever the machine's clock is set to", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.integer())), (steps) => {
        const steady = new RateLimiter(1_000);
        const jumping = new RateLimiter(1_000);
        const windows = [{ limit: 3, windowMs: 30 }];
        let monotonic = 0;
        for (const [wait, epoch] of steps) {
          monotonic += wait;
          expect(jumping.take([{ key: "k", windows }], { monotonic, epoch }).ok).toBe(
            take(steady, windows, monotonic).ok,
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});
