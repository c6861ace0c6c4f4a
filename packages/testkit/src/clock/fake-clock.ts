import { clockInvalid, clockRunaway } from "../errors.js";

interface FakeTimer {
  readonly due: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Time that moves only when told to. Fits the kernel's `Clock`, so it can be given to a stack. */
export interface FakeClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since the clock was made; unmoved by `jump`. */
  monotonic(): number;
  setTimeout(fn: () => void, ms: number): object;
  clearTimeout(timer: object | number): void;
  /** Moves time on and fires the timers that fall due on the way, in order, at their own time; also those set meanwhile. */
  advance(ms: number): void;
  /** As `advance`, and lets pending promises run before the first timer, between timers and after the last. */
  advanceAsync(ms: number): Promise<void>;
  /** Moves the wall clock alone, back too, as setting the machine's time does. No timer fires. */
  jump(ms: number): void;
  /** Timers that wait to fire. A test that ends with more than it began with has found a leak. */
  readonly pending: number;
}

// Far above what a test means, far below what a human waits for.
const MOST_FIRINGS_AT_ONE_TIME = 10_000;

class Timeline {
  elapsed = 0;
  readonly timers = new Set<FakeTimer>();
  #order = 0;
  #firedNow = 0;

  add(fire: () => void, ms: number): FakeTimer {
    const timer: FakeTimer = { due: this.elapsed + (ms > 0 ? ms : 0), order: this.#order++, fire };
    this.timers.add(timer);
    return timer;
  }

  /** Fires the next timer that is due by `until`; false when there is none. */
  step(until: number): boolean {
    let next: FakeTimer | null = null;
    for (const timer of this.timers)
      if (
        timer.due <= until &&
        (next === null || timer.due < next.due || (timer.due === next.due && timer.order < next.order))
      )
        next = timer;
    if (next === null) return false;
    this.#firedNow = next.due > this.elapsed ? 1 : this.#firedNow + 1;
    if (this.#firedNow > MOST_FIRINGS_AT_ONE_TIME) throw clockRunaway(MOST_FIRINGS_AT_ONE_TIME);
    this.elapsed = Math.max(this.elapsed, next.due);
    this.timers.delete(next);
    next.fire();
    return true;
  }
}

function startOf(start: string | number | Date): number {
  const time = typeof start === "number" ? start : new Date(start).getTime();
  if (!Number.isFinite(time)) throw clockInvalid(`"${String(start)}" is not a date`);
  return time;
}

// A macrotask: every promise that can settle without outside help has settled when it runs.
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * A clock for tests. Starts at 2026-01-01T00:00:00Z unless told otherwise.
 *
 * @example
 * const clock = fakeClock("2026-01-01T23:00:00Z");
 * const stack = createStack({ plugins: [quietHours()], clock });
 * clock.advance(8 * 3_600_000);
 */
export function fakeClock(start: string | number | Date = "2026-01-01T00:00:00Z"): FakeClock {
  let wallStart = startOf(start);
  const line = new Timeline();
  const target = (ms: number): number => {
    if (!(ms >= 0) || !Number.isFinite(ms)) throw clockInvalid(`cannot advance by ${ms} ms`);
    return line.elapsed + ms;
  };
  return {
    now: () => wallStart + line.elapsed,
    monotonic: () => line.elapsed,
    setTimeout: (fn, ms) => line.add(fn, ms),
    clearTimeout: (timer) => void line.timers.delete(timer as FakeTimer),
    advance(ms) {
      const until = target(ms);
      while (line.step(until));
      line.elapsed = until;
    },
    async advanceAsync(ms) {
      const until = target(ms);
      do await settle();
      while (line.step(until));
      line.elapsed = Math.max(line.elapsed, until);
      await settle();
    },
    jump(ms) {
      if (!Number.isFinite(ms)) throw clockInvalid(`cannot jump by ${ms} ms`);
      wallStart += ms;
    },
    get pending() {
      return line.timers.size;
    },
  };
}
