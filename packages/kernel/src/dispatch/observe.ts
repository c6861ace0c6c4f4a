import { hookResultInvalid } from "../errors.js";
import type { Passing } from "../faults.js";
import { succeeded } from "../tap.js";
import { abandon, isThenable } from "../thenable.js";
import { waitFor, type Compiler } from "./compiler.js";

/**
 * Observers in order. A fault of one never keeps the next from running, unless the hook's fault is `throw`; control flow
 * and aborts reach the caller untouched, after everybody has seen the event.
 */
const observers =
  (waits: boolean): Compiler =>
  (def, taps, env) => {
    const rest = async (
      from: number,
      first: PromiseLike<unknown>,
      value: unknown,
      ctx: unknown,
      earlier: Passing | null,
    ): Promise<undefined> => {
      let passing = earlier;
      for (let i = from; i < taps.length; i++) {
        const tap = taps[i]!;
        if (i > from && tap.state.quarantined) continue;
        try {
          const result = i === from ? first : tap.fn(value, ctx);
          if (isThenable(result)) await waitFor(env, def, tap, result);
          succeeded(tap);
        } catch (error) {
          passing = env.faults.observe(def, tap, error, ctx, passing);
        }
      }
      if (passing !== null) throw passing.error;
      return undefined;
    };
    return (value, ctx) => {
      let passing: Passing | null = null;
      for (let i = 0; i < taps.length; i++) {
        const tap = taps[i]!;
        if (tap.state.quarantined) continue;
        try {
          const result = tap.fn(value, ctx);
          if (result !== undefined && isThenable(result)) {
            if (waits) return rest(i, result, value, ctx, passing);
            abandon(result);
            throw hookResultInvalid(
              tap.plugin,
              def.name,
              "it returned a promise, and nobody waits for a sync hook",
              "collect in the tap, do asynchronous work at run.end or in onFlush.",
            );
          }
          succeeded(tap);
        } catch (error) {
          passing = env.faults.observe(def, tap, error, ctx, passing);
        }
      }
      if (passing !== null) throw passing.error;
      return undefined;
    };
  };

/** Observers that are waited for. */
export const compileSeries = observers(true);

/** Observers that cannot be waited for. A promise is a fault of the tap: awaiting it would stall every chunk. */
export const compileSync = observers(false);
