import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type About, EventHold } from "./hold.js";

const start = (node: string, step: number): About => ({ is: "node-start", node, step });
const end = (node: string, step: number, wrote = true): About => ({ is: "node-end", node, step, wrote });
const live = (node: string): About => ({ is: "inside", node, carries: false });
const inner = (node: string): About => ({ is: "inside", node, carries: true });
const chunk: About = { is: "root-chunk", carries: true, inside: false };

/** What had left after each event. */
function told(...events: readonly About[]): { readonly hold: EventHold; readonly left: number[] } {
  const hold = new EventHold();
  const left: number[] = [];
  for (const [at, about] of events.entries()) hold.say(about, () => left.push(at));
  return { hold, left };
}

describe("EventHold", () => {
  it("lets the root begin, and holds what a step wrote until a later step wrote", () => {
    const { hold, left } = told({ is: "root-start" }, start("a", 1), end("a", 1), chunk, start("b", 2));
    expect(left).toEqual([0, 1]);
    hold.say(end("b", 2), () => left.push(5));
    expect(left).toEqual([0, 1, 2, 3, 4]);
  });

  it("is not moved by a node that wrote nothing, nor by one of the same step", () => {
    expect(told(start("a", 1), end("a", 1), start("b", 2), end("b", 2, false)).left).toEqual([0]);
    expect(told(start("a", 1), start("b", 1), end("a", 1), end("b", 1)).left).toEqual([0, 1]);
  });

  it("holds what code inside of a node tells of its state", () => {
    expect(told(start("a", 1), inner("a"), end("a", 1)).left).toEqual([0]);
  });

  it("lets everything go once a node at work is heard, and keeps what a node says after its end", () => {
    expect(told(start("a", 1), end("a", 1), start("b", 2), live("b")).left).toEqual([0, 1, 2, 3]);
    expect(told(start("a", 1), end("a", 1), live("a")).left).toEqual([0]);
    expect(told(start("a", 1), live("a")).left).toEqual([0, 1]);
  });

  it("takes nothing that a failed node says for work", () => {
    const { hold, left } = told(start("a", 1), end("a", 1), start("b", 2));
    hold.failed("b");
    hold.say(live("b"), () => left.push(3));
    expect(left).toEqual([0]);
  });

  it("delivers the rest in order when it is opened, and nothing ever when it is shut", () => {
    const opened = told(start("a", 1), end("a", 1), { is: "root-end" });
    opened.hold.open();
    opened.hold.say(chunk, () => opened.left.push(3));
    expect(opened.left).toEqual([0, 1, 2, 3]);
    const shut = told(start("a", 1), end("a", 1));
    shut.hold.shut();
    shut.hold.open();
    shut.hold.say(chunk, () => shut.left.push(2));
    expect(shut.left).toEqual([0]);
  });

  it("never changes the order, never lets the last write go, and loses nothing", () => {
    const nodes = fc.array(
      fc.record({
        wrote: fc.boolean(),
        live: fc.boolean(),
        width: fc.integer({ min: 1, max: 3 }),
        inner: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(nodes, (steps) => {
        const events: About[] = [];
        for (const [step, { wrote, live: speaks, width, inner: deep }] of steps.entries()) {
          const names = Array.from({ length: width }, (_, i) => `${step}.${i}`);
          for (const name of names) events.push(start(name, step));
          for (const name of names) if (speaks) events.push(live(name));
          for (const name of names) {
            if (deep) events.push(inner(name));
            events.push(end(name, step, wrote));
          }
          for (const _ of names) events.push(chunk);
        }
        const { hold, left } = told(...events);
        expect(left).toEqual(left.toSorted((a, b) => a - b));
        const lastStep = steps.findLastIndex(({ wrote }) => wrote);
        const speaksLater = steps.some((one, step) => step > lastStep && one.live);
        const lastWrites = events.flatMap((about, at) =>
          about.is === "node-end" && about.step === lastStep ? [at] : [],
        );
        if (!speaksLater) for (const at of lastWrites) expect(left).not.toContain(at);
        hold.open();
        expect(left).toEqual(events.map((_, at) => at));
      }),
    );
  });
});
