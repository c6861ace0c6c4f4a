import fc from "fast-check";
import { expect, it } from "vitest";
import { clipText } from "./clip.js";
import { approximateTokens } from "./tokens.js";

it("brings a text under its budget wherever the mark alone fits, in any script", () => {
  const mark = approximateTokens("\n[... 100000 characters left out ...]\n");
  const text = fc
    .tuple(fc.constantFrom("今天天气很好", "word ", "aZ3kQ9xT7bL2mN", "🎉", "&$ "), fc.integer({ min: 1, max: 120 }))
    .map(([part, times]) => part.repeat(times));
  fc.assert(
    fc.property(text, fc.integer({ min: mark, max: 200 }), (given, maxTokens) => {
      const clipped = clipText(given, maxTokens, approximateTokens);
      expect(approximateTokens(clipped)).toBeLessThanOrEqual(maxTokens);
      if (approximateTokens(given) <= maxTokens) expect(clipped).toBe(given);
    }),
    { numRuns: 500 },
  );
});
