/** At most `limit` calls in any `windowMs` milliseconds. A limit of 0 never admits one. */
export interface RateWindow {
  readonly limit: number;
  /** Milliseconds. */
  readonly windowMs: number;
}

/** What a limit says: of several windows the one that decides, that is the longest to wait for or the least left. */
export interface RateStatus {
  readonly allowed: boolean;
  readonly limit: number;
  /** Milliseconds. */
  readonly windowMs: number;
  /** Calls left now, after this one where it was admitted. */
  readonly remaining: number;
  /** Epoch milliseconds at which a call of now drops out and one more fits; null when none is counted. */
  readonly resetAt: number | null;
  /** Milliseconds to wait; 0 when allowed, null when waiting does not help. */
  readonly retryAfterMs: number | null;
}

/** A call wants room under all windows of one key. */
export interface RateWish {
  readonly key: string;
  readonly windows: readonly RateWindow[];
}

/** Time as limits need it: `monotonic` decides, so that a set clock frees nothing; `epoch` is for answers. */
export interface Moment {
  readonly monotonic: number;
  readonly epoch: number;
}

/** What a limiter gave. */
export type Taken =
  | { readonly ok: true; readonly statuses: readonly RateStatus[]; release(): void }
  | { readonly ok: false; readonly wish: RateWish; readonly status: RateStatus | null };

interface Log {
  /** Ascending; those before `head` no longer count. */
  times: number[];
  head: number;
  /** The longest window this key was asked about: older calls count nowhere. */
  horizonMs: number;
}

const FIRST_SWEEP = 1_024;
const SWEEP_PAUSE_MS = 1_000;

/**
 * Exact sliding windows: each admitted call is remembered for as long as a window can see it, so no interval of a
 * window's length ever holds more calls than its limit. Knows nothing of grants: a new limit meets the old calls.
 */
export class RateLimiter {
  readonly #logs = new Map<string, Log>();
  readonly #maxEntries: number;
  #entries = 0;
  #sweepAt = FIRST_SWEEP;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #refusedFull = 0;

  /** @param maxEntries calls remembered in all; beyond it calls are refused, for forgetting one would lift a limit */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Calls remembered. */
  get entries(): number {
    return this.#entries;
  }
  get keys(): number {
    return this.#logs.size;
  }
  /** Calls refused because no more could be remembered. */
  get refusedFull(): number {
    return this.#refusedFull;
  }

  /** Every window of a wish as it stands; takes nothing. */
  peek({ key, windows }: RateWish, at: Moment): readonly RateStatus[] {
    const log = this.#logs.get(key);
    return windows.map((window) => statusOf(log, window, at));
  }

  /** Takes room under every window of every wish, or nothing at all. */
  take(wishes: readonly RateWish[], at: Moment): Taken {
    let refused: { wish: RateWish; status: RateStatus } | null = null;
    let needed = 0;
    for (const wish of wishes) {
      if (wish.windows.length === 0) continue;
      needed++;
      const status = decisive(this.peek(wish, at));
      if (status?.allowed === false && (refused === null || waits(status) > waits(refused.status)))
        refused = { wish, status };
    }
    if (refused !== null) return { ok: false, ...refused };
    if (!this.#room(needed, at.monotonic)) {
      this.#refusedFull++;
      return { ok: false, wish: wishes[0] as RateWish, status: null };
    }
    const counted = wishes.filter(({ windows }) => windows.length > 0);
    for (const { key, windows } of counted) this.#push(key, windows, at.monotonic);
    const statuses = counted.flatMap((wish) => decisive(this.peek(wish, at), true) ?? []);
    let held = true;
    const release = (): void => {
      if (held) for (const { key } of counted) this.#remove(key, at.monotonic);
      held = false;
    };
    return { ok: true, statuses, release };
  }

  #push(key: string, windows: readonly RateWindow[], now: number): void {
    let log = this.#logs.get(key);
    if (log === undefined) this.#logs.set(key, (log = { times: [], head: 0, horizonMs: 0 }));
    for (const { windowMs } of windows) log.horizonMs = Math.max(log.horizonMs, windowMs);
    this.#prune(log, now);
    log.times.push(now);
    this.#entries++;
  }

  /** Calls of one moment are alike, so any of that moment may be given back. */
  #remove(key: string, time: number): void {
    const log = this.#logs.get(key);
    if (log === undefined) return;
    const at = log.times.lastIndexOf(time);
    if (at < log.head) return;
    log.times.splice(at, 1);
    this.#entries--;
    if (log.head === log.times.length) this.#logs.delete(key);
  }

  #prune(log: Log, now: number): void {
    const { times, horizonMs } = log;
    const before = log.head;
    while (log.head < times.length && !counts(times[log.head] as number, horizonMs, now)) log.head++;
    this.#entries -= log.head - before;
    if (log.head > 16 && log.head * 2 > times.length) {
      log.times = times.slice(log.head);
      log.head = 0;
    }
  }

  #room(needed: number, now: number): boolean {
    const wanted = this.#entries + needed;
    const full = wanted > this.#maxEntries;
    // A full table is looked through once a second, not at every call that it refuses.
    if (wanted > this.#sweepAt || (full && now - this.#sweptAt >= SWEEP_PAUSE_MS)) this.#sweep(now);
    return this.#entries + needed <= this.#maxEntries;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [key, log] of this.#logs) {
      this.#prune(log, now);
      if (log.head === log.times.length) this.#logs.delete(key);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#entries * 2);
  }
}

/** A call counts for `windowMs` milliseconds, and not at the moment they are over. */
const counts = (time: number, windowMs: number, now: number): boolean => time + windowMs > now;

/** Index of the first call that a window still sees. */
function firstCounted({ times, head }: Log, windowMs: number, now: number): number {
  let low = head;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (counts(times[middle] as number, windowMs, now)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function statusOf(log: Log | undefined, { limit, windowMs }: RateWindow, { monotonic, epoch }: Moment): RateStatus {
  const first = log === undefined ? 0 : firstCounted(log, windowMs, monotonic);
  const used = log === undefined ? 0 : log.times.length - first;
  const endsIn = (index: number): number => Math.ceil((log?.times[index] ?? 0) + windowMs - monotonic);
  const allowed = used < limit;
  return {
    allowed,
    limit,
    windowMs,
    remaining: Math.max(0, limit - used),
    resetAt: used === 0 ? null : epoch + endsIn(first),
    // More may be counted than fit, where a limit was lowered: all of those have to drop out.
    retryAfterMs: allowed ? 0 : limit === 0 ? null : endsIn(first + used - limit),
  };
}

const waits = ({ retryAfterMs }: RateStatus): number => retryAfterMs ?? Number.POSITIVE_INFINITY;

/** Of several windows the one that decides; undefined where there is none. `taken`: the call itself is among the counted. */
export function decisive(statuses: readonly RateStatus[], taken = false): RateStatus | undefined {
  const [first, ...others] = taken
    ? statuses.map((status) => ({ ...status, allowed: true, retryAfterMs: 0 }))
    : statuses;
  if (first === undefined) return undefined;
  return others.reduce(
    (worst, status) =>
      waits(status) > waits(worst) || (waits(status) === waits(worst) && status.remaining < worst.remaining)
        ? status
        : worst,
    first,
  );
}
