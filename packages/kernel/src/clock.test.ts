import { expect, it } from "vitest";
import { systemClock } from "./clock.js";

it("measures, fires, clears, and takes a very long delay for long, not for now", async () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
  const before = systemClock.monotonic();
  const fired: string[] = [];
  const cleared = systemClock.setTimeout(() => fired.push("cleared"), 0);
  systemClock.clearTimeout(cleared);
  const long = systemClock.setTimeout(() => fired.push("long"), 1e12);
  const keepsAlive = setInterval(() => undefined, 1_000);
  await new Promise<void>((resolve) => void systemClock.setTimeout(resolve, 1));
  clearInterval(keepsAlive);
  systemClock.clearTimeout(long);
  expect(fired).toEqual([]);
  expect(systemClock.monotonic()).toBeGreaterThan(before);
});
