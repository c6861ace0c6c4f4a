import fc from "fast-check";
import { expect, it } from "vitest";
import { History } from "./history.js";

it("keeps the newest, finds them by id, and counts what it dropped", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(30), (capacity, total) => {
      const history = new History<{ id: string }>(capacity);
      const all = Array.from({ length: total }, (_, i) => ({ id: String(i) }));
      for (const item of all) history.add(item);
      const kept = all.slice(-capacity);
      expect([...history].sort((a, b) => Number(a.id) - Number(b.id))).toEqual(kept);
      for (const item of all) expect(history.get(item.id)).toBe(kept.includes(item) ? item : undefined);
      expect([history.size, history.dropped]).toEqual([kept.length, total - kept.length]);
    }),
  );
});
