import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob, errorCatalog, ValuesError } from "./index.js";

/** The definition, letter by letter. */
function naive(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern[0] === "*") return naive(pattern.slice(1), text) || (text !== "" && naive(pattern, text.slice(1)));
  return text !== "" && (pattern[0] === "?" || pattern[0] === text[0]) && naive(pattern.slice(1), text.slice(1));
}

describe("compileGlob", () => {
  it("agrees with the definition", () => {
    const pattern = fc.array(fc.constantFrom("*", "?", "a", "b", "."), { maxLength: 8 }).map((parts) => parts.join(""));
    const text = fc.array(fc.constantFrom("a", "b", ".", "*"), { maxLength: 10 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        expect(compileGlob(p)(t)).toBe(naive(p, t));
      }),
      { numRuns: 20_000 },
    );
  });

  it("takes every sign but * and ? for itself", () => {
    expect(compileGlob("a.c")("abc")).toBe(false);
    expect(compileGlob("[ab]+(x|y)\\d^$")("[ab]+(x|y)\\d^$")).toBe(true);
    expect(compileGlob("Search*")("search_x")).toBe(false);
    expect(compileGlob("a*b")("a\nb")).toBe(true);
    expect(compileGlob("")("")).toBe(true);
    expect(compileGlob("*")("")).toBe(true);
  });

  it("does not backtrack on patterns made for it", () => {
    // A backtracking matcher needs longer than the universe has for these.
    const text = "a".repeat(50_000);
    expect(compileGlob(`${"a*".repeat(60)}b`)(text)).toBe(false);
    expect(compileGlob(`${"*?a".repeat(60)}*b*`)(text)).toBe(false);
    expect(compileGlob(`${"*".repeat(10_000)}a`)(text)).toBe(true);
    expect(compileGlob("*a?a*".repeat(40))(text)).toBe(true);
  });

  it("refuses what is no pattern, and matches nothing that is no text", () => {
    expect(() => compileGlob(undefined as unknown as string)).toThrow(ValuesError);
    expect(compileGlob("a*")(5 as unknown as string)).toBe(false);
    expect(compileGlob("?")(undefined as unknown as string)).toBe(false);
  });
});

describe("errors", () => {
  it("carry code, hint and a message in the common form, and are recognised across copies", () => {
    const error = new ValuesError("CYCLIC", "$.a", "the value contains itself ($.a).");
    expect(error.message).toBe(
      `[CYCLIC] the value contains itself ($.a).\n  Why: ${errorCatalog.CYCLIC.why}\n  Do:  ${errorCatalog.CYCLIC.do}`,
    );
    expect(error.hint).toBe(errorCatalog.CYCLIC.do);
    expect(
      ValuesError.isInstance(Object.assign(new Error("other copy"), { [Symbol.for("graphtap.values-error")]: true })),
    ).toBe(true);
    for (const no of [null, undefined, "x", new Error("x")]) expect(ValuesError.isInstance(no)).toBe(false);
  });
});
