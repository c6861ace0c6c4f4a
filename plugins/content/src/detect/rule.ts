import type { ContentKind } from "../keys.js";
import { charSet, isWide, within } from "./chars.js";

/** More text is needed to tell. Never said of a text that has ended, and never for more than {@link HOLD} characters. */
export const MORE: unique symbol = Symbol("more text is needed");
/** Longest stretch of text that may have to be held back to judge its first character. */
export const HOLD = 256;
/** Spaces in a row that a pattern may have where one is meant. */
export const SPACES_LIMIT = 4;
/** What `peek` gives past the end of a text that may go on. */
export const OPEN = -2;

/** What goes on being hidden after the part that was recognised: its end need not be held back for. */
export interface Swallow {
  /** Takes characters from `from` on; gives the first one that does not belong to it. */
  run(text: string, from: number): number;
}

/** Something was found. Offsets are those of the folded text. */
export interface Hit {
  /** Where what has to be hidden begins; what is before it (a key, "Bearer") may be seen. */
  readonly from: number;
  readonly to: number;
  readonly swallow: Swallow | null;
  /** How it was written, where it was not in plain text. */
  readonly encoding: "base64" | "hex" | null;
  /** The rule that found it, where it was found inside of something encoded. */
  readonly inner: string | null;
  /** The kind of that; null where the rule's own is meant. */
  readonly kind: ContentKind | null;
  /** A masked sample that gives nothing away, such as `t***@example.com`. */
  readonly sample: string | null;
}

export const hit = (from: number, to: number, more?: Partial<Hit>): Hit => ({
  from,
  to,
  swallow: null,
  encoding: null,
  inner: null,
  kind: null,
  sample: null,
  ...more,
});

/** One thing to look for, as a function of the text from one position on: linear, and the same however the text was cut. */
export interface Rule {
  readonly id: string;
  readonly kind: ContentKind;
  /** Of what begins at one place, the higher one wins. */
  readonly priority: number;
  /** ASCII characters it may begin with. */
  readonly starts: string;
  /** It may begin with any character beyond ASCII. */
  readonly wide?: boolean;
  /** It may begin inside of a word. */
  readonly anywhere?: boolean;
  match(view: View, at: number): Hit | typeof MORE | null;
}

const LABEL_END = 93;
const UNDERSCORE = 95;
const STAR = 42;
const WORD = charSet("A-Za-z0-9.-");

/** The text that is at hand, folded. */
export class View {
  /** Where the last characters that may be the beginning of an address begin; a later one cannot be told apart. */
  readonly #tail: number;
  #at = -1;
  #sign = -1;
  #runFrom = -1;
  #runTo = -1;
  #asked = { at: -1, code: -1, cut: -1 };

  constructor(
    readonly text: string,
    readonly final: boolean,
    /** The character before the text; -1 at its beginning. */
    readonly before: number,
  ) {
    this.#tail = final ? text.length : tailOf(text);
  }

  /** The code of a character; -1 past the end of a text, {@link OPEN} where it may go on. */
  peek(i: number): number {
    return i < this.text.length ? this.text.charCodeAt(i) : this.final ? -1 : OPEN;
  }

  /** Where something hidden ends: what follows it begins anew, as it does behind our label. */
  cut = -1;

  /** The character before a position. An underscore that begins a word is a sign of emphasis, and reads as a star. */
  prev(i: number): number {
    const code = this.#before(i);
    if (code !== UNDERSCORE || i === 0) return code;
    let at = i - 1;
    // A run of underscores is gone through once, however often it is asked.
    const known = this.#asked.cut === this.cut ? this.#asked.at : -1;
    while (at !== known && this.#before(at) === UNDERSCORE && at > 0) at--;
    const first = at === known ? this.#asked.code : this.#before(at);
    const isWord = first === UNDERSCORE || within(WORD, first) || isWide(first);
    this.#asked = { at: i, code: isWord ? UNDERSCORE : STAR, cut: this.cut };
    return this.#asked.code;
  }

  #before(i: number): number {
    if (i === this.cut) return LABEL_END;
    return i === 0 ? this.before : this.text.charCodeAt(i - 1);
  }

  /** Whether a `:` or an `=` may follow within `span` characters. */
  mayBeKey(i: number, span: number): boolean {
    if (!this.final && this.text.length - i <= span) return true;
    if (this.#sign < i) {
      const colon = this.text.indexOf(":", i);
      const equals = this.text.indexOf("=", i);
      this.#sign = colon < 0 ? (equals < 0 ? Infinity : equals) : equals < 0 ? colon : Math.min(colon, equals);
    }
    return this.#sign - i <= span;
  }

  /** Where the characters of a set that go on from here end; remembered, for whoever asks from within. */
  runEnd(i: number, set: Uint8Array): number {
    if (i < this.#runFrom || i >= this.#runTo) {
      this.#runFrom = i;
      let to = i;
      for (; to < this.text.length; to++) {
        const code = this.text.charCodeAt(to);
        if (code > 127 || set[code] !== 1) break;
      }
      this.#runTo = to;
    }
    return this.#runTo;
  }

  /** Whether an `@` may follow from here on. */
  mayBeAddress(i: number): boolean {
    if (i >= this.#tail) return true;
    if (this.#at !== Infinity && this.#at < i) {
      const next = this.text.indexOf("@", i);
      this.#at = next < 0 ? Infinity : next;
    }
    return this.#at - i <= HOLD;
  }
}

/** The last word of a text, looked for no further back than what may be held. */
function tailOf(text: string): number {
  const least = Math.max(0, text.length - HOLD);
  for (let i = text.length - 1; i >= least; i--) {
    const code = text.charCodeAt(i);
    if (code === 32 || code === 10 || code === 13 || code === 9) return i + 1;
  }
  return least;
}

/** Goes on hiding as long as the characters are of a set. */
export function swallowSet(set: Uint8Array): Swallow {
  return {
    run(text, from) {
      let i = from;
      for (; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127 || set[code] !== 1) break;
      }
      return i;
    },
  };
}
