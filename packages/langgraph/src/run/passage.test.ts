import { describe, expect, it } from "vitest";
import { LaterStep, Passage, type Watch } from "./passage.js";

const chunk = (value: unknown): IteratorResult<unknown> => ({ done: false, value });
const done: IteratorResult<unknown> = { done: true, value: undefined };

type Step = IteratorResult<unknown>;

function watch(log: unknown[], more: Partial<Watch<Step>> = {}): Watch<Step> {
  return {
    came: (result) => void log.push(["chunk", result.value]),
    failed: (error) => void log.push(["failed", (error as Error).message]),
    ...more,
  };
}

/** In how many turns a reader gets a step, read the way LangChain reads it. */
async function turnsOf(make: (step: Promise<Step>) => Promise<Step>, fails = false): Promise<number> {
  let give!: (result: Step | Promise<never>) => void;
  const step = new Promise<Step>((resolve, reject) => (give = fails ? reject : resolve));
  const passage = make(step);
  let turns = 0;
  let there = false;
  const read = (async () => passage.catch((error: unknown) => Promise.reject(error)))().then(
    () => (there = true),
    () => (there = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  give(chunk(1));
  while (!there) {
    turns++;
    await Promise.resolve();
  }
  await read;
  return turns;
}

describe("Passage", () => {
  it("gives a chunk in the very turn in which a reader without a watcher had it", async () => {
    const log: unknown[] = [];
    expect(await turnsOf((step) => new Passage(step, watch(log)))).toBe(await turnsOf((step) => step));
    expect(log).toEqual([["chunk", 1]]);
  });

  it("gives a failure in the very turn in which a reader without a watcher had it", async () => {
    expect(await turnsOf((step) => new Passage(step, watch([])), true)).toBe(await turnsOf((step) => step, true));
  });

  it("shows a chunk to the watcher before its reader", async () => {
    const log: unknown[] = [];
    await new Passage(Promise.resolve(chunk("a")), watch(log)).then(({ value }) => log.push(["read", value]));
    expect(log).toEqual([
      ["chunk", "a"],
      ["read", "a"],
    ]);
  });

  it("lets the reader wait for the watcher at the end, once, however often it is read", async () => {
    const log: unknown[] = [];
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const passage = new Passage(
      Promise.resolve(done),
      watch(log, { came: (result) => (log.push("done"), gate.then(() => result)) }),
    );
    const reads = [passage.then(() => log.push("first")), passage.finally(() => void log.push("second"))];
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(["done"]);
    open();
    await Promise.all(reads);
    expect(new Set(log)).toEqual(new Set(["done", "first", "second"]));
    expect(log).toHaveLength(3);
  });

  it("gives what the watcher makes of an end", async () => {
    const last = chunk("held back");
    await expect(new Passage(Promise.resolve(done), watch([], { came: async () => last }))).resolves.toBe(last);
    const refused = new Error("refused");
    await expect(new Passage(Promise.resolve(done), watch([], { came: () => Promise.reject(refused) }))).rejects.toBe(
      refused,
    );
  });

  it("throws what failed, or what the watcher throws for it, to every reader", async () => {
    const log: unknown[] = [];
    const passage = new Passage<Step>(Promise.reject(new Error("boom")), watch(log));
    await expect(passage).rejects.toThrow("boom");
    const other = () => Promise.reject(new Error("refused"));
    await expect(new Passage<Step>(Promise.reject(new Error("boom")), watch([], { failed: other }))).rejects.toThrow(
      "refused",
    );
    await expect(passage.catch((error: unknown) => `caught ${(error as Error).message}`)).resolves.toBe("caught boom");
    expect(log).toEqual([["failed", "boom"]]);
    const recovered = new Passage<Step>(
      Promise.reject(new Error("boom")),
      watch([], { failed: async () => chunk("instead") }),
    );
    await expect(recovered).resolves.toEqual(chunk("instead"));
  });

  it("passes results on where a reader has no handler for them", async () => {
    const passage = new Passage(Promise.resolve(chunk(1)), watch([]));
    await expect(passage.then(null, null)).resolves.toEqual(chunk(1));
    await expect(passage.then(undefined, () => "never")).resolves.toEqual(chunk(1));
    expect(Object.prototype.toString.call(passage)).toBe("[object Promise]");
  });
});

describe("LaterStep", () => {
  it("gives a step that was taken later in the very turn in which it came", async () => {
    const later = (step: Promise<IteratorResult<unknown>>): LaterStep => new LaterStep(Promise.resolve(), () => step);
    expect(await turnsOf(later)).toBe(await turnsOf((step) => step));
    expect(await later(Promise.resolve(chunk(1)))).toEqual(chunk(1));
  });

  it("fails with what comes before it, with the step, and with its reader", async () => {
    const step = Promise.resolve(chunk(1));
    const broken = Promise.reject<never>(new Error("broken"));
    await expect(new LaterStep(broken, () => step)).rejects.toThrow("broken");
    await expect(new LaterStep(Promise.resolve(), () => broken)).rejects.toThrow("broken");
    expect(await new LaterStep(Promise.resolve(), () => broken).catch(() => done)).toBe(done);
    const reader = new LaterStep(Promise.resolve(), () => step).then(() => {
      throw new Error("the reader's");
    });
    await expect(reader).rejects.toThrow("the reader's");
    let last = false;
    await new LaterStep(Promise.resolve(), () => step).finally(() => (last = true));
    expect(last).toBe(true);
  });
});
