import type { Clock } from "../clock.js";
import { GraphTapError } from "../error.js";
import { hookTimeout } from "../errors.js";
import type { Faults } from "../faults.js";
import type { AnyHookDef } from "../hook.js";
import type { Ledger } from "../ledger.js";
import type { Tap } from "../tap.js";
import { within } from "../wait.js";

/** What every dispatcher shares. */
export interface DispatchEnv {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly ledger: Ledger;
}

export type Core = (request: unknown, ctx: unknown) => unknown;
export type Dispatcher = (value: unknown, ctx: unknown, core?: Core) => unknown;

/**
 * Turns a sorted list of at least one tap into the function that calls them. The synchronous part of every dispatcher
 * allocates nothing; it hands over to an async rest at the first promise a tap returns.
 */
export type Compiler = (def: AnyHookDef, taps: readonly Tap[], env: DispatchEnv) => Dispatcher;

/** Waits for one tap under its hook's time-out, entered in the ledger of pending actions meanwhile. */
export async function waitFor(
  env: DispatchEnv,
  def: AnyHookDef,
  tap: Tap,
  pending: PromiseLike<unknown>,
): Promise<unknown> {
  const entry = env.ledger.enter(tap.plugin, def.name);
  try {
    return await within(pending, def.timeoutMs, env.clock, () =>
      hookTimeout(tap.plugin, def.name, def.timeoutMs ?? 0, "the promise its tap returned"),
    );
  } finally {
    env.ledger.leave(entry);
  }
}

/** True for the time-out of this very tap, not of a hook it called itself. */
export function timedOut(error: unknown, def: AnyHookDef, tap: Tap): boolean {
  return (
    GraphTapError.isInstance(error) &&
    error.code === "HOOK_TIMEOUT" &&
    error.plugin === tap.plugin &&
    error.hook === def.name
  );
}
