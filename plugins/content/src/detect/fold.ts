/** A text as detectors see it, with the way back to the text as it is. */
export interface Folded {
  readonly text: string;
  /** Where in the raw text each folded character begins, invisible characters before it included; null where both are the same. */
  readonly at: Int32Array | null;
  /** Raw characters that are folded; the rest needs more text, or is invisible and belongs to what follows it. */
  readonly used: number;
  /** A run of invisible characters is longer than any text needs. */
  readonly crowded: boolean;
}

/** Stands for a quote with a backslash before it: such a one does not end a quoted value. */
export const ESCAPED_QUOTE = 0xe000;
/** Invisible characters in a row that are kept; what is beyond hides something, and would have to be held without end. */
const INVISIBLE_RUN = 128;

// Printable ASCII without % and \ is what it looks like.
const UNUSUAL = /[^\t\n\r -$&-[\]-~]/;

/** Folds a text: NFKC per character, invisible characters left out, URL escapes and JSON escapes read. */
export function fold(raw: string, final: boolean): Folded {
  return UNUSUAL.test(raw) ? new Folding(raw, final).run() : { text: raw, at: null, used: raw.length, crowded: false };
}

/** Cuts runs of invisible characters down to what is kept of them. */
export function thinned(raw: string): string {
  let kept = "";
  let run = 0;
  for (const char of raw) {
    run = isInvisible(char.codePointAt(0) as number) ? run + 1 : 0;
    if (run <= INVISIBLE_RUN) kept += char;
  }
  return kept;
}

class Folding {
  readonly #codes: number[] = [];
  readonly #starts: number[] = [];
  #start = 0;
  #crowded = false;

  constructor(
    readonly raw: string,
    readonly final: boolean,
  ) {}

  run(): Folded {
    const { raw, final } = this;
    let i = 0;
    let invisible = 0;
    while (i < raw.length) {
      const code = raw.charCodeAt(i);
      if (code === 0x25 || code === 0x5c) {
        const width = code === 0x25 ? this.#percent(i) : this.#backslash(i);
        if (width === 0) break;
        i += width;
      } else if (code < 128 && !isControl(code)) {
        this.#push(code);
        i++;
      } else {
        if (isHigh(code) && i + 1 === raw.length && !final) break;
        const point = raw.codePointAt(i) as number;
        i += point > 0xffff ? 2 : 1;
        if (isInvisible(point)) {
          if (++invisible > INVISIBLE_RUN) this.#crowded = true;
          continue;
        }
        const latin = LOOKALIKES.get(point);
        if (latin !== undefined && !this.final && i >= raw.length) break;
        const folded = latin !== undefined && this.#inLatin(i) ? latin : foldPoint(point);
        for (let k = 0; k < folded.length; k++) this.#push(folded.charCodeAt(k));
      }
      invisible = 0;
      this.#start = i;
    }
    return {
      text: textOf(this.#codes),
      at: Int32Array.from(this.#starts),
      used: this.#start,
      crowded: this.#crowded,
    };
  }

  /**
   * Whether what comes next is of a Latin word, or looks so: a word of another script stays what it is, at its end at
   * least. What came before does not count, for it may have left.
   */
  #inLatin(next: number): boolean {
    const code = next < this.raw.length ? this.raw.charCodeAt(next) : 0;
    return isLatin(code) || LOOKALIKES.has(code);
  }

  #push(code: number): void {
    this.#codes.push(code);
    this.#starts.push(this.#start);
  }

  /** `%2D`: gives how many raw characters were read; none where more are needed. */
  #percent(i: number): number {
    const high = hexAt(this.raw, i + 1);
    const low = hexAt(this.raw, i + 2);
    if (!this.final && (high === END || (high >= 0 && low === END))) return 0;
    const value = high >= 0 && low >= 0 ? high * 16 + low : -1;
    const reads = (value >= 0x20 && value < 0x7f) || value === 9 || value === 10 || value === 13;
    this.#push(reads ? value : 0x25);
    return reads ? 3 : 1;
  }

  /** `\\\"` of JSON in JSON: a quote all the same; any other backslash before one stays what it is. */
  #nested(i: number): number {
    let end = i;
    while (end - i < NESTED && this.raw.charCodeAt(end) === 0x5c) end++;
    if (end === this.raw.length && !this.final) return 0;
    const quote = this.raw.charCodeAt(end);
    const isQuote = quote === 0x22 || quote === 0x27;
    this.#push(isQuote ? ESCAPED_QUOTE : 0x5c);
    return isQuote ? end - i + 1 : 1;
  }

  /** `\n`, `\"`, `\u0041` of JSON in a text. */
  #backslash(i: number): number {
    if (i + 1 >= this.raw.length) {
      if (!this.final) return 0;
      this.#push(0x5c);
      return 1;
    }
    const next = this.raw.charCodeAt(i + 1);
    if (next === 0x5c) return this.#nested(i);
    const meaning = ESCAPES.get(next);
    if (meaning !== undefined) {
      this.#push(meaning);
      return 2;
    }
    if (next !== 0x75) {
      this.#push(0x5c);
      return 1;
    }
    let value = 0;
    for (let k = 2; k < 6; k++) {
      const digit = hexAt(this.raw, i + k);
      if (digit === END && !this.final) return 0;
      if (digit < 0) {
        this.#push(0x5c);
        return 1;
      }
      value = value * 16 + digit;
    }
    this.#push(value === 0x22 ? ESCAPED_QUOTE : value);
    return 6;
  }
}

/** Backslashes before one quote: JSON in JSON in JSON has seven. */
const NESTED = 64;

/** `\n`, `\r` and `\t` end a word; a quote keeps what it was; `\/` is a slash. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
  [0x22, ESCAPED_QUOTE],
  [0x27, ESCAPED_QUOTE],
  [0x2f, 0x2f],
]);

const END = -2;
function hexAt(text: string, i: number): number {
  if (i >= text.length) return END;
  const code = text.charCodeAt(i) | 32;
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

function textOf(codes: readonly number[]): string {
  let text = "";
  for (let i = 0; i < codes.length; i += 8_192) text += String.fromCharCode(...codes.slice(i, i + 8_192));
  return text;
}

const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
const isControl = (code: number): boolean => (code < 32 && code !== 9 && code !== 10 && code !== 13) || code === 127;

/** Ranges of what is not seen: controls, soft hyphen, joiners, bidi marks, variation selectors, combining marks, tags. */
const INVISIBLE: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x300, 0x36f],
  [0x483, 0x489],
  [0x591, 0x5bd],
  [0x5bf, 0x5bf],
  [0x5c1, 0x5c2],
  [0x610, 0x61c],
  [0x64b, 0x65f],
  [0x670, 0x670],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x1ab0, 0x1aff],
  [0x1dc0, 0x1dff],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x20d0, 0x20ff],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfe20, 0xfe2f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d165, 0x1d169],
  [0x1d16d, 0x1d182],
  [0xe0000, 0xe0fff],
];

function isInvisible(point: number): boolean {
  for (const [from, to] of INVISIBLE) {
    if (point < from) return false;
    if (point <= to) return true;
  }
  return false;
}

const isLatin = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 45 || code === 95;

/**
 * Cyrillic and Greek letters that look like Latin ones, small and capital ones alike: a word has to be the same word in
 * any case.
 */
const LOOKALIKES: ReadonlyMap<number, string> = new Map(
  [
    ["a", "\u0430\u0410"], ["c", "\u0441\u0421"], ["e", "\u0435\u0415"], ["i", "\u0456\u0406\u03b9\u0399"],
    ["j", "\u0458\u0408"], ["k", "\u043a\u041a\u03ba\u039a"], ["l", "\u04cf\u04c0"], ["o", "\u043e\u041e\u03bf\u039f"],
    ["p", "\u0440\u0420\u03c1\u03a1"], ["q", "\u051b\u051a"], ["s", "\u0455\u0405"], ["w", "\u051d\u051c"],
    ["x", "\u0445\u0425"], ["y", "\u0443\u0423"], ["d", "\u0501\u0500"], ["h", "\u04bb\u04ba"],
  ].flatMap(([latin = "", others = ""]) =>
    Array.from(others).map((other) => [other.charCodeAt(0), other === other.toLowerCase() ? latin : latin.toUpperCase()] as const),
  ),
); // prettier-ignore
/** The Latin letter that one looks like; undefined for all others. */
export const lookalike = (code: number): string | undefined => LOOKALIKES.get(code);

/** Letters that fold to themselves, for speed: most text of the world is made of these. */
const OWN: readonly (readonly [number, number])[] = [
  [0xc0, 0x131],
  [0x370, 0x1cff],
  [0x3040, 0x30ff],
  [0x3400, 0x9fff],
  [0xac00, 0xd7a3],
  [0x1f300, 0x1faff],
  [0x20000, 0x3ffff],
];
/** Typographic dashes and quotes, which NFKC leaves alone. */
const TYPOGRAPHY: ReadonlyMap<number, string> = new Map([
  ...[0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212].map((dash) => [dash, "-"] as const),
  ...[0x2018, 0x2019, 0x201b].map((quote) => [quote, "'"] as const),
  ...[0x201c, 0x201d, 0x201e, 0x201f].map((quote) => [quote, '"'] as const),
]);

const MEMO_LIMIT = 4_096;
const memo = new Map<number, string>();

function foldPoint(point: number): string {
  if (OWN.some(([from, to]) => point >= from && point <= to)) return String.fromCodePoint(point);
  const known = TYPOGRAPHY.get(point) ?? memo.get(point);
  if (known !== undefined) return known;
  const folded = String.fromCodePoint(point).normalize("NFKC");
  if (memo.size >= MEMO_LIMIT) memo.clear();
  memo.set(point, folded);
  return folded;
}
