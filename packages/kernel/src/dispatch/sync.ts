import { hookResultInvalid } from "../errors.js";
import { succeeded } from "../tap.js";
import { abandon, isThenable } from "../thenable.js";
import type { Compiler } from "./compiler.js";

/** Observers that cannot be waited for. A promise is a fault of the tap: awaiting it would stall every chunk. */
export const compileSync: Compiler = (def, taps, env) => (value, ctx) => {
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
      env.faults.settle(def, tap, error, ctx);
    }
  }
  return undefined;
};
