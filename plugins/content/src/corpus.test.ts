import { describe, expect, it } from "vitest";
import { CORPUS } from "./fixtures/corpus.js";
import { programOf, sifted } from "./fixtures/texts.js";

describe("the labelled corpus", () => {
  const program = programOf({ personal: "mask" });
  const results = CORPUS.map(({ text, ids }) => ({ text, ids, found: new Set(sifted(program, text).ids) }));

  it("is found with a precision and a recall of 1 by detector", () => {
    const wrong = results.flatMap(({ text, ids, found }) => {
      const missed = ids.filter((id) => !found.has(id));
      const extra = [...found].filter((id) => !ids.includes(id));
      return missed.length + extra.length === 0 ? [] : [{ text, missed, extra }];
    });
    expect(wrong).toEqual([]);
  });

  it("is large enough to say something", () => {
    expect(results.filter(({ ids }) => ids.length > 0).length).toBeGreaterThanOrEqual(75);
    expect(results.filter(({ ids }) => ids.length === 0).length).toBeGreaterThanOrEqual(95);
    expect(new Set(CORPUS.flatMap(({ ids }) => ids)).size).toBe(21);
  });
});
