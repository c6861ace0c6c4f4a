import { succeeded, type Tap } from "../tap.js";
import { timedOut, waitFor, type Compiler } from "./compiler.js";

/** What one plugin answered. */
export type Collected<R> =
  | { readonly plugin: string; readonly status: "ok"; readonly value: R }
  | { readonly plugin: string; readonly status: "error"; readonly error: unknown }
  | { readonly plugin: string; readonly status: "timeout" };

/** Asks all taps at once; one that fails or hangs costs the others nothing. Who answers `undefined` is left out. */
export const compileCollect: Compiler = (def, taps, env) => {
  const ask = async (tap: Tap, value: unknown, ctx: unknown): Promise<Collected<unknown> | null> => {
    const { plugin } = tap;
    try {
      const result = tap.fn(value, ctx);
      // Also for a plain value: one turn of the queue, in exchange for one path.
      const answer = await waitFor(env, def, tap, Promise.resolve(result));
      succeeded(tap);
      return answer === undefined ? null : { plugin, status: "ok", value: answer };
    } catch (error) {
      if (env.faults.passes(error, ctx)) throw error;
      const attributed = env.faults.attribute(def, tap, error);
      env.faults.record(def, tap, attributed);
      return timedOut(error, def, tap) ? { plugin, status: "timeout" } : { plugin, status: "error", error: attributed };
    }
  };
  return async (value, ctx) => {
    const answers = await Promise.all(taps.filter((tap) => !tap.state.quarantined).map((tap) => ask(tap, value, ctx)));
    return answers.filter((answer) => answer !== null);
  };
};
