import { RE2JS } from "re2js";
import type { ContentKind } from "../keys.js";
import { ESCAPED_QUOTE, fold, type Folded, thinned } from "./fold.js";
import type { Armed } from "./program.js";
import { type Found, labelOf, type Sink, type TextFilter } from "./sieve.js";

/** Longest match that is always found, in characters; a text is looked at in windows of twice this. */
const PATTERN_SPAN = 128;

/** A pattern of the user's, on an engine that is linear whatever the pattern. */
export interface Pattern {
  readonly id: string;
  readonly kind: ContentKind;
  readonly action: Armed["action"];
  readonly regex: RE2JS;
}

/** All patterns of a place, the first one first. */
export interface PatternSet {
  readonly patterns: readonly Pattern[];
  readonly ids: readonly string[];
}

const QUOTE = String.fromCharCode(ESCAPED_QUOTE);

/**
 * Looks for patterns in windows whose borders depend on the text alone, so that pieces make no difference. What is held
 * back is less than one window.
 */
export class PatternFilter implements TextFilter {
  #pending = "";
  #before = "";
  #offset = 0;

  constructor(
    readonly set: PatternSet,
    readonly sink: Sink,
  ) {}

  get held(): number {
    return this.#pending.length;
  }

  push(piece: string, final: boolean): string {
    let raw = this.#pending + piece;
    let folded = fold(raw, final);
    if (folded.crowded) {
      raw = thinned(raw);
      folded = fold(raw, final);
    }
    const text = folded.text.includes(QUOTE) ? folded.text.replaceAll(QUOTE, '"') : folded.text;
    const { length } = text;
    let out = "";
    let from = 0;
    let at = 0;
    while (at < length) {
      const whole = length - at >= 2 * PATTERN_SPAN;
      if (!whole && !final) break;
      const found = this.#find(text.slice(at, at + 2 * PATTERN_SPAN), whole ? PATTERN_SPAN : Infinity);
      if (found === null) {
        at = unit(folded, whole ? at + PATTERN_SPAN : length);
      } else {
        const start = startOf(folded, at + found.from);
        const end = startOf(folded, unit(folded, at + found.to));
        this.sink(reported(found.pattern, this.#offset + start, this.#offset + end));
        if (found.pattern.action !== "flag") {
          out += raw.slice(from, start) + labelOf(found.pattern.id);
          from = end;
        }
        at = unit(folded, at + found.to);
      }
      this.#before = text.charAt(at - 1);
    }
    const left = at < length ? startOf(folded, at) : final ? raw.length : folded.used;
    out += raw.slice(from, left);
    this.#pending = raw.slice(left);
    this.#offset += left;
    return out;
  }

  /** The leftmost match that begins before `limit`; of those that begin together, the first pattern's. */
  #find(window: string, limit: number): { pattern: Pattern; from: number; to: number } | null {
    const lead = this.#before.length;
    const text = this.#before + window;
    let best: { pattern: Pattern; from: number; to: number } | null = null;
    for (const pattern of this.set.patterns) {
      const matcher = pattern.regex.matcher(text);
      if (!matcher.find(lead)) continue;
      const from = matcher.start() - lead;
      const to = matcher.end() - lead;
      if (to <= from || from >= limit || (best !== null && from >= best.from)) continue;
      best = { pattern, from, to };
    }
    return best;
  }
}

const startOf = ({ at, used }: Folded, i: number): number =>
  at === null ? i : i < at.length ? (at[i] as number) : used;

/** The first folded character of the next raw one. */
function unit({ at }: Folded, i: number): number {
  let to = i;
  if (at !== null) while (to > 0 && to < at.length && at[to] === at[to - 1]) to++;
  return to;
}

const reported = ({ id, kind, action }: Pattern, from: number, to: number): Found => ({
  id,
  kind,
  action,
  from,
  to,
  encoding: null,
  sample: null,
});
