import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CORPUS } from "../fixtures/corpus.js";
import { options } from "../options.js";
import { policyOf } from "../policy.js";
import type { Program } from "./program.js";
import { filterText, textFilter } from "./text.js";

const program = policyOf(options.parse({ personal: "mask", secrets: "mask" })).output as Program;
/** What is found with every character looked at. */
const found = (text: string): string[] => {
  const ids: string[] = [];
  textFilter(program, ({ id }) => void ids.push(id)).push(text, true);
  return ids;
};
const foundAtOnce = (text: string): string[] => {
  const ids: string[] = [];
  filterText(program, text, ({ id }) => void ids.push(id));
  return ids;
};

/** Pieces of what is looked for, and of what is around it. */
const piece = fc.oneof(
  fc.constantFrom(
    ..."sk- sk-live- AKIA ghp_ xoxb- whsec_ eyJ Bearer bearer -----BEGIN PRIVATE KEY----- DE GB NO :// @ . + ( ) -".split(
      " ",
    ),
  ),
  fc.stringMatching(/^[a-zA-Z]{1,14}$/),
  fc.stringMatching(/^[0-9]{1,7}$/),
  fc.stringMatching(/^[a-zA-Z0-9]{8,24}$/),
  fc.constantFrom(" ", "-", ".", "/", "\n", "=", ": ", "password", "token", "4111 1111 1111 1111", "078-05-1120"),
);

describe("a text without a sign of anything", () => {
  it("holds nothing that looking at every character would find, over 20,000 texts", () => {
    let passed = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom("", " "), (pieces, between) => {
        const text = pieces.join(between);
        if (program.sign?.test(text) === false) passed++;
        expect(foundAtOnce(text)).toEqual(found(text));
      }),
      { numRuns: 20_000 },
    );
    expect(passed).toBeGreaterThan(1_000);
  });

  it("is none of the corpus in which something is to be found, nor what is left of one when a character goes", () => {
    for (const { text } of CORPUS)
      for (let at = -1; at < Math.min(text.length, 200); at++) {
        const left = at < 0 ? text : text.slice(0, at) + text.slice(at + 1);
        expect(foundAtOnce(left)).toEqual(found(left));
      }
  });
});
