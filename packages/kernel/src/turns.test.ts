import { describe, expect, it } from "vitest";
import { settled } from "./fixtures/fake-clock.js";
import { Turns } from "./turns.js";

const opened = (): Turns => {
  const turns = new Turns();
  turns.open();
  return turns;
};

describe("Turns", () => {
  it("does what has nothing to wait for in the turn in which it is asked for", async () => {
    const turns = opened();
    const done: number[] = [];
    const first = turns.ask(() => done.push(1));
    const second = turns.ask(() => done.push(2));
    expect(done).toEqual([1, 2]);
    expect(await Promise.all([first, second])).toEqual([1, 2]);
  });

  it("lets the next wait for one that takes its time, whether that ends well or not", async () => {
    const turns = opened();
    const done: string[] = [];
    let fail: (error: Error) => void = () => undefined;
    const first = turns.ask(() => new Promise<void>((_resolve, reject) => (fail = reject)));
    const second = turns.ask(() => void done.push("second"));
    const third = turns.ask(() => {
      throw new Error("third");
    });
    expect(done).toEqual([]);
    fail(new Error("first"));
    await expect(first).rejects.toThrow("first");
    await second;
    await expect(third).rejects.toThrow("third");
    expect(done).toEqual(["second"]);
  });

  it("holds jobs until it is opened, and knows when the last has ended", async () => {
    const turns = new Turns();
    const done: string[] = [];
    void turns.ask(() => void done.push("a"));
    void turns.ask(async () => {
      await settled();
      done.push("b");
    });
    const idle = turns.idle().then(() => done.push("idle"));
    await settled();
    expect(done).toEqual([]);
    turns.open();
    expect(done).toEqual(["a"]);
    await idle;
    expect(done).toEqual(["a", "b", "idle"]);
  });

  it("rejects what waits when it is cancelled", async () => {
    const turns = new Turns();
    const asked = turns.ask(() => "never");
    turns.cancel(new Error("no boot"));
    await expect(asked).rejects.toThrow("no boot");
    await turns.idle();
  });
});
