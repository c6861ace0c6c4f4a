/** What `Clock.setTimeout` returns; opaque to everybody but the clock that made it. */
export type Timer = object | number;

/** Time as the kernel and its plugins see it. Replace it in tests to move time by hand. */
export interface Clock {
  /** Milliseconds since the epoch; may jump when the machine's time is set. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes backwards. For durations. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds. Must not keep the process alive. */
  setTimeout(fn: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** Node fires a longer delay at once, which would turn "very long" into "now". */
const LONGEST_DELAY_MS = 2_147_483_647;

/** The machine's own time. Its timers are unref'd: a pending time-out never keeps a process alive. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(fn: () => void, ms: number): Timer {
    const timer = setTimeout(fn, Math.min(ms, LONGEST_DELAY_MS));
    if (typeof timer === "object") timer.unref();
    return timer;
  },
  clearTimeout(timer: Timer): void {
    clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
});
