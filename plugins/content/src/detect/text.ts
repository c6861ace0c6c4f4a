import { PatternFilter } from "./patterns.js";
import type { Program } from "./program.js";
import { type Found, Sieve, type Sink, type TextFilter } from "./sieve.js";

/** A filter for a text in pieces: the user's patterns first, then the detectors. */
export function textFilter(program: Program, sink: Sink): TextFilter {
  if (program.patterns === null) return new Sieve(program, sink);
  return new Chain(program, program.patterns, sink);
}

class Chain implements TextFilter {
  readonly #first: PatternFilter;
  readonly #second: Sieve;
  #moved = false;

  constructor(program: Program, patterns: NonNullable<Program["patterns"]>, sink: Sink) {
    this.#first = new PatternFilter(patterns, (found) => {
      this.#moved ||= found.action !== "flag";
      sink(found);
    });
    // Offsets behind a hidden part would be those of another text.
    this.#second = new Sieve(program, (found) => sink(this.#moved ? new Unplaced(found) : found));
  }

  get held(): number {
    return this.#first.held + this.#second.held;
  }

  push(piece: string, final: boolean): string {
    return this.#second.push(this.#first.push(piece, final), final);
  }
}

class Unplaced implements Found {
  readonly id;
  readonly kind;
  readonly action;
  readonly from = -1;
  readonly to = -1;
  readonly encoding;
  readonly sample;
  constructor({ id, kind, action, encoding, sample }: Found) {
    this.id = id;
    this.kind = kind;
    this.action = action;
    this.encoding = encoding;
    this.sample = sample;
  }
}

/** Longer texts go through in pieces, so that the memory needed does not grow with them. */
const PIECE = 65_536;

/** Filters a whole text; gives the same string where there is nothing to hide. */
export function filterText(program: Program, text: string, sink: Sink): string {
  if (text.length < program.shortest || program.sign?.test(text) === false) return text;
  const filter = textFilter(program, sink);
  if (text.length <= PIECE) return filter.push(text, true);
  let out = "";
  for (let at = 0; at < text.length; at += PIECE)
    out += filter.push(text.slice(at, at + PIECE), at + PIECE >= text.length);
  return out === text ? text : out;
}
