import type { Clock } from "./clock.js";

/** Something asynchronous that has not ended yet. */
export interface PendingAction {
  readonly plugin: string;
  /** Hook name, or "setup", "dispose", "flush". */
  readonly hook: string;
  /**
   * Milliseconds since it began. For an around call without a time-out at least that many, counted from when it was first
   * looked at (`inspect()`, the beginning of a drain), and null at that moment: no clock is read when it begins.
   */
  readonly ms: number | null;
}

/** Something that is entered; `plugin` may change while it is. */
export abstract class LedgerEntry {
  abstract readonly plugin: string;
  abstract readonly hook: string;
  /** By the monotonic clock; null: nobody looked at it yet. */
  since: number | null = null;
  /** Neighbours in the ledger, which is a list because entering and leaving it is part of every pending call. */
  older: LedgerEntry | null = null;
  newer: LedgerEntry | null = null;
  entered = false;
}

class Action extends LedgerEntry {
  constructor(
    readonly plugin: string,
    readonly hook: string,
    since: number,
  ) {
    super();
    this.since = since;
  }
}

const MAX_ENTRIES = 10_000;

/**
 * Remembers what is still being waited for, so that a drain or dispose that takes too long can name plugin and hook.
 * Only asynchronous taps are entered: synchronous ones cannot be pending. Holds at most 10,000; the rest is counted.
 */
export class Ledger {
  #oldest: LedgerEntry | null = null;
  #newest: LedgerEntry | null = null;
  #size = 0;
  readonly #clock: Clock;
  /** Actions that were not entered because the ledger was full. */
  dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  enter(plugin: string, hook: string): LedgerEntry {
    const entry = new Action(plugin, hook, this.#clock.monotonic());
    this.add(entry);
    return entry;
  }

  add(entry: LedgerEntry): void {
    if (this.#size >= MAX_ENTRIES) {
      this.dropped++;
      return;
    }
    this.#size++;
    entry.entered = true;
    entry.older = this.#newest;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  leave(entry: LedgerEntry): void {
    if (!entry.entered) return;
    const { older, newer } = entry;
    this.#size--;
    entry.entered = false;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    entry.older = entry.newer = null;
  }

  /** Oldest first. */
  pending(): readonly PendingAction[] {
    const now = this.#clock.monotonic();
    const found: PendingAction[] = [];
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) {
      found.push({ plugin: entry.plugin, hook: entry.hook, ms: entry.since === null ? null : now - entry.since });
      entry.since ??= now;
    }
    return found;
  }

  /** Begins to count the time of what was entered without reading the clock. */
  look(): void {
    const now = this.#clock.monotonic();
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) entry.since ??= now;
  }

  /** `(security) tool.authorize, 12300 ms` for each of the ten oldest. */
  describe(): readonly string[] {
    return this.pending()
      .slice(0, 10)
      .map(({ plugin, hook, ms }) => `(${plugin}) ${hook}${ms === null ? "" : `, ${Math.round(ms)} ms`}`);
  }
}
