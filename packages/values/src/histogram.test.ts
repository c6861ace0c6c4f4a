import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "./histogram.js";

const of = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
};
/** Nearest rank over the values themselves. */
const exact = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] as number;
const durations = fc.array(fc.oneof(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.integer({ min: 0, max: 1_000 })), {
  minLength: 1,
  maxLength: 200,
});
const quantile = fc.double({ min: 0, max: 1, noNaN: true });

describe("Histogram", () => {
  it("is off by no more than 1/64 of the value, at any quantile, for few values and many", () => {
    fc.assert(
      fc.property(durations, quantile, (values, q) => {
        const histogram = of(values);
        const wanted = exact(values, q);
        const got = histogram.quantile(q) as number;
        // Below the smallest ordinary number there are no full buckets; that is no duration.
        expect(Math.abs(got - wanted)).toBeLessThanOrEqual(wanted / 64 + 1e-300);
        expect(histogram.count).toBe(values.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it("knows the smallest and the largest value, and one value, exactly", () => {
    expect(of([0.3]).quantile(0.5)).toBe(0.3);
    expect(of([5, 1, 9]).quantile(1)).toBe(9);
    expect(of([0, 0, 0, 0, 9]).quantile(0.5)).toBe(0);
    expect(of([7, 7, 7]).quantile(0.5)).toBe(7);
    expect(new Histogram().quantile(0.5)).toBeNull();
  });

  it("gives the same when parts are merged as when all is in one", () => {
    fc.assert(
      fc.property(fc.array(durations, { maxLength: 5 }), quantile, (parts, q) => {
        const merged = new Histogram();
        for (const part of parts) merged.merge(of(part));
        expect(merged.quantile(q)).toBe(of(parts.flat()).quantile(q));
        expect(merged.count).toBe(parts.flat().length);
      }),
    );
  });

  it("ignores what is no duration", () => {
    const histogram = of([1]);
    for (const value of [-1, Number.NaN, Infinity, -Infinity]) expect(histogram.record(value)).toBe(false);
    expect([histogram.count, histogram.quantile(1)]).toEqual([1, 1]);
    expect(histogram.record(-0)).toBe(true);
    expect(histogram.quantile(0)).toBe(0);
  });
});
