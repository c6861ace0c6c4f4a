import { expect, it } from "vitest";
import { z } from "zod";
import { namingKeys } from "./naming-keys.js";

it("names the keys there are where one is unknown, and leaves the rest to zod", () => {
  const options = z.strictObject({ ttlMs: z.number(), most: z.number() }, { error: namingKeys(["ttlMs", "most"]) });
  const said = (given: unknown) => options.safeParse(given).error?.issues.map(({ message }) => message);
  expect(said({ ttlMs: 1, most: 2, ttl: 3, x: 4 })).toEqual(["no option ttl,x; there are ttlMs, most"]);
  expect(said(7)).toEqual([expect.stringContaining("expected object")]);
  expect(said({ ttlMs: 1, most: 2 })).toBeUndefined();
  const detectors = z.partialRecord(z.enum(["a", "b"]), z.number(), { error: namingKeys(new Set(["a"]), "detector") });
  expect(detectors.safeParse({ c: 1 }).error?.issues[0]?.message).toBe("no detector c; there are a");
});
