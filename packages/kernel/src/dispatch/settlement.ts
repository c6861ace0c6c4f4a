import type { AnyHookDef } from "../hook.js";
import type { Tap } from "../tap.js";
import { isThenable } from "../thenable.js";
import type { Hold } from "../verdict.js";
import { waitFor, type DispatchEnv } from "./compiler.js";

/** One hold and the tap it came from. */
export interface Held {
  readonly tap: Tap;
  readonly hold: Hold<unknown>;
}

/**
 * How to end a reservation. The first call decides: whatever comes later does nothing and returns the same result.
 * Neither ever throws: what a hold throws is recorded as a fault of its plugin.
 */
export interface Settlement<A> {
  /** The work is done and cost `actual`. */
  settle(actual: A): void | Promise<void>;
  /** The work did not happen. Gives back in reverse order. */
  release(reason: string): void | Promise<void>;
  readonly settled: boolean;
}

/** For reservations in which nobody took anything. */
export const NOTHING_HELD: Settlement<never> = Object.freeze({
  settle: () => undefined,
  release: () => undefined,
  settled: true,
});

/** Runs `end` for each, in order, and waits only for promises. Faults are recorded, and never keep the next from running. */
function endAll(
  env: DispatchEnv,
  def: AnyHookDef,
  holds: readonly Held[],
  end: (held: Held) => unknown,
): void | Promise<void> {
  for (let i = 0; i < holds.length; i++) {
    const held = holds[i]!;
    try {
      const pending = end(held);
      if (isThenable(pending)) return endRest(env, def, holds, end, i, pending);
    } catch (error) {
      recordFault(env, def, held.tap, error);
    }
  }
}

async function endRest(
  env: DispatchEnv,
  def: AnyHookDef,
  holds: readonly Held[],
  end: (held: Held) => unknown,
  from: number,
  first: PromiseLike<unknown>,
): Promise<void> {
  for (let i = from; i < holds.length; i++) {
    const held = holds[i]!;
    try {
      const pending = i === from ? first : end(held);
      if (isThenable(pending)) await waitFor(env, def, held.tap, pending);
    } catch (error) {
      recordFault(env, def, held.tap, error);
    }
  }
}

function recordFault(env: DispatchEnv, def: AnyHookDef, tap: Tap, error: unknown): void {
  env.faults.record(def, tap, env.faults.attribute(def, tap, error));
}

/** Gives back what was taken, last taken first. */
export function releaseAll(
  env: DispatchEnv,
  def: AnyHookDef,
  holds: readonly Held[],
  reason: string,
): void | Promise<void> {
  return endAll(env, def, holds.toReversed(), ({ hold }) => hold.release?.(reason));
}

export function settlementOf(env: DispatchEnv, def: AnyHookDef, holds: readonly Held[]): Settlement<unknown> {
  let outcome: { readonly result: void | Promise<void> } | null = null;
  const once = (end: () => void | Promise<void>): void | Promise<void> => {
    // Set before anything runs: a hold that settles again from within must not run twice.
    if (outcome === null) {
      outcome = { result: undefined };
      outcome = { result: end() };
    }
    return outcome.result;
  };
  return {
    settle: (actual) => once(() => endAll(env, def, holds, ({ hold }) => hold.settle?.(actual))),
    release: (reason) => once(() => releaseAll(env, def, holds, reason)),
    get settled() {
      return outcome !== null;
    },
  };
}
