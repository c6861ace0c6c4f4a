import type { ContentKind } from "../keys.js";
import { isAlnum } from "./chars.js";
import { fold, type Folded, thinned } from "./fold.js";
import type { Armed, Program } from "./program.js";
import { type Hit, HOLD, MORE, OPEN, type Swallow, View } from "./rule.js";

/** What was found in one text. */
export interface Found {
  readonly id: string;
  readonly kind: ContentKind;
  readonly action: Armed["action"];
  readonly from: number;
  /** Grows while what follows belongs to it. */
  to: number;
  readonly encoding: Hit["encoding"];
  readonly sample: string | null;
}
export type Sink = (found: Found) => void;

export const labelOf = (id: string): string => `[hidden:${id}]`;
const LABEL = "[hidden:";
const LABEL_LIMIT = 80;

/** A filter of one text that arrives in pieces of any size. Linear, and the same whatever the pieces. */
export interface TextFilter {
  /** Takes a piece in; gives what may leave. `final`: nothing comes after. */
  push(piece: string, final: boolean): string;
  /** Characters that are held back. */
  readonly held: number;
}

/** Looks for the rules of a program. Holds back no more than the beginning of what may still become a hit. */
export class Sieve implements TextFilter {
  #pending = "";
  /** Where `#pending` begins in the whole text. */
  #offset = 0;
  #before = -1;
  #swallow: Swallow | null = null;
  #current: Found | null = null;
  /** Flags are not repeated for what lies within a flagged part; in folded characters from `#pending`. */
  #flaggedTo = 0;

  constructor(
    readonly program: Program,
    readonly sink: Sink,
  ) {}

  get held(): number {
    return this.#pending.length;
  }

  push(piece: string, final: boolean): string {
    let raw = this.#pending === "" ? piece : this.#pending + piece;
    if (raw === "") return "";
    let folded = fold(raw, final);
    if (folded.crowded) {
      raw = thinned(raw);
      folded = fold(raw, final);
    }
    return new Pass(this, raw, folded, final).run();
  }

  /** @internal What a pass begins with. */
  begin(): { before: number; swallow: Swallow | null; current: Found | null; offset: number; flaggedTo: number } {
    return {
      before: this.#before,
      swallow: this.#swallow,
      current: this.#current,
      offset: this.#offset,
      flaggedTo: this.#flaggedTo,
    };
  }

  /** @internal What is left of a pass. */
  keep(
    pending: string,
    offset: number,
    before: number,
    swallow: Swallow | null,
    current: Found | null,
    flaggedTo: number,
  ): void {
    this.#pending = pending;
    this.#offset = offset;
    this.#before = before;
    this.#swallow = swallow;
    this.#current = current;
    this.#flaggedTo = flaggedTo;
  }
}

/** One run over the text at hand. */
class Pass {
  readonly #view: View;
  readonly #text: string;
  readonly #at: Int32Array | null;
  readonly #used: number;
  readonly #offset: number;
  #out = "";
  /** Raw text before this has left, or is hidden. */
  #from = 0;
  #swallow: Swallow | null;
  #current: Found | null;
  #flaggedTo: number;

  constructor(
    readonly sieve: Sieve,
    readonly raw: string,
    { text, at, used }: Folded,
    readonly final: boolean,
  ) {
    const state = sieve.begin();
    this.#view = new View(text, final, state.before);
    this.#text = text;
    this.#at = at;
    this.#used = used;
    this.#offset = state.offset;
    this.#swallow = state.swallow;
    this.#current = state.current;
    this.#flaggedTo = state.flaggedTo;
  }

  run(): string {
    const text = this.#text;
    const { byStart, anywhere, wide } = this.sieve.program;
    const n = text.length;
    let i = this.#swallow === null ? 0 : this.#swallowed(0);
    let inWord = i < n && isAlnum(this.#view.prev(i));
    while (i < n) {
      const code = text.charCodeAt(i);
      const alnum = isAlnum(code);
      const rules =
        code > 127 ? (wide.length > 0 ? wide : undefined) : alnum && inWord ? anywhere[code] : byStart[code];
      inWord = alnum;
      if (rules === undefined && code !== 91) {
        i++;
        continue;
      }
      const next = code === 91 ? this.#label(i) : i;
      const then = next === i && rules !== undefined ? this.#judge(rules, i) : next === i ? i + 1 : next;
      if (then === HELD) {
        this.#hold(i);
        return this.#out;
      }
      i = then;
      if (i < n && i > 0) inWord = isAlnum(this.#view.prev(i));
    }
    this.#done(n);
    return this.#out;
  }

  /** Our own label is no find: what was hidden once is not looked at again. Gives where to go on. */
  #label(i: number): number {
    for (let k = 0; k < LABEL.length; k++) {
      const code = this.#view.peek(i + k);
      if (code === OPEN) return HELD;
      if (code !== LABEL.charCodeAt(k)) return i;
    }
    const from = i + LABEL.length;
    for (let to = from; to - from < LABEL_LIMIT; to++) {
      const code = this.#view.peek(to);
      if (code === OPEN) return HELD;
      if (code === 93) return this.sieve.program.ids.has(this.#text.slice(from, to)) ? to + 1 : i;
      if (code < 0) return i;
    }
    return i;
  }

  /** Gives where to go on, or {@link HELD}. */
  #judge(rules: readonly Armed[], i: number): number {
    let flags: Found[] | null = null;
    let flagged = this.#flaggedTo;
    for (const { rule, action: own } of rules) {
      const found = rule.match(this.#view, i);
      if (found === null) continue;
      if (found === MORE) {
        // No rule needs more than this; if one did, nothing may be held without end.
        if (this.#text.length - i > HOLD) continue;
        return HELD;
      }
      const id = found.inner ?? rule.id;
      // What was found inside of something encoded decides, not that it was encoded.
      const action = found.inner === null ? own : (this.sieve.program.actions.get(found.inner) ?? own);
      const report: Found = {
        id,
        kind: found.kind ?? rule.kind,
        action,
        from: this.#offset + this.#start(found.from),
        to: this.#offset + this.#end(found.to),
        encoding: found.encoding,
        sample: found.sample,
      };
      if (action !== "flag") {
        for (const flag of flags ?? []) this.sieve.sink(flag);
        return this.#hide(found, id, report);
      }
      if (i < this.#flaggedTo) continue;
      (flags ??= []).push(report);
      flagged = Math.max(flagged, found.to);
    }
    for (const flag of flags ?? []) this.sieve.sink(flag);
    this.#flaggedTo = flagged;
    return i + 1;
  }

  #hide(found: Hit, id: string, report: Found): number {
    this.sieve.sink(report);
    this.#out += this.raw.slice(this.#from, this.#start(found.from)) + labelOf(id);
    this.#from = this.#end(found.to);
    const to = this.#unit(found.to);
    this.#view.cut = to;
    if (found.swallow === null) return to;
    this.#swallow = found.swallow;
    this.#current = report;
    return this.#swallowed(to);
  }

  /** Goes on hiding; gives the first character that does not belong to it. */
  #swallowed(from: number): number {
    const to = this.#unit((this.#swallow as Swallow).run(this.#text, from));
    this.#view.cut = to;
    if (to > from) {
      this.#from = this.#end(to);
      if (this.#current !== null) this.#current.to = this.#offset + this.#from;
    }
    if (to < this.#text.length || this.final) {
      this.#swallow = null;
      this.#current = null;
    }
    return to;
  }

  #hold(at: number): void {
    // One raw character may fold to several: it is held as a whole.
    let i = at;
    const starts = this.#at;
    if (starts !== null) while (i > 0 && starts[i - 1] === starts[i]) i--;
    const from = Math.max(this.#start(i), this.#from);
    this.#out += this.raw.slice(this.#from, from);
    this.#keep(from, i);
  }

  #done(n: number): void {
    const to = this.final ? this.raw.length : this.#used;
    this.#out += this.raw.slice(this.#from, to);
    this.#keep(to, n);
  }

  #keep(rawFrom: number, i: number): void {
    const { sieve, raw } = this;
    sieve.keep(
      rawFrom === 0 ? raw : raw.slice(rawFrom),
      this.#offset + rawFrom,
      this.#view.prev(i),
      this.#swallow,
      this.#current,
      Math.max(0, this.#flaggedTo - i),
    );
  }

  #start(i: number): number {
    return this.#at === null ? i : i < this.#at.length ? (this.#at[i] as number) : this.#used;
  }

  /** Where the raw characters of what comes before `i` end. */
  #end(i: number): number {
    return this.#start(this.#unit(i));
  }

  /** The first folded character of the next raw one. */
  #unit(i: number): number {
    const at = this.#at;
    if (at === null || i === 0) return i;
    let to = i;
    while (to < at.length && at[to] === at[to - 1]) to++;
    return to;
  }
}

const HELD = -1;
