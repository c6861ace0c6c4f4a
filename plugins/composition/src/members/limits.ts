import type { Clock } from "@graphtap/kernel";
import type { Config } from "./graph.js";

/** An end that was set for something, and the error that says so. */
export interface Limit {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly error: () => Error;
}

const SIGNALS = "__pregel_abort_signals";

/**
 * A config under which a nested graph stops when `signal` says so. LangGraph (1.7.3) hands a run's own signal on inside
 * `configurable` and prefers it to a signal that a nested call is given; without that entry it takes the one given.
 */
export function withSignal(config: Config, signal: AbortSignal | undefined): Config {
  if (signal === undefined) return config;
  return { ...config, signal, configurable: { ...config.configurable, [SIGNALS]: undefined } };
}

/**
 * Runs something under a signal that aborts with the signal around it, or when a limit ends. Does not wait for work that
 * takes no notice.
 *
 * @throws the limit's error when it ended; else what the work threw
 */
export async function within<T>(
  clock: Clock,
  outer: AbortSignal | undefined,
  limits: readonly Limit[],
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const [first] = limits.toSorted((a, b) => a.at - b.at);
  outer?.throwIfAborted();
  // A signal of its own for each member: many of them on one would pass the number of listeners that Node warns of.
  if (first === undefined) return work(outer === undefined ? undefined : AbortSignal.any([outer]));
  const left = first.at - clock.monotonic();
  if (left <= 0) throw first.error();
  const own = new AbortController();
  const signal = outer === undefined ? own.signal : AbortSignal.any([outer, own.signal]);
  let end = (): void => {};
  const ended = new Promise<never>((_, reject) => (end = () => reject(own.signal.reason as Error)));
  own.signal.addEventListener("abort", end, { once: true });
  const timer = clock.setTimeout(() => own.abort(first.error()), left);
  const working = work(signal);
  // Whichever loses still settles, and nobody asks it any more.
  ended.catch(() => undefined);
  working.catch(() => undefined);
  try {
    return await Promise.race([working, ended]);
  } catch (error) {
    // LangGraph says "Abort"; why is known here.
    throw own.signal.aborted && outer?.aborted !== true ? (own.signal.reason as Error) : error;
  } finally {
    clock.clearTimeout(timer);
  }
}
