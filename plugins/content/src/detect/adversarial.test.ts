import { describe, expect, it } from "vitest";
import { programOf, sifted } from "../fixtures/texts.js";
import { View } from "./rule.js";

/** How often a text is read to look through it: a count, for time says little on a busy machine. */
function reads(text: string): number {
  const program = programOf({
    personal: "mask",
    deny: [{ id: "words", terms: ["aaaa aaaa aaaa", "a a a a a a"], wholeWords: false }],
  });
  const { peek } = View.prototype;
  let count = 0;
  View.prototype.peek = function (i: number): number {
    count++;
    return peek.call(this, i);
  };
  try {
    sifted(program, text);
  } finally {
    View.prototype.peek = peek;
  }
  return count;
}

const HOSTILE: Readonly<Record<string, (n: number) => string>> = {
  "dots and letters": (n) => "a.".repeat(n),
  "digits and blanks": (n) => "1 ".repeat(n),
  "cards without end": (n) => "4111 ".repeat(n),
  ats: (n) => "a@".repeat(n),
  domains: (n) => `a@${"b.".repeat(n)}`,
  "headers of tokens": (n) => "eyJhbGci".repeat(n),
  dashes: (n) => "-".repeat(n * 2),
  "headers of keys": (n) => "-----BEGIN ".repeat(n),
  labels: (n) => "[hidden:".repeat(n),
  "names of secrets": (n) => "password ".repeat(n),
  "keys without a value": (n) => "password= ".repeat(n),
  "open quotes": (n) => 'secret="'.repeat(n),
  prefixes: (n) => "sk-".repeat(n),
  urls: (n) => "://a:".repeat(n),
  "words of a list": (n) => "aaaa ".repeat(n),
  "letters of a list": (n) => "a ".repeat(n),
  percents: (n) => "%4".repeat(n),
  backslashes: (n) => "\\".repeat(n),
  invisible: (n) => "s\u200b".repeat(n),
  "only invisible": (n) => "\u200b".repeat(n),
  phones: (n) => "+1 (2) ".repeat(n),
  ibans: (n) => "DE89 3704 ".repeat(n),
  base64: (n) => "QUJD/".repeat(n),
  wide: (n) => "ｓｋ－".repeat(n),
};

describe("hostile texts", () => {
  for (const [name, make] of Object.entries(HOSTILE))
    it(`cost in proportion to their length: ${name}`, () => {
      const small = reads(make(2_000));
      const large = reads(make(20_000));
      // Ten times the text: at most ten times the reads, and a little for the ends.
      expect(large).toBeLessThanOrEqual(small * 10.5 + 2_000);
      expect(large).toBeLessThanOrEqual(make(20_000).length * 400);
    });

  it("of megabytes are gone through, and a key at their end is found", () => {
    const text = `${"The tokenizer splits a.b@c words. ".repeat(60_000)}sk-live-Zq8Xw9Kv2Tn7`;
    expect(text.length).toBeGreaterThan(2_000_000);
    expect(sifted(programOf(), text).ids).toEqual(["openai-key"]);
  });
});
