import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topological, type Constraint } from "./order.js";

/** The oracle: of all permutations that keep the constraints, the first in lexicographic order. */
function oracle(size: number, constraints: readonly Constraint[]): number[] | null {
  const extend = (order: number[]): number[] | null => {
    if (order.length === size)
      return constraints.every(({ before, after }) => order.indexOf(before) < order.indexOf(after)) ? order : null;
    for (let item = 0; item < size; item++) {
      if (order.includes(item)) continue;
      const found = extend([...order, item]);
      if (found !== null) return found;
    }
    return null;
  };
  return extend([]);
}

const graph = fc
  .integer({ min: 0, max: 6 })
  .chain((size) =>
    fc.tuple(
      fc.constant(size),
      size === 0
        ? fc.constant([])
        : fc.array(fc.record({ before: fc.nat(size - 1), after: fc.nat(size - 1) }), { maxLength: 8 }),
    ),
  );

describe("topological", () => {
  it("is the first order in list order that keeps the constraints, and finds none exactly when there is none", () => {
    fc.assert(
      fc.property(graph, ([size, constraints]) => {
        const result = topological(size, constraints);
        expect(result.ok ? result.order : null).toEqual(oracle(size, constraints));
      }),
    );
  });

  it("prints a ring whose every step is a constraint", () => {
    fc.assert(
      fc.property(graph, ([size, constraints]) => {
        const result = topological(size, constraints);
        if (result.ok) return;
        const { ring } = result;
        expect(ring.length).toBeGreaterThan(1);
        expect(ring.at(-1)).toBe(ring[0]);
        for (let i = 1; i < ring.length; i++)
          expect(constraints).toContainEqual({ before: ring[i - 1], after: ring[i] });
      }),
    );
  });

  it("leaves a list alone that already satisfies its constraints", () => {
    expect(topological(4, [{ before: 0, after: 3 }])).toEqual({ ok: true, order: [0, 1, 2, 3] });
  });
});
