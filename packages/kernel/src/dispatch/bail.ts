import { succeeded } from "../tap.js";
import { isThenable } from "../thenable.js";
import { waitFor, type Compiler } from "./compiler.js";

/** The first answer that is not `undefined` wins; later taps are not asked. */
export const compileBail: Compiler = (def, taps, env) => {
  const rest = async (from: number, first: PromiseLike<unknown>, value: unknown, ctx: unknown): Promise<unknown> => {
    for (let i = from; i < taps.length; i++) {
      const tap = taps[i]!;
      if (i > from && tap.state.quarantined) continue;
      try {
        let result = i === from ? first : tap.fn(value, ctx);
        if (isThenable(result)) result = await waitFor(env, def, tap, result);
        succeeded(tap);
        if (result !== undefined) return result;
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
        if (result !== undefined) {
          if (isThenable(result)) return rest(i, result, value, ctx);
          succeeded(tap);
          return result;
        }
        succeeded(tap);
      } catch (error) {
        env.faults.settle(def, tap, error, ctx);
      }
    }
    return undefined;
  };
};
