import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineHook } from "./hook.js";
import { orderTaps } from "./tap-order.js";
import { freshState, namesOf, type Tap, type TapOptions } from "./tap.js";

const def = defineHook.series("acme.ticket.closed");
const tap = (plugin: string, { stage = "normal", before, after }: TapOptions = {}): Tap => ({
  plugin,
  def,
  fn: () => undefined,
  stage,
  before: namesOf(before),
  after: namesOf(after),
  state: freshState(),
});
const installed = (...ids: string[]) => ids.map((id) => ({ id, name: id.split(":")[0]! }));
const ids = (taps: readonly Tap[]) => taps.map(({ plugin }) => plugin);

describe("orderTaps", () => {
  it("sorts by stage, then before and after, then list order", () => {
    const taps = [
      tap("a", { stage: "post" }),
      tap("b", { after: "d" }),
      tap("c"),
      tap("d"),
      tap("e", { stage: "pre" }),
      tap("f", { before: ["c"] }),
    ];
    expect(ids(orderTaps(def.name, taps, installed("a", "b", "c", "d", "e", "f")))).toEqual([
      "e",
      "d",
      "b",
      "f",
      "c",
      "a",
    ]);
  });

  it("means all instances by a plugin's name, one by its id", () => {
    const taps = [tap("log", { after: "limit" }), tap("limit:eu"), tap("limit:us", { before: "limit:eu" })];
    expect(ids(orderTaps(def.name, taps, installed("log", "limit:eu", "limit:us")))).toEqual([
      "limit:us",
      "limit:eu",
      "log",
    ]);
  });

  it("refuses a name that is not installed, unless it ends in ?", () => {
    expect(() => orderTaps(def.name, [tap("a", { before: "metrics" })], installed("a", "b"))).toThrow(
      '[TAP_ORDER_UNKNOWN] plugin "a" wants its tap on "acme.ticket.closed" before "metrics", which is not installed.\n  Why: installed plugins are [a, b].',
    );
    expect(ids(orderTaps(def.name, [tap("a", { before: "metrics?" })], installed("a")))).toEqual(["a"]);
  });

  it("accepts a plugin that is installed and does not tap the hook", () => {
    expect(ids(orderTaps(def.name, [tap("a", { after: "b" })], installed("a", "b")))).toEqual(["a"]);
  });

  it("prints the ring, also when it runs through a stage or a plugin itself", () => {
    expect(() =>
      orderTaps(def.name, [tap("a", { before: "b" }), tap("b", { before: "a" })], installed("a", "b")),
    ).toThrow("[TAP_ORDER_CYCLE]");
    expect(() =>
      orderTaps(def.name, [tap("a", { before: "b" }), tap("b", { stage: "pre" })], installed("a", "b")),
    ).toThrow(/ring: (a \(normal\) -> b \(pre\) -> a \(normal\)|b \(pre\) -> a \(normal\) -> b \(pre\))/);
    expect(() => orderTaps(def.name, [tap("a", { after: "a" })], installed("a"))).toThrow("[TAP_ORDER_CYCLE]");
  });

  it("agrees with a naive sort for stages alone", () => {
    const rank = { pre: 0, normal: 1, post: 2 };
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("pre" as const, "normal" as const, "post" as const), { maxLength: 20 }),
        (stages) => {
          const taps = stages.map((stage, index) => tap(`p${index}`, { stage }));
          expect(
            orderTaps(
              def.name,
              taps,
              taps.map(({ plugin }) => ({ id: plugin, name: plugin })),
            ),
          ).toEqual([...taps].sort((a, b) => rank[a.stage] - rank[b.stage]));
        },
      ),
    );
  });
});
