import { expect, it } from "vitest";
import { fakeClock } from "./fixtures/fake-clock.js";
import { Ledger, LedgerEntry } from "./ledger.js";

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

class Untimed extends LedgerEntry {
  readonly plugin = "a";
  readonly hook = "acme.x.y";
}

it("counts the time of what was entered without a clock from when it is first looked at, and says no more before", async () => {
  const clock = fakeClock();
  const ledger = new Ledger(clock);
  ledger.add(new Untimed());
  await clock.advance(1_000);
  expect(ledger.describe()).toEqual(["(a) acme.x.y"]);
  await clock.advance(500);
  expect(ledger.pending()).toEqual([{ plugin: "a", hook: "acme.x.y", ms: 500 }]);
  ledger.add(new Untimed());
  ledger.look();
  await clock.advance(20);
  expect(ledger.describe()).toEqual(["(a) acme.x.y, 520 ms", "(a) acme.x.y, 20 ms"]);
});

it("keeps the order whichever entry leaves, and leaving twice does nothing", () => {
  const ledger = new Ledger(fakeClock());
  const names = ["a", "b", "c", "d"];
  const entries = names.map((name) => ledger.enter(name, "x"));
  const left = () => ledger.pending().map(({ plugin }) => plugin);
  for (const at of [1, 1, 3, 0, 2]) {
    ledger.leave(entries[at] as LedgerEntry);
    names[at] = "";
    expect(left()).toEqual(names.filter(Boolean));
  }
  ledger.enter("e", "x");
  expect(left()).toEqual(["e"]);
});
