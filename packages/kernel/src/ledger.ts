import type { Clock } from "./clock.js";

/** Something asynchronous that has not ended yet. */
export interface PendingAction {
  readonly plugin: string;
  /** Hook name, or "setup", "dispose", "flush". */
  readonly hook: string;
  /** Milliseconds since it began. */
  readonly ms: number;
}

/** Something that is entered; `plugin` may change while it is. */
export interface LedgerEntry {
  readonly plugin: string;
  readonly hook: string;
  /** By the monotonic clock. */
  readonly since: number;
}

const MAX_ENTRIES = 10_000;

/**
 * Remembers what is still being waited for, so that a drain or dispose that takes too long can name plugin and hook.
 * Only asynchronous taps are entered: synchronous ones cannot be pending. Holds at most 10,000; the rest is counted.
 */
export class Ledger {
  readonly #entries = new Set<LedgerEntry>();
  readonly #clock: Clock;
  /** Actions that were not entered because the ledger was full. */
  dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  enter(plugin: string, hook: string): LedgerEntry {
    const entry = { plugin, hook, since: this.#clock.monotonic() };
    this.add(entry);
    return entry;
  }

  add(entry: LedgerEntry): void {
    if (this.#entries.size >= MAX_ENTRIES) this.dropped++;
    else this.#entries.add(entry);
  }

  leave(entry: LedgerEntry): void {
    this.#entries.delete(entry);
  }

  /** Oldest first. */
  pending(): readonly PendingAction[] {
    const now = this.#clock.monotonic();
    return [...this.#entries].map(({ plugin, hook, since }) => ({ plugin, hook, ms: now - since }));
  }

  /** `(security) tool.authorize, 12300 ms` for each of the ten oldest. */
  describe(): readonly string[] {
    return this.pending()
      .slice(0, 10)
      .map(({ plugin, hook, ms }) => `(${plugin}) ${hook}, ${Math.round(ms)} ms`);
  }
}
