import fc from "fast-check";
import { expect, it } from "vitest";
import { Ring } from "./ring.js";

it("agrees with a list that is cut at its front", () => {
  const step = fc.oneof(fc.record({ push: fc.integer() }), fc.constant({ shift: true as const }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
      const ring = new Ring<number>(capacity);
      const list: number[] = [];
      let dropped = 0;
      for (const one of steps) {
        if ("shift" in one) expect(ring.shift()).toBe(list.shift());
        else {
          list.push(one.push);
          const gone = list.length > capacity ? list.shift() : undefined;
          if (gone !== undefined) dropped++;
          expect(ring.push(one.push)).toBe(gone);
        }
        expect([...ring]).toEqual(list);
        expect([...ring.newestFirst()]).toEqual(list.toReversed());
        expect([ring.size, ring.dropped, ring.oldest, ring.newest]).toEqual([
          list.length,
          dropped,
          list[0],
          list.at(-1),
        ]);
      }
    }),
  );
});

it.each([0, -1, 1.5, Number.NaN])("refuses a capacity of %s", (capacity) => {
  expect(() => new Ring(capacity)).toThrow(RangeError);
});
