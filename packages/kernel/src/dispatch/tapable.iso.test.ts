import { AsyncSeriesHook } from "tapable";
import { afterEach, beforeEach, expect, it } from "vitest";
import { settled } from "../fixtures/fake-clock.js";

// Process-wide: raw tapable leaks a rejection, which vitest would take for a failure of the run.
const leaked: unknown[] = [];
const keep = (error: unknown): void => void leaked.push(error);
let others: NodeJS.UnhandledRejectionListener[] = [];
beforeEach(() => {
  others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", keep);
});
afterEach(() => {
  process.off("unhandledRejection", keep);
  for (const listener of others) process.on("unhandledRejection", listener);
});

it("raw tapable still hangs when a later promise tap throws synchronously: the reason why dispatch is ours", async () => {
  const raw = new AsyncSeriesHook<[number]>(["value"]);
  raw.tapPromise("a", async () => undefined);
  raw.tapPromise("b", () => {
    throw new Error("sync");
  });
  let outcome = "pending";
  raw.promise(1).then(
    () => (outcome = "resolved"),
    () => (outcome = "rejected"),
  );
  for (let turn = 0; turn < 10; turn++) await settled();
  expect(outcome).toBe("pending");
  expect(leaked).toEqual([new Error("sync")]);
});
