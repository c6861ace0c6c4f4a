import { expect, it } from "vitest";
import { createRunData, runKey } from "./run-data.js";

it("keeps data by key, apart for two keys of one id and for two runs", () => {
  const started = runKey<number>("acme.started");
  const other = runKey<string>("acme.started");
  const [first, second] = [createRunData(), createRunData()];
  expect([first.get(started), first.has(started)]).toEqual([undefined, false]);
  first.set(started, 5);
  first.set(other, "x");
  expect([first.get(started), first.get(other), first.has(started), second.has(started)]).toEqual([
    5,
    "x",
    true,
    false,
  ]);
});
