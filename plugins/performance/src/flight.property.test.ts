import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SingleFlight } from "./flight.js";

type Step =
  | { readonly do: "ask"; readonly key: number; readonly signal: boolean }
  | { readonly do: "leave"; readonly caller: number }
  | { readonly do: "forget"; readonly key: number }
  | { readonly do: "finish"; readonly load: number; readonly ok: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("ask" as const), key: fc.nat(2), signal: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("leave" as const), caller: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forget" as const), key: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("finish" as const), load: fc.nat(10), ok: fc.boolean() }) },
);

/** What one load is known to be, worked out step by step without the class under test. */
interface Load {
  readonly key: number;
  readonly callers: Set<number>;
  current: boolean;
  state: "open" | "ok" | "failed" | "aborted";
}
interface Caller {
  readonly load: number;
  readonly stop: AbortController | null;
  expected: string | null;
  outcome: string | null;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("SingleFlight", () => {
  it("does what an oracle says under 500 interleavings of askers, leavers, failures and invalidations", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const flights = new SingleFlight<string>();
        const real: { resolve(value: string): void; reject(error: Error): void; signal: AbortSignal }[] = [];
        const loads: Load[] = [];
        const callers: Caller[] = [];
        const finish = (index: number, ok: boolean): void => {
          const load = loads[index];
          if (load === undefined || load.state !== "open") return;
          load.state = ok ? "ok" : "failed";
          load.current = false;
          for (const caller of load.callers)
            (callers[caller] as Caller).expected = ok ? `value ${index}` : `failed ${index}`;
          if (ok) real[index]?.resolve(`value ${index}`);
          else real[index]?.reject(new Error(`failed ${index}`));
        };
        for (const one of steps) {
          if (one.do === "ask") {
            let index = loads.findIndex(({ key, current }) => current && key === one.key);
            if (index === -1)
              index = loads.push({ key: one.key, callers: new Set(), current: true, state: "open" }) - 1;
            const stop = one.signal ? new AbortController() : null;
            const caller: Caller = { load: index, stop, expected: null, outcome: null };
            loads[index]?.callers.add(callers.push(caller) - 1);
            flights
              .run(
                String(one.key),
                (signal) => new Promise((resolve, reject) => real.push({ resolve, reject, signal })),
                stop?.signal,
              )
              .then(
                (value) => (caller.outcome = value),
                (error: Error) => (caller.outcome = error.message),
              );
          } else if (one.do === "leave") {
            const caller = callers[one.caller];
            const load = caller === undefined ? undefined : loads[caller.load];
            if (caller?.stop == null || caller.expected !== null || load === undefined) continue;
            caller.expected = "left";
            load.callers.delete(one.caller);
            if (load.callers.size === 0) Object.assign(load, { current: false, state: "aborted" });
            caller.stop.abort(new Error("left"));
          } else if (one.do === "forget") {
            for (const load of loads) if (load.key === one.key) load.current = false;
            flights.forget(String(one.key));
          } else finish(one.load, one.ok);
          await settle();
        }
        for (const index of loads.keys()) finish(index, true);
        await settle();
        expect(real).toHaveLength(loads.length);
        expect(callers.map(({ outcome }) => outcome)).toEqual(callers.map(({ expected }) => expected));
        expect(real.map(({ signal }) => signal.aborted)).toEqual(loads.map(({ state }) => state === "aborted"));
        expect(flights.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it("loads once for 1,000, fails for all who wait and not for those who come later", async () => {
    const flights = new SingleFlight<number>();
    let loads = 0;
    const all = await Promise.all(Array.from({ length: 1_000 }, () => flights.run("a", async () => ++loads)));
    expect([loads, new Set(all).size]).toEqual([1, 1]);
    const failing = () =>
      flights.run("a", () => {
        throw new Error(`down ${++loads}`);
      });
    const results = await Promise.allSettled([failing(), failing()]);
    expect(results.map((result) => result.status === "rejected" && (result.reason as Error).message)).toEqual([
      "down 2",
      "down 2",
    ]);
    await expect(flights.run("a", async () => 7)).resolves.toBe(7);
    await expect(flights.run("a", async () => 8, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });
});
