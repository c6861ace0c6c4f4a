import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CORPUS } from "../fixtures/corpus.js";
import { cutText, inPieces, programOf, SECRETS, sifted } from "../fixtures/texts.js";
import { HOLD } from "./rule.js";

const everything = {
  personal: "mask" as const,
  deny: [{ id: "words", terms: ["forbidden fruit", "forbidden"], action: "mask" as const }],
};

describe("a text in pieces", () => {
  it("is filtered like the whole, in 2,000 ways of cutting", () => {
    const program = programOf(everything);
    fc.assert(
      fc.property(cutText, ({ whole, pieces }) => {
        const expected = sifted(program, whole);
        const { parts, ids } = inPieces(program, pieces);
        expect(parts.join("")).toBe(expected.text);
        expect(ids).toEqual(expected.ids);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is filtered like the whole, each text of the corpus cut at each place and letter by letter", () => {
    const program = programOf(everything);
    for (const { text } of CORPUS) {
      const expected = sifted(program, text);
      const cuts = Array.from({ length: text.length }, (_, i) => [text.slice(0, i), text.slice(i)]);
      for (const pieces of [...cuts, text.split("")]) {
        const { parts, ids } = inPieces(program, pieces);
        expect([parts.join(""), ids]).toEqual([expected.text, expected.ids]);
      }
    }
  });

  it("is filtered like the whole where a user's patterns are looked for", () => {
    const program = programOf({ ...everything, patterns: [{ id: "employee", pattern: "\\bEMP-\\d{4}\\b" }] });
    fc.assert(
      fc.property(cutText, ({ whole, pieces }) => {
        const expected = sifted(program, whole);
        const { parts, ids } = inPieces(program, pieces);
        expect(parts.join("")).toBe(expected.text);
        expect(ids.toSorted()).toEqual(expected.ids.toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it("shows no part of a hidden value before, while and after it passes", () => {
    const program = programOf({ personal: "mask" });
    for (const secret of SECRETS) {
      const whole = `it is ${secret} and that is all`;
      const { parts } = inPieces(program, [...whole]);
      const out = parts.join("");
      expect(out.startsWith("it is [hidden:")).toBe(true);
      expect(out.endsWith("] and that is all")).toBe(true);
      // What left is append-only, so no earlier moment showed what the end does not.
      for (let i = 0; i + 4 <= secret.length; i++) expect(out).not.toContain(secret.slice(i, i + 4).trim() || "\0");
    }
  });

  it("holds back no more than its bound", () => {
    const program = programOf(everything);
    fc.assert(
      fc.property(fc.string({ maxLength: 3_000, unit: fc.constantFrom(...'aA1-_. @=:/+"(eyJ[') }), (whole) => {
        expect(inPieces(program, [...whole]).held).toBeLessThanOrEqual(HOLD + 1);
      }),
      { numRuns: 200 },
    );
    for (const long of [
      "a".repeat(5_000),
      "eyJ".repeat(2_000),
      "1 ".repeat(2_000),
      `x@${"a.".repeat(3_000)}`,
      `password="${"y".repeat(20_000)}`,
      "forbidden ".repeat(500),
    ])
      expect(inPieces(program, long.match(/[^]{1,7}/g) ?? []).held).toBeLessThanOrEqual(HOLD + 7);
  });

  it("hides a key of any length without keeping it", () => {
    const program = programOf();
    const key = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n".repeat(100)}-----END PRIVATE KEY-----`;
    const { parts, held } = inPieces(program, `a ${key} b`.match(/[^]{1,13}/g) ?? []);
    expect(parts.join("")).toBe("a [hidden:private-key] b");
    expect(held).toBeLessThanOrEqual(HOLD);
  });
});
