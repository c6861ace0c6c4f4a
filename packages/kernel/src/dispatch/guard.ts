import { hookResultInvalid } from "../errors.js";
import type { AnyHookDef } from "../hook.js";
import { succeeded, type Tap } from "../tap.js";
import { isThenable } from "../thenable.js";
import { ALLOW, type ApprovalRequest, type Deny } from "../verdict.js";
import { timedOut, waitFor, type Compiler, type DispatchEnv } from "./compiler.js";

/** A refusal, with who refused. `message` is safe for the model; `reason` and `cause` are for the developer. */
export interface Denial {
  readonly effect: "deny";
  readonly code: string;
  readonly message: string;
  readonly reason?: string;
  readonly plugin: string;
  readonly hook: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The error, where the guard failed rather than judged. */
  readonly cause?: unknown;
}

/** One request for approval, with who asked. */
export interface Escalation {
  readonly plugin: string;
  readonly request: ApprovalRequest;
}

/** What all guards together decided. `value` is present when a guard transformed it. */
export type Judgement<V> =
  | { readonly effect: "allow"; readonly changed: boolean; readonly value?: V }
  | Denial
  | {
      readonly effect: "escalate";
      readonly requests: readonly Escalation[];
      readonly changed: boolean;
      readonly value?: V;
    };

/** The judgement of guards that had nothing to say; shared, so that it costs nothing. */
export const ALLOWED: Judgement<never> = Object.freeze({ effect: "allow", changed: false });

interface Progress {
  value: unknown;
  changed: boolean;
  readonly requests: Escalation[];
}

/** All taps judge until one denies: deny beats escalate beats allow, escalations merge, a throw or time-out denies. */
export const compileGuard: Compiler = (def, taps, env) => {
  const rest = async (
    from: number,
    first: PromiseLike<unknown>,
    progress: Progress,
    ctx: unknown,
  ): Promise<Judgement<unknown>> => {
    for (let i = from; i < taps.length; i++) {
      const tap = taps[i]!;
      try {
        let verdict = i === from ? first : tap.fn(progress.value, ctx);
        if (isThenable(verdict)) verdict = await waitFor(env, def, tap, verdict);
        const denial = absorb(def, tap, verdict, progress);
        if (denial !== null) return denial;
      } catch (error) {
        return failed(env, def, tap, error, ctx);
      }
    }
    return judgementOf(progress);
  };
  return (value, ctx) => {
    // Made by the first guard that says more than "allow", so that a plain allow allocates nothing.
    let progress: Progress | null = null;
    for (let i = 0; i < taps.length; i++) {
      const tap = taps[i]!;
      try {
        const verdict = tap.fn(progress === null ? value : progress.value, ctx);
        if (verdict === undefined || verdict === ALLOW) {
          succeeded(tap);
          continue;
        }
        progress ??= { value, changed: false, requests: [] };
        if (isThenable(verdict)) return rest(i, verdict, progress, ctx);
        const denial = absorb(def, tap, verdict, progress);
        if (denial !== null) return denial;
      } catch (error) {
        return failed(env, def, tap, error, ctx);
      }
    }
    return progress === null ? ALLOWED : judgementOf(progress);
  };
};

function judgementOf({ value, changed, requests }: Progress): Judgement<unknown> {
  if (requests.length > 0)
    return changed ? { effect: "escalate", requests, changed, value } : { effect: "escalate", requests, changed };
  return changed ? { effect: "allow", changed, value } : ALLOWED;
}

/** Takes one verdict into account; a denial ends the round. Anything that is no verdict is a fault of the guard. */
function absorb(def: AnyHookDef, tap: Tap, verdict: unknown, progress: Progress): Denial | null {
  const effect = effectOf(verdict);
  if (verdict !== undefined && effect === null)
    throw hookResultInvalid(
      tap.plugin,
      def.name,
      "its answer is no verdict",
      "return nothing, allow(), deny(code, message) or escalate(request).",
    );
  if (effect === "transform") {
    if (!def.transforms)
      throw hookResultInvalid(
        tap.plugin,
        def.name,
        "it returned transform(), and this guard only judges",
        "change the value in the hook that prepares it; here return allow or deny.",
      );
    progress.value = (verdict as { value: unknown }).value;
    progress.changed = true;
  } else if (effect === "escalate") {
    progress.requests.push({ plugin: tap.plugin, request: (verdict as { request: ApprovalRequest }).request });
  }
  succeeded(tap);
  return effect === "deny" ? denialOf(def, tap, verdict as Deny) : null;
}

/** The verdict's effect, whichever copy of the kernel made it; null for what is no verdict. */
export function effectOf(verdict: unknown): "allow" | "deny" | "escalate" | "transform" | null {
  if (typeof verdict !== "object" || verdict === null) return null;
  const { effect, code, message, request } = verdict as {
    effect?: unknown;
    code?: unknown;
    message?: unknown;
    request?: unknown;
  };
  switch (effect) {
    case "allow":
    case "transform":
      return effect;
    case "deny":
      return typeof code === "string" && typeof message === "string" ? effect : null;
    case "escalate":
      return typeof request === "object" && request !== null ? effect : null;
    default:
      return null;
  }
}

/** A refusal with its plugin and hook, from what a tap returned. */
export function denialOf(def: AnyHookDef, tap: Tap, { code, message, details }: Deny): Denial {
  const reason = details?.reason;
  return {
    effect: "deny",
    code,
    message,
    ...(reason === undefined ? {} : { reason }),
    plugin: tap.plugin,
    hook: def.name,
    ...(details === undefined ? {} : { details }),
  };
}

/** Fail closed: a guard that throws or hangs denies. The model learns nothing about why. */
export function failed(env: DispatchEnv, def: AnyHookDef, tap: Tap, error: unknown, ctx: unknown): Denial {
  const { faults } = env;
  if (faults.passes(error, ctx)) throw error;
  const cause = faults.attribute(def, tap, error);
  faults.record(def, tap, cause);
  if (def.fault === "throw") throw cause;
  const late = timedOut(error, def, tap);
  return {
    effect: "deny",
    code: late ? "GUARD_TIMEOUT" : "GUARD_FAILED",
    message: "This was refused because a safety check could not be completed. Do not retry at once; answer without it.",
    reason: late
      ? `guard "${tap.plugin}" did not answer within ${String(def.timeoutMs)} ms`
      : `guard "${tap.plugin}" failed`,
    plugin: tap.plugin,
    hook: def.name,
    cause,
  };
}
