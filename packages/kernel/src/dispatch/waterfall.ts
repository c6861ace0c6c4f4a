import { succeeded } from "../tap.js";
import { isThenable } from "../thenable.js";
import { waitFor, type Compiler } from "./compiler.js";

/** Each tap may replace the value; `undefined` keeps it. */
export const compileWaterfall: Compiler = (def, taps, env) => {
  const rest = async (from: number, first: PromiseLike<unknown>, value: unknown, ctx: unknown): Promise<unknown> => {
    let current = value;
    for (let i = from; i < taps.length; i++) {
      const tap = taps[i]!;
      if (i > from && tap.state.quarantined) continue;
      try {
        let result = i === from ? first : tap.fn(current, ctx);
        if (isThenable(result)) result = await waitFor(env, def, tap, result);
        if (result !== undefined) current = result;
        succeeded(tap);
      } catch (error) {
        env.faults.settle(def, tap, error, ctx);
      }
    }
    return current;
  };
  return (value, ctx) => {
    let current = value;
    for (let i = 0; i < taps.length; i++) {
      const tap = taps[i]!;
      if (tap.state.quarantined) continue;
      try {
        const result = tap.fn(current, ctx);
        if (result !== undefined) {
          if (isThenable(result)) return rest(i, result, current, ctx);
          current = result;
        }
        succeeded(tap);
      } catch (error) {
        env.faults.settle(def, tap, error, ctx);
      }
    }
    return current;
  };
};
