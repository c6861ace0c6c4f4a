import { succeeded } from "../tap.js";
import { isThenable } from "../thenable.js";
import { waitFor, type Compiler } from "./compiler.js";

/** Taps that answer; `undefined` is no answer. The first answer ends the round, or each replaces the value of the next tap. */
const answers =
  (firstWins: boolean): Compiler =>
  (def, taps, env) => {
    const rest = async (from: number, first: PromiseLike<unknown>, value: unknown, ctx: unknown): Promise<unknown> => {
      let current = value;
      for (let i = from; i < taps.length; i++) {
        const tap = taps[i]!;
        if (i > from && tap.state.quarantined) continue;
        try {
          let result = i === from ? first : tap.fn(current, ctx);
          if (isThenable(result)) result = await waitFor(env, def, tap, result);
          succeeded(tap);
          if (result === undefined) continue;
          if (firstWins) return result;
          current = result;
        } catch (error) {
          env.faults.settle(def, tap, error, ctx);
        }
      }
      return firstWins ? undefined : current;
    };
    return (value, ctx) => {
      let current = value;
      for (let i = 0; i < taps.length; i++) {
        const tap = taps[i]!;
        if (tap.state.quarantined) continue;
        try {
          const result = tap.fn(current, ctx);
          if (result !== undefined && isThenable(result)) return rest(i, result, current, ctx);
          succeeded(tap);
          if (result === undefined) continue;
          if (firstWins) return result;
          current = result;
        } catch (error) {
          env.faults.settle(def, tap, error, ctx);
        }
      }
      return firstWins ? undefined : current;
    };
  };

/** Each tap may replace the value; `undefined` keeps it. */
export const compileWaterfall = answers(false);

/** The first answer that is not `undefined` wins; later taps are not asked. */
export const compileBail = answers(true);
