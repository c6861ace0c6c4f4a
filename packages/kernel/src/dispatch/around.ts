import { GraphTapError } from "../error.js";
import { hookResultInvalid } from "../errors.js";
import type { AnyHookDef } from "../hook.js";
import { succeeded, type Tap } from "../tap.js";
import { abandon, isThenable } from "../thenable.js";
import type { Compiler, Core, DispatchEnv } from "./compiler.js";
import { startOwnTime, type OwnTime } from "./own-time.js";

/** One call through all layers. */
interface Onion {
  readonly def: AnyHookDef;
  readonly taps: readonly Tap[];
  readonly env: DispatchEnv;
  readonly ctx: unknown;
  readonly core: Core;
  /** What the core threw. A layer that lets it through must not be blamed for it. */
  readonly coreErrors: unknown[];
  /** True once the core answered `undefined`: then a layer may do so too. */
  coreWasVoid: boolean;
}

const MAX_CORE_ERRORS = 64;

/** `(request, next, ctx)` around a core; the first tap is the outermost. `next` may be called again (retry). */
export const compileAround: Compiler = (def, taps, env) => (request, ctx, core) => {
  if (core === undefined)
    throw new TypeError(`"${def.name}" is an around hook: call(request, ctx, core) needs the core.`);
  return layer({ def, taps, env, ctx, core, coreErrors: [], coreWasVoid: false }, 0, request);
};

function layer(onion: Onion, index: number, request: unknown): unknown {
  const tap = onion.taps[index];
  if (tap === undefined) return callCore(onion, request);
  const { def, env } = onion;
  const time = def.timeoutMs === null ? null : startOwnTime(env.clock, def, tap, def.timeoutMs);
  const next = (replaced?: unknown): unknown => {
    const asked = replaced === undefined ? request : replaced;
    const result = time === null ? layer(onion, index + 1, asked) : time.paused(() => layer(onion, index + 1, asked));
    // A tap that drops what next gave (a lost race, a forgotten await) must not turn its rejection into a crash.
    if (isThenable(result)) abandon(result);
    return result;
  };
  let result: unknown;
  try {
    result = tap.fn(request, next, onion.ctx);
  } catch (error) {
    time?.stop();
    throw blame(onion, tap, error);
  }
  if (result === undefined) {
    time?.stop();
    throw noResult(onion, tap);
  }
  if (isThenable(result)) return settle(onion, tap, result, time);
  time?.stop();
  succeeded(tap);
  return result;
}

function settle(onion: Onion, tap: Tap, pending: PromiseLike<unknown>, time: OwnTime | null): PromiseLike<unknown> {
  const { ledger } = onion.env;
  const entry = ledger.enter(tap.plugin, onion.def.name);
  const limited = time === null ? pending : time.limit(pending);
  return limited.then(
    (value) => {
      ledger.leave(entry);
      if (value === undefined && !onion.coreWasVoid) throw noResult(onion, tap);
      succeeded(tap);
      return value;
    },
    (error: unknown) => {
      ledger.leave(entry);
      throw blame(onion, tap, error);
    },
  );
}

function callCore(onion: Onion, request: unknown): unknown {
  const failed = (error: unknown): never => {
    if (onion.coreErrors.length < MAX_CORE_ERRORS) onion.coreErrors.push(error);
    throw error;
  };
  const answered = (value: unknown): unknown => {
    if (value === undefined) onion.coreWasVoid = true;
    return value;
  };
  let result: unknown;
  try {
    result = onion.core(request, onion.ctx);
  } catch (error) {
    return failed(error);
  }
  return isThenable(result) ? result.then(answered, failed) : answered(result);
}

/** What is thrown on: what came from below and control flow as they are, the tap's own error with its name on it. */
function blame(onion: Onion, tap: Tap, error: unknown): unknown {
  const { faults } = onion.env;
  if (GraphTapError.isInstance(error) || onion.coreErrors.includes(error) || faults.passes(error, onion.ctx))
    return error;
  const attributed = faults.attribute(onion.def, tap, error);
  faults.record(onion.def, tap, attributed);
  return attributed;
}

function noResult(onion: Onion, tap: Tap): GraphTapError {
  const error = hookResultInvalid(
    tap.plugin,
    onion.def.name,
    "it returned undefined, so the answer would be lost",
    "return next(request), or the answer itself.",
  );
  onion.env.faults.record(onion.def, tap, error);
  return error;
}
