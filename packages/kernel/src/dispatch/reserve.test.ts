import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeClock } from "../fixtures/fake-clock.js";
import { bubbleUp, tapped } from "../fixtures/kernel.js";
import { defineHook } from "../hook.js";
import { allow, deny, type Hold } from "../verdict.js";
import type { Reservation } from "./reserve.js";

const reserve = defineHook.reserve<number, number, unknown>("acme.quota.take");
type Settled = Extract<Reservation<number>, { ok: true }>;

/** A hold that writes down what happens to it. */
const hold = (log: string[], name: string, late = false): Hold<number> => ({
  settle: (actual) => {
    log.push(`settle ${name} ${actual}`);
    return late ? Promise.resolve() : undefined;
  },
  release: (reason) => {
    log.push(`release ${name} ${reason}`);
    return late ? Promise.resolve() : undefined;
  },
});

describe("reserve", () => {
  it("grants with shared constants, and without a promise, when nobody holds anything", async () => {
    const nobody = tapped(reserve, []).call(reserve, 1) as Settled;
    expect(nobody.ok).toBe(true);
    expect(tapped(reserve, [() => undefined, () => undefined]).call(reserve, 1)).toBe(nobody);
    expect(tapped(reserve, [() => allow()]).call(reserve, 1)).toBe(nobody);
    expect(await tapped(reserve, [async () => undefined]).call(reserve, 1)).toBe(nobody);
    expect(nobody.settlement.settle(1)).toBeUndefined();
    expect(nobody.settlement.release("x")).toBeUndefined();
  });

  it("settles all holds in order, once", async () => {
    const log: string[] = [];
    const { settlement } = tapped(reserve, [() => hold(log, "a"), () => undefined, () => hold(log, "c")]).call(
      reserve,
      1,
    ) as Settled;
    expect(settlement.settled).toBe(false);
    expect(settlement.settle(7)).toBeUndefined();
    expect(settlement.settled).toBe(true);
    void settlement.settle(8);
    void settlement.release("too late");
    expect(log).toEqual(["settle a 7", "settle c 7"]);
  });

  it("releases all holds in reverse, once, and waits where one is asynchronous", async () => {
    const log: string[] = [];
    const { settlement } = (await tapped(reserve, [
      () => hold(log, "a", true),
      async () => hold(log, "b"),
      () => hold(log, "c"),
    ]).call(reserve, 1)) as Settled;
    const first = settlement.release("ABORTED");
    expect(first).toBeInstanceOf(Promise);
    expect(settlement.settle(1)).toBe(first);
    await first;
    expect(log).toEqual(["release c ABORTED", "release b ABORTED", "release a ABORTED"]);
  });

  it("accepts a hold that only settles, or only releases", () => {
    const log: string[] = [];
    const take = () =>
      tapped(reserve, [
        () => ({ settle: (n: number) => void log.push(`s${n}`) }),
        () => ({ release: (r: string) => void log.push(`r${r}`) }),
      ]).call(reserve, 1) as Settled;
    void take().settlement.settle(1);
    void take().settlement.release("x");
    expect(log).toEqual(["s1", "rx"]);
  });

  it("refuses with the denial of the first that refuses, and asks nobody after it", () => {
    const log: string[] = [];
    const kernel = tapped(reserve, [
      () => hold(log, "a"),
      () => deny("LIMIT", "Too many.", { reason: "10 per minute" }),
      () => hold(log, "c"),
    ]);
    expect(kernel.call(reserve, 1)).toEqual({
      ok: false,
      effect: "deny",
      code: "LIMIT",
      message: "Too many.",
      reason: "10 per minute",
      plugin: "b",
      hook: reserve.name,
      details: { reason: "10 per minute" },
    });
    expect(log).toEqual(["release a LIMIT"]);
  });

  it("releases exactly the earlier holds, in reverse, wherever and however it ends", async () => {
    const tap = fc.record({ kind: fc.constantFrom("hold", "nothing"), late: fc.boolean(), lateRelease: fc.boolean() });
    const end = fc.record({ kind: fc.constantFrom("deny", "throw", "garbage", "none"), late: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(tap, { maxLength: 6 }),
        end,
        fc.array(tap, { maxLength: 3 }),
        async (earlier, last, later) => {
          const log: string[] = [];
          const make =
            ({ kind, late, lateRelease }: { kind: string; late: boolean; lateRelease: boolean }, name: string) =>
            () => {
              const answer = kind === "hold" ? hold(log, name, lateRelease) : undefined;
              return late ? Promise.resolve(answer) : answer;
            };
          const endings: Record<string, () => unknown> = {
            deny: () => deny("LIMIT", "no"),
            throw: () => {
              throw new Error("x");
            },
            garbage: () => 42,
            none: () => undefined,
          };
          const ending = endings[last.kind]!;
          const taps = [
            ...earlier.map((t, i) => make(t, `e${i}`)),
            last.late ? async () => ending() : ending,
            ...later.map((t, i) => make(t, `l${i}`)),
          ];
          const result = await tapped(reserve, taps).call(reserve, 1);
          const held = earlier.flatMap(({ kind }, i) => (kind === "hold" ? [`e${i}`] : []));
          expect(result.ok).toBe(last.kind === "none");
          const released = result.ok ? "END" : result.code;
          const before = log.length;
          if (result.ok) await result.settlement.release(released);
          const reached = result.ok ? later.flatMap(({ kind }, i) => (kind === "hold" ? [`l${i}`] : [])) : [];
          expect(log).toEqual([...held, ...reached].reverse().map((name) => `release ${name} ${released}`));
          // Nothing is given back before it is asked for, and everything by the time a refusal is known.
          expect(before).toBe(result.ok ? 0 : held.length);
        },
      ),
    );
  });

  it("fails closed when a tap throws, hangs or answers nonsense", async () => {
    const clock = fakeClock();
    expect(
      tapped(reserve, [
        () => {
          throw new Error("store down");
        },
      ]).call(reserve, 1),
    ).toMatchObject({ ok: false, code: "GUARD_FAILED", plugin: "a", cause: { code: "TAP_FAILED" } });
    expect(tapped(reserve, [() => ({})]).call(reserve, 1)).toMatchObject({
      ok: false,
      code: "GUARD_FAILED",
      cause: { code: "HOOK_RESULT_INVALID" },
    });
    const hanging = tapped(reserve, [() => new Promise(() => undefined)], { clock }).call(reserve, 1);
    await clock.advance(2_000);
    expect(await hanging).toMatchObject({ ok: false, code: "GUARD_TIMEOUT", plugin: "a" });
  });

  it("releases a hold that arrives after its time-out", async () => {
    const clock = fakeClock();
    const log: string[] = [];
    const kernel = tapped(
      reserve,
      [
        () => hold(log, "a"),
        () => new Promise((resolve) => void clock.setTimeout(() => resolve(hold(log, "b")), 3_000)),
      ],
      { clock },
    );
    const result = kernel.call(reserve, 1);
    await clock.advance(2_000);
    expect(await result).toMatchObject({ ok: false, code: "GUARD_TIMEOUT" });
    expect(log).toEqual(["release a GUARD_TIMEOUT"]);
    await clock.advance(1_000);
    expect(log).toEqual(["release a GUARD_TIMEOUT", "release b GUARD_TIMEOUT"]);
  });

  it("releases before control flow passes on", async () => {
    for (const late of [false, true]) {
      const log: string[] = [];
      const error = bubbleUp();
      const kernel = tapped(reserve, [
        () => hold(log, "a", late),
        () => {
          throw error;
        },
      ]);
      await expect((async () => kernel.call(reserve, 1))()).rejects.toBe(error);
      expect(log).toEqual(["release a INTERRUPTED"]);
    }
  });

  it("never throws from settle or release; the rest still runs and the fault has a name", async () => {
    const clock = fakeClock();
    const log: string[] = [];
    const kernel = tapped(
      reserve,
      [
        () => hold(log, "a"),
        () => ({
          settle: () => {
            throw new Error("db");
          },
        }),
        () => ({ settle: () => new Promise<void>(() => undefined) }),
        () => hold(log, "d"),
      ],
      { clock },
    );
    const { settlement } = kernel.call(reserve, 1) as Settled;
    const done = settlement.settle(5);
    await clock.advance(2_000);
    await done;
    expect(log).toEqual(["settle a 5", "settle d 5"]);
    expect(kernel.inspect().faults.recent).toMatchObject([
      { plugin: "b", code: "TAP_FAILED" },
      { plugin: "c", code: "HOOK_TIMEOUT" },
    ]);
  });
});
