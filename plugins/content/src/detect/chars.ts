/** A set of ASCII characters; a lookup costs one read. Codes outside of ASCII, and the ends of a text, are not in it. */
export type CharSet = Uint8Array;

/** Builds a set from ranges and single characters, as in a bracket expression: `charSet("a-z0-9_")`. A `-` comes last. */
export function charSet(expression: string): CharSet {
  const set = new Uint8Array(128);
  for (let i = 0; i < expression.length; i++) {
    const from = expression.charCodeAt(i);
    const range = expression[i + 1] === "-" && i + 2 < expression.length;
    const to = range ? expression.charCodeAt(i + 2) : from;
    for (let code = from; code <= to; code++) set[code] = 1;
    if (range) i += 2;
  }
  return set;
}

/** Whether a code is in a set; negative codes stand for the end of a text. */
export const within = (set: CharSet, code: number): boolean => code >= 0 && code < 128 && set[code] === 1;

export const ALNUM = charSet("A-Za-z0-9");
export const UPPER_OR_DIGIT = charSet("A-Z0-9");
export const HEX = charSet("0-9a-fA-F");
/** Both alphabets of base64. */
export const BASE64 = charSet("A-Za-z0-9+/_-");
export const BASE64URL = charSet("A-Za-z0-9_-");
export const IDENTIFIER = charSet("A-Za-z0-9_.-");

export const isDigit = (code: number): boolean => code >= 48 && code <= 57;
export const isAlnum = (code: number): boolean => within(ALNUM, code);
/** Letters beyond ASCII: part of a word, as in an e-mail address. */
export const isWide = (code: number): boolean => code >= 0xc0;
export const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code);
