import type { Clock, Timer } from "./clock.js";
import { isThenable } from "./thenable.js";

/** Settles as `pending` does, or rejects with `expired()` after `ms`. What comes later is dropped. */
export function within<T>(
  pending: PromiseLike<T>,
  ms: number | null,
  clock: Clock,
  expired: () => unknown,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: Timer | undefined;
    if (ms !== null) timer = clock.setTimeout(() => reject(expired()), ms);
    const stop = (): void => {
      if (timer !== undefined) clock.clearTimeout(timer);
    };
    pending.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}

/** Calls `fn` and waits for it under a limit; a synchronous throw becomes a rejection. */
export async function callWithin(
  fn: () => unknown,
  ms: number,
  clock: Clock,
  expired: () => unknown,
): Promise<unknown> {
  const result = fn();
  return isThenable(result) ? within(result, ms, clock, expired) : result;
}
