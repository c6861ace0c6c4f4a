import { Histogram } from "@graphtap/values";
import { addTokens, type CallStatus, count, noTokens, OTHER, type Outcomes, type Tokens } from "./tally.js";

/** Windows that figures are kept for: their length, and the slots it is made of. */
export const WINDOWS = {
  "1m": { windowMs: 60_000, slots: 60 },
  "5m": { windowMs: 300_000, slots: 60 },
  "1h": { windowMs: 3_600_000, slots: 60 },
  "24h": { windowMs: 86_400_000, slots: 96 },
} as const;
export type WindowName = keyof typeof WINDOWS;
const NAMES = Object.keys(WINDOWS) as readonly WindowName[];

/** What happened in one slot, or in a whole window. */
export interface Sum extends Outcomes {
  tokens: Tokens;
  /** Milliseconds of what ended well or with an error. */
  readonly durations: Histogram;
}
const newSum = (): Sum => ({
  ok: 0,
  failed: 0,
  denied: 0,
  cancelled: 0,
  paused: 0,
  tokens: noTokens(),
  durations: new Histogram(),
});

function merge(into: Sum, from: Sum): void {
  into.ok += from.ok;
  into.failed += from.failed;
  into.denied += from.denied;
  into.cancelled += from.cancelled;
  into.paused += from.paused;
  into.tokens = addTokens(into.tokens, from.tokens);
  into.durations.merge(from.durations);
}

/** One window of one series: a ring of slots, each made when something happens in it. */
class Ring {
  readonly #slots: ({ index: number; readonly sum: Sum } | undefined)[];
  readonly #slotMs: number;

  constructor({ windowMs, slots }: (typeof WINDOWS)[WindowName]) {
    this.#slots = new Array<undefined>(slots).fill(undefined);
    this.#slotMs = windowMs / slots;
  }

  at(now: number): Sum {
    const index = Math.floor(now / this.#slotMs);
    const place = index % this.#slots.length;
    const slot = this.#slots[place];
    if (slot?.index === index) return slot.sum;
    const sum = newSum();
    this.#slots[place] = { index, sum };
    return sum;
  }

  /** Whether nothing of it is within its window any more. */
  isOver(now: number): boolean {
    const oldest = Math.floor(now / this.#slotMs) - this.#slots.length;
    return this.#slots.every((slot) => slot === undefined || slot.index <= oldest);
  }

  /** Adds up the slots that are not over: the one that runs and those before it. */
  addTo(into: Sum, now: number): void {
    const oldest = Math.floor(now / this.#slotMs) - this.#slots.length;
    for (const slot of this.#slots) if (slot !== undefined && slot.index > oldest) merge(into, slot.sum);
  }
}

/** The length of the shortest slot; every other one is a multiple of it. */
const FINEST = 1_000;

/**
 * One series in every window. What happens within one shortest slot is counted once, and goes into the windows when that
 * slot is over or somebody asks.
 */
class Series {
  readonly #rings: Readonly<Record<WindowName, Ring>> = {
    "1m": new Ring(WINDOWS["1m"]),
    "5m": new Ring(WINDOWS["5m"]),
    "1h": new Ring(WINDOWS["1h"]),
    "24h": new Ring(WINDOWS["24h"]),
  };
  #open: Sum | null = null;
  #openAt = 0;
  /** The first moment that is no longer in the open slot. */
  #openUntil = Number.NEGATIVE_INFINITY;

  add(now: number, { status, durationMs, tokens }: Happened): void {
    if (now >= this.#openUntil) {
      this.#settle();
      this.#openUntil = (Math.floor(now / FINEST) + 1) * FINEST;
    }
    this.#openAt = now;
    const sum = (this.#open ??= newSum());
    if (status !== null) count(sum, status);
    if (durationMs !== null && (status === "ok" || status === "error")) sum.durations.record(durationMs);
    if (tokens !== undefined && tokens !== null) sum.tokens = addTokens(sum.tokens, tokens);
  }

  /** Whether nothing of it is within any window any more. */
  isOver(now: number): boolean {
    this.#settle();
    return this.#rings["24h"].isOver(now);
  }

  addTo(into: Sum, window: WindowName, now: number): void {
    this.#settle();
    this.#rings[window].addTo(into, now);
  }

  #settle(): void {
    if (this.#open === null) return;
    for (const name of NAMES) merge(this.#rings[name].at(this.#openAt), this.#open);
    this.#open = null;
  }
}

/** What is counted in series. `category`: failures by what kind they were. */
export type SeriesKind = "run" | "model" | "tool" | "category";

export interface Happened {
  /** Null: nothing was called, only tokens are told. */
  readonly status: CallStatus | null;
  /** Milliseconds; null where it took none. */
  readonly durationMs: number | null;
  readonly tokens?: Tokens | null;
}

/**
 * Counts and percentiles of the last minute, five minutes, hour and day. What a question costs does not depend on how
 * much happened, and memory is bounded: so many series, each of so many slots. Time is monotonic, in milliseconds.
 */
export class Rolling {
  readonly #total = new Map<SeriesKind, Series>();
  readonly #named = new Map<SeriesKind, Map<string, Series>>();
  readonly #maxSeries: number;
  readonly #monotonic: () => number;
  readonly #since: number;
  #series = 0;
  #forgotAt = 0;
  #overflowed = 0;

  /** @param maxSeries names that are told apart, over all kinds; more are counted under `__other__` */
  constructor(maxSeries: number, monotonic: () => number) {
    this.#maxSeries = maxSeries;
    this.#monotonic = monotonic;
    this.#since = monotonic();
  }

  /** Events that were counted under `__other__`. */
  get overflowed(): number {
    return this.#overflowed;
  }
  get series(): number {
    return this.#series;
  }

  record(kind: SeriesKind, name: string, happened: Happened): void {
    const now = this.#monotonic();
    let total = this.#total.get(kind);
    if (total === undefined) this.#total.set(kind, (total = new Series()));
    total.add(now, happened);
    this.#seriesOf(kind, name).add(now, happened);
  }

  /** All of a kind, or those of one name. */
  sum(kind: SeriesKind, window: WindowName, name?: string): Sum {
    const sum = newSum();
    const series = name === undefined ? this.#total.get(kind) : this.#named.get(kind)?.get(name);
    series?.addTo(sum, window, this.#monotonic());
    return sum;
  }

  /** Names of a kind that are told apart: those with figures, and those that nobody has taken the place of yet. */
  names(kind: SeriesKind): readonly string[] {
    return [...(this.#named.get(kind)?.keys() ?? [])];
  }

  /** Milliseconds of a window that have been seen: less than its length while the process is younger. */
  coveredMs(window: WindowName): number {
    return Math.min(WINDOWS[window].windowMs, this.#monotonic() - this.#since);
  }

  /** Makes room: what has had no figures for a day has none to lose. */
  #forget(): void {
    const now = this.#monotonic();
    if (now - this.#forgotAt < FORGET_MS) return;
    this.#forgotAt = now;
    for (const named of this.#named.values())
      for (const [name, series] of named) {
        if (name === OTHER || !series.isOver(now)) continue;
        named.delete(name);
        this.#series--;
      }
  }

  #seriesOf(kind: SeriesKind, name: string): Series {
    let named = this.#named.get(kind);
    if (named === undefined) this.#named.set(kind, (named = new Map()));
    const known = named.get(name);
    if (known !== undefined) return known;
    if (this.#series >= this.#maxSeries) this.#forget();
    if (this.#series >= this.#maxSeries) {
      this.#overflowed++;
      let other = named.get(OTHER);
      if (other === undefined) named.set(OTHER, (other = new Series()));
      return other;
    }
    this.#series++;
    if (this.#series === this.#maxSeries) this.#forgotAt = this.#monotonic();
    const made = new Series();
    named.set(name, made);
    return made;
  }
}

/** How often it is looked for names that may go; looking costs as much as there are names. */
const FORGET_MS = 900_000;
