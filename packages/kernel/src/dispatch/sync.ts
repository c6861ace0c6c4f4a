import { hookResultInvalid } from "../errors.js";
import type { Passing } from "../faults.js";
import { succeeded } from "../tap.js";
import { abandon, isThenable } from "../thenable.js";
import type { Compiler } from "./compiler.js";

/** Observers that cannot be waited for. A promise is a fault of the tap: awaiting it would stall every chunk. */
export const compileSync: Compiler = (def, taps, env) => (value, ctx) => {
  let passing: Passing | null = null;
  for (let i = 0; i < taps.length; i++) {
    const tap = taps[i]!;
    if (tap.state.quarantined) continue;
    try {
      const result = tap.fn(value, ctx);
      if (result !== undefined && isThenable(result)) {
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
