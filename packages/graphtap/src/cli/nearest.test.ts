import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explained } from "../catalogs.js";
import { likeness, nearest } from "./nearest.js";

describe("nearest", () => {
  it.each([
    ["PERMISSION_DENIED", "PERMISSION_NOT_GRANTED"],
    ["IDENTTY_MISSING", "IDENTITY_MISSING"],
    ["MISSING_IDENTITY", "IDENTITY_MISSING"],
    ["wrapremote", "WRAP_REMOTE"],
    ["XYZZY", null],
    ["", null],
  ])("%s -> %s", (given, expected) => {
    expect(nearest(given, explained.keys())).toBe(expected);
  });

  it("finds a word that has one letter wrong, dropped or doubled", () => {
    const words = [...explained.keys()];
    fc.assert(
      fc.property(
        fc.constantFrom(...words),
        fc.nat(),
        fc.constantFrom("drop", "double", "change"),
        (word, seed, fault) => {
          const at = seed % word.length;
          const middle = fault === "drop" ? "" : fault === "double" ? `${word[at]}${word[at]}` : "Q";
          const typed = word.slice(0, at) + middle + word.slice(at + 1);
          const found = nearest(typed, words);
          // Another code may be just as near; what must not happen is that a farther one is proposed.
          expect(likeness(typed, found ?? "")).toBeGreaterThanOrEqual(likeness(typed, word));
        },
      ),
    );
  });

  it("measures likeness from 0 to 1, the same both ways", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(likeness(a, b)).toBe(likeness(b, a));
        expect(likeness(a, b)).toBeGreaterThanOrEqual(0);
        expect(likeness(a, b)).toBeLessThanOrEqual(1);
        expect(likeness(a, a)).toBe(1);
      }),
    );
  });
});
