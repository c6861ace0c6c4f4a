import { succeeded } from "../tap.js";
import { isThenable } from "../thenable.js";
import { waitFor, type Compiler } from "./compiler.js";

/** Observers in order. A fault of one never keeps the next from running, unless the hook's fault is `throw`. */
export const compileSeries: Compiler = (def, taps, env) => {
  const rest = async (from: number, first: PromiseLike<unknown>, value: unknown, ctx: unknown): Promise<undefined> => {
    for (let i = from; i < taps.length; i++) {
      const tap = taps[i]!;
      if (i > from && tap.state.quarantined) continue;
      try {
        const result = i === from ? first : tap.fn(value, ctx);
        if (isThenable(result)) await waitFor(env, def, tap, result);
        succeeded(tap);
      } catch (error) {
        env.faults.settle(def, tap, error, ctx);
      }
    }
    return undefined;
  };
  return (value, ctx) => {
    for (let i = 0; i < taps.length; i++) {
      const tap = taps[i]!;
      if (tap.state.quarantined) continue;
      try {
        const result = tap.fn(value, ctx);
        if (result !== undefined && isThenable(result)) return rest(i, result, value, ctx);
        succeeded(tap);
      } catch (error) {
        env.faults.settle(def, tap, error, ctx);
      }
    }
    return undefined;
  };
};
