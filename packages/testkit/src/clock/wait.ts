/** What this package needs of a clock; the kernel's `Clock` and `fakeClock()` both fit. */
export interface ClockLike {
  now(): number;
  setTimeout(fn: () => void, ms: number): object | number;
  clearTimeout(timer: object | number): void;
}

/** Real time. Unlike the kernel's, its timers keep the process alive: a script that waits must not end the program. */
export const realClock: ClockLike = {
  now: () => Date.now(),
  setTimeout: (fn, ms) => setTimeout(fn, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Resolves after `ms`; rejects with the signal's reason when it is aborted before. Leaves no timer or listener behind. */
export function delay(clock: ClockLike, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const onAbort = (): void => {
      clock.clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Never resolves; rejects with the signal's reason when it is aborted. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
