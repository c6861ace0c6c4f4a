import { expect, it } from "vitest";
import { fakeClock } from "./fixtures/fake-clock.js";
import { Ledger } from "./ledger.js";

it("holds at most 10,000 actions and counts the rest", async () => {
  const clock = fakeClock();
  const ledger = new Ledger(clock);
  const entries = Array.from({ length: 10_001 }, () => ledger.enter("a", "acme.x.y"));
  expect([ledger.pending().length, ledger.dropped]).toEqual([10_000, 1]);
  await clock.advance(1_500);
  expect(ledger.describe()).toEqual(Array.from({ length: 10 }, () => "(a) acme.x.y, 1500 ms"));
  for (const entry of entries) ledger.leave(entry);
  expect(ledger.pending()).toEqual([]);
});
