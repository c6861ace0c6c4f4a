import { hookCoreMissing } from "../errors.js";
import type { AnyHookDef } from "../hook.js";
import type { Tap } from "../tap.js";
import { isThenable } from "../thenable.js";
import type { Compiler } from "./compiler.js";
import { Onion } from "./onion.js";
import { startOwnTime } from "./own-time.js";

/** A layer with everything inside it, or the core. */
type Step = (onion: Onion, request: unknown) => unknown;

/**
 * `(request, next, ctx)` around a core; the first tap is the outermost. `next` may be called again (retry). Composed once:
 * a call costs what layers composed by hand cost, and one listener at the core and one outside, however many layers
 * there are. Who is to blame is found out when a call has failed, from what each layer gave.
 */
export const compileAround: Compiler = (def, taps, env) => {
  const outermost = taps.reduceRight<Step>(
    (inner, tap, index) => (def.timeoutMs === null ? layer(index, tap, inner) : timed(def, index, tap, inner)),
    callCore,
  );
  return (request, ctx, core) => {
    if (core === undefined) throw hookCoreMissing();
    const onion = new Onion(def, taps, env, ctx, core);
    let result: unknown;
    try {
      result = outermost(onion, request);
    } catch (error) {
      throw onion.blameNow(error);
    }
    if (!isThenable(result)) {
      onion.endedNow();
      return result;
    }
    env.ledger.add(onion);
    return result.then(
      (value) => onion.ended(value),
      (error: unknown) => onion.failed(error),
    );
  };
};

function layer(index: number, tap: Tap, inner: Step): Step {
  return (onion, request) => {
    let result: unknown;
    try {
      result = tap.fn(
        request,
        (replaced?: unknown) => inner(onion, replaced === undefined ? request : replaced),
        onion.ctx,
      );
    } catch (error) {
      onion.threw(index, error);
      throw error;
    }
    if (result === undefined && !onion.coreWasVoid) throw onion.noResult(tap);
    return isThenable(result) ? onion.gave(index, result) : result;
  };
}

function timed(def: AnyHookDef, index: number, tap: Tap, inner: Step): Step {
  return (onion, request) => {
    const { clock } = onion.env;
    const time = startOwnTime(clock, def, tap, def.timeoutMs ?? 0);
    onion.since ??= clock.monotonic();
    let result: unknown;
    try {
      result = tap.fn(
        request,
        (replaced?: unknown) => time.paused(() => inner(onion, replaced === undefined ? request : replaced)),
        onion.ctx,
      );
      if (result === undefined && !onion.coreWasVoid) throw onion.noResult(tap);
    } catch (error) {
      time.stop();
      onion.threw(index, error);
      throw error;
    }
    if (isThenable(result)) return onion.gave(index, time.limit(result));
    time.stop();
    return result;
  };
}

const callCore: Step = (onion, request) => {
  let result: unknown;
  try {
    result = onion.core(request, onion.ctx);
  } catch (error) {
    onion.coreThrew(error);
    throw error;
  }
  if (isThenable(result)) return onion.coreGave(result);
  if (result === undefined) onion.coreWasVoid = true;
  return result;
};
