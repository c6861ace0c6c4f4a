import type { Clock } from "./clock.js";
import type { Tap } from "./tap.js";
import { finishing } from "./thenable.js";

/** What one tap cost while it was timed. */
export interface TapProfile {
  readonly hook: string;
  readonly plugin: string;
  readonly calls: number;
  /** Milliseconds in all, waiting included; for around taps without the time spent in `next`. */
  readonly totalMs: number;
  readonly maxMs: number;
  readonly errors: number;
}

/** What was measured since profiling was last switched on. */
export interface Profile {
  readonly enabled: boolean;
  /** Milliseconds since the epoch; null if it was never on. */
  readonly since: number | null;
  /** Most expensive first. */
  readonly taps: readonly TapProfile[];
}

interface Account {
  readonly hook: string;
  readonly plugin: string;
  calls: number;
  totalMs: number;
  maxMs: number;
  errors: number;
}

/** Times taps by standing in for their functions; one account per tap, so it is bounded by the number of taps. */
export class Profiler {
  enabled = false;
  #since: number | null = null;
  #accounts = new Map<Tap["state"], Account>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    this.enabled = true;
    this.#since = this.#clock.now();
    this.#accounts = new Map();
  }

  stop(): void {
    this.enabled = false;
  }

  snapshot(): Profile {
    const taps = [...this.#accounts.values()].map((account) => ({ ...account })).sort((a, b) => b.totalMs - a.totalMs);
    return { enabled: this.enabled, since: this.#since, taps };
  }

  /** The same tap, timed. The state is shared, so faults and quarantine go on as before. */
  readonly register = (tap: Tap): Tap => {
    const account = this.#accountOf(tap);
    const fn: Tap["fn"] =
      tap.def.kind === "around"
        ? this.#timedAround(tap, account)
        : (value, ctx) => this.#timed(account, () => tap.fn(value, ctx), null);
    return { ...tap, fn };
  };

  #accountOf(tap: Tap): Account {
    let account = this.#accounts.get(tap.state);
    if (account === undefined) {
      account = { hook: tap.def.name, plugin: tap.plugin, calls: 0, totalMs: 0, maxMs: 0, errors: 0 };
      this.#accounts.set(tap.state, account);
    }
    return account;
  }

  #timedAround(tap: Tap, account: Account): Tap["fn"] {
    return (request, next, ctx) => {
      const below = new Below(this.#clock);
      const timedNext = (replaced?: unknown): unknown =>
        below.through(() => (next as (request?: unknown) => unknown)(replaced));
      return this.#timed(account, () => tap.fn(request, timedNext, ctx), below);
    };
  }

  #timed(account: Account, run: () => unknown, below: Below | null): unknown {
    const began = this.#clock.monotonic();
    const done = (failed: boolean): void => {
      const ms = Math.max(0, this.#clock.monotonic() - began - (below === null ? 0 : below.ms));
      account.calls++;
      account.totalMs += ms;
      account.maxMs = Math.max(account.maxMs, ms);
      if (failed) account.errors++;
    };
    return finishing(run, done);
  }
}

/** Time during which at least one `next` was under way. */
class Below {
  ms = 0;
  #active = 0;
  #since = 0;

  constructor(private readonly clock: Clock) {}

  through(run: () => unknown): unknown {
    if (this.#active++ === 0) this.#since = this.clock.monotonic();
    return finishing(run, () => {
      if (--this.#active === 0) this.ms += this.clock.monotonic() - this.#since;
    });
  }
}
