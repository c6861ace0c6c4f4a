import { GraphTapError } from "../error.js";
import { hookResultInvalid } from "../errors.js";
import type { AnyHookDef } from "../hook.js";
import type { LedgerEntry } from "../ledger.js";
import { succeeded, type Tap } from "../tap.js";
import { isThenable } from "../thenable.js";
import type { Compiler, Core, DispatchEnv } from "./compiler.js";
import { startOwnTime, type OwnTime } from "./own-time.js";

const MAX_CORE_ERRORS = 64;
const dropped = (): void => undefined;

/** `(request, next, ctx)` around a core; the first tap is the outermost. `next` may be called again (retry). */
export const compileAround: Compiler = (def, taps, env) => (request, ctx, core) => {
  if (core === undefined)
    throw new TypeError(`"${def.name}" is an around hook: call(request, ctx, core) needs the core.`);
  return layer(new Onion(def, taps, env, ctx, core), 0, request);
};

/** One call through all layers. While it is pending it is also its own entry in the ledger. */
class Onion implements LedgerEntry {
  /** What the core threw. A layer that lets it through must not be blamed for it. */
  coreErrors: unknown[] | null = null;
  /** True once the core answered `undefined`: then a layer may do so too. */
  coreWasVoid = false;
  /** Index of the layer at work; the number of taps while the core is. */
  at = 0;
  since = 0;

  constructor(
    readonly def: AnyHookDef,
    readonly taps: readonly Tap[],
    readonly env: DispatchEnv,
    readonly ctx: unknown,
    readonly core: Core,
  ) {}

  get hook(): string {
    return this.def.name;
  }
  get plugin(): string {
    return this.taps[this.at]?.plugin ?? "what the hook wraps";
  }
}

function layer(onion: Onion, index: number, request: unknown): unknown {
  onion.at = index;
  const tap = onion.taps[index];
  if (tap === undefined) return callCore(onion, request);
  const { def, env } = onion;
  const time = def.timeoutMs === null ? null : startOwnTime(env.clock, def, tap, def.timeoutMs);
  const next = (replaced?: unknown): unknown => {
    const asked = replaced === undefined ? request : replaced;
    return time === null ? layer(onion, index + 1, asked) : time.paused(() => layer(onion, index + 1, asked));
  };
  let result: unknown;
  try {
    result = tap.fn(request, next, onion.ctx);
  } catch (error) {
    time?.stop();
    throw blame(onion, index, tap, error);
  }
  if (result === undefined) {
    time?.stop();
    throw noResult(onion, tap);
  }
  if (isThenable(result)) return settle(onion, index, tap, result, time);
  time?.stop();
  onion.at = index - 1;
  succeeded(tap);
  return result;
}

function settle(
  onion: Onion,
  index: number,
  tap: Tap,
  pending: PromiseLike<unknown>,
  time: OwnTime | null,
): PromiseLike<unknown> {
  const { ledger, clock } = onion.env;
  if (index === 0) {
    onion.since = clock.monotonic();
    ledger.add(onion);
  }
  const settled = (time === null ? pending : time.limit(pending)).then(
    (value) => {
      if (index === 0) ledger.leave(onion);
      onion.at = index - 1;
      if (value === undefined && !onion.coreWasVoid) {
        if (index > 0) hear(settled);
        throw noResult(onion, tap);
      }
      succeeded(tap);
      return value;
    },
    (error: unknown) => {
      if (index === 0) ledger.leave(onion);
      else hear(settled);
      throw blame(onion, index, tap, error);
    },
  );
  return settled;
}

/**
 * A tap that drops what next gave (a lost race, a forgotten await) must not turn its rejection into a crash. Asked for
 * when it is about to reject: a listener from the start would cost every call a promise.
 */
function hear(rejecting: PromiseLike<unknown>): void {
  rejecting.then(undefined, dropped);
}

function callCore(onion: Onion, request: unknown): unknown {
  const failed = (error: unknown): never => {
    onion.at = onion.taps.length - 1;
    onion.coreErrors ??= [];
    if (onion.coreErrors.length < MAX_CORE_ERRORS) onion.coreErrors.push(error);
    throw error;
  };
  const answered = (value: unknown): unknown => {
    onion.at = onion.taps.length - 1;
    if (value === undefined) onion.coreWasVoid = true;
    return value;
  };
  let result: unknown;
  try {
    result = onion.core(request, onion.ctx);
  } catch (error) {
    return failed(error);
  }
  if (!isThenable(result)) return answered(result);
  const settled = result.then(answered, (error: unknown) => {
    if (onion.taps.length > 0) hear(settled);
    return failed(error);
  });
  return settled;
}

/** What is thrown on: what came from below and control flow as they are, the tap's own error with its name on it. */
function blame(onion: Onion, index: number, tap: Tap, error: unknown): unknown {
  const { faults } = onion.env;
  onion.at = index - 1;
  if (GraphTapError.isInstance(error) || onion.coreErrors?.includes(error) === true || faults.passes(error, onion.ctx))
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
