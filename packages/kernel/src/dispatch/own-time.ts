import type { Clock, Timer } from "../clock.js";
import { hookTimeout } from "../errors.js";
import type { AnyHookDef } from "../hook.js";
import type { Tap } from "../tap.js";
import { abandon, finishing, isThenable } from "../thenable.js";

/** The stopwatch of one around tap: it stands still while what the tap wraps is at work. */
export interface OwnTime {
  /** Runs `downstream` with the stopwatch stopped; refuses once the time is up. */
  paused(downstream: () => unknown): unknown;
  /** Settles as `pending` does, or rejects with HOOK_TIMEOUT when the tap has used up its own time. */
  limit(pending: PromiseLike<unknown>): Promise<unknown>;
  stop(): void;
}

export function startOwnTime(clock: Clock, def: AnyHookDef, tap: Tap, limitMs: number): OwnTime {
  let left = limitMs;
  let runningSince = clock.monotonic();
  /** Calls of `next` under way; a tap may hedge with several. */
  let below = 0;
  let timer: Timer | undefined;
  let expire: ((error: unknown) => void) | null = null;
  let expired = false;
  let stopped = false;

  const timeout = (): unknown =>
    hookTimeout(tap.plugin, def.name, limitMs, "its own code (time spent in next is not counted)");
  const disarm = (): void => {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
  };
  const arm = (): void => {
    if (expire === null || below > 0 || stopped || expired || timer !== undefined) return;
    timer = clock.setTimeout(
      () => {
        expired = true;
        expire?.(timeout());
      },
      Math.max(0, left),
    );
  };
  const pause = (): void => {
    if (below++ > 0) return;
    left -= clock.monotonic() - runningSince;
    disarm();
  };
  const resume = (): void => {
    if (--below > 0) return;
    runningSince = clock.monotonic();
    arm();
  };

  return {
    paused(downstream) {
      if (expired) throw timeout();
      pause();
      const result = finishing(downstream, resume);
      if (isThenable(result)) abandon(result);
      return result;
    },
    limit(pending) {
      const limited = new Promise((resolve, reject) => {
        expire = reject;
        if (below === 0) {
          const now = clock.monotonic();
          left -= now - runningSince;
          runningSince = now;
        }
        arm();
        const done = (): void => {
          stopped = true;
          disarm();
        };
        abandon(
          pending.then(
            (value) => (done(), resolve(value)),
            (error: unknown) => (done(), reject(error)),
          ),
        );
      });
      // The layer outside may not listen (yet).
      abandon(limited);
      return limited;
    },
    stop() {
      stopped = true;
      disarm();
    },
  };
}
