import { hookResultInvalid } from "../errors.js";
import type { AnyHookDef } from "../hook.js";
import { succeeded, type Tap } from "../tap.js";
import { isThenable } from "../thenable.js";
import { ALLOW, type Deny, type Hold } from "../verdict.js";
import { timedOut, waitFor, type Compiler, type DispatchEnv } from "./compiler.js";
import { denialOf, effectOf, failed, type Denial } from "./guard.js";
import { NOTHING_HELD, releaseAll, settlementOf, type Held, type Settlement } from "./settlement.js";

/** All were willing, or who refused. After a refusal nothing is held any more. */
export type Reservation<A> =
  | { readonly ok: true; readonly settlement: Settlement<A> }
  | ({ readonly ok: false } & Denial);

/** Nobody took anything; shared, so that it costs nothing. */
export const GRANTED: Reservation<never> = Object.freeze({ ok: true, settlement: NOTHING_HELD });

/** Takes from each tap in order; the first refusal gives back the earlier ones in reverse. */
export const compileReserve: Compiler = (def, taps, env) => {
  const refuse = (denial: Denial, holds: readonly Held[]): Reservation<unknown> | Promise<Reservation<unknown>> => {
    const refusal = { ok: false, ...denial } as const;
    const pending = releaseAll(env, def, holds, denial.code);
    return pending === undefined ? refusal : pending.then(() => refusal);
  };
  const fail = (
    tap: Tap,
    error: unknown,
    ctx: unknown,
    holds: readonly Held[],
  ): Reservation<unknown> | Promise<Reservation<unknown>> => {
    try {
      return refuse(failed(env, def, tap, error, ctx), holds);
    } catch (thrown) {
      const pending = releaseAll(env, def, holds, "INTERRUPTED");
      if (pending === undefined) throw thrown;
      return pending.then(() => {
        throw thrown;
      });
    }
  };
  const rest = async (
    from: number,
    first: PromiseLike<unknown>,
    holds: Held[],
    ctx: unknown,
    value: unknown,
  ): Promise<Reservation<unknown>> => {
    for (let i = from; i < taps.length; i++) {
      const tap = taps[i]!;
      let pending: PromiseLike<unknown> | null = null;
      try {
        let answer = i === from ? first : tap.fn(value, ctx);
        if (isThenable(answer)) answer = await waitFor(env, def, tap, (pending = answer));
        const denial = take(def, tap, answer, holds);
        if (denial !== null) return await refuse(denial, holds);
      } catch (error) {
        if (pending !== null && timedOut(error, def, tap)) releaseLate(env, def, tap, pending);
        return await fail(tap, error, ctx, holds);
      }
    }
    return reservationOf(env, def, holds);
  };
  return (value, ctx) => {
    let holds: Held[] | null = null;
    for (let i = 0; i < taps.length; i++) {
      const tap = taps[i]!;
      let denial: Denial | null;
      try {
        const answer = tap.fn(value, ctx);
        if (answer === undefined || answer === ALLOW) {
          succeeded(tap);
          continue;
        }
        holds ??= [];
        if (isThenable(answer)) return rest(i, answer, holds, ctx, value);
        denial = take(def, tap, answer, holds);
      } catch (error) {
        return fail(tap, error, ctx, holds ?? []);
      }
      if (denial !== null) return refuse(denial, holds);
    }
    return holds === null ? GRANTED : reservationOf(env, def, holds);
  };
};

function reservationOf(env: DispatchEnv, def: AnyHookDef, holds: readonly Held[]): Reservation<unknown> {
  return holds.length === 0 ? GRANTED : { ok: true, settlement: settlementOf(env, def, holds) };
}

function take(def: AnyHookDef, tap: Tap, answer: unknown, holds: Held[]): Denial | null {
  const effect = effectOf(answer);
  if (effect === "deny") {
    succeeded(tap);
    return denialOf(def, tap, answer as Deny);
  }
  if (isHold(answer)) holds.push({ tap, hold: answer });
  else if (answer !== undefined && effect !== "allow")
    throw hookResultInvalid(
      tap.plugin,
      def.name,
      "its answer is neither a hold nor a denial",
      "return nothing, deny(code, message) or { settle, release }.",
    );
  succeeded(tap);
  return null;
}

function isHold(answer: unknown): answer is Hold<unknown> {
  if (typeof answer !== "object" || answer === null) return false;
  const { settle, release } = answer as { settle?: unknown; release?: unknown };
  return typeof settle === "function" || typeof release === "function";
}

/** A hold that arrives after its tap was given up would be held for ever. */
function releaseLate(env: DispatchEnv, def: AnyHookDef, tap: Tap, pending: PromiseLike<unknown>): void {
  pending.then(
    (answer) => {
      if (isHold(answer)) void releaseAll(env, def, [{ tap, hold: answer }], "GUARD_TIMEOUT");
    },
    () => undefined,
  );
}
