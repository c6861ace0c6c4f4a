import { DeniedError } from "../denial.js";
import type { EndStatus } from "../hooks/context.js";

/** Anything can be thrown: what a getter refuses to say is not there. */
function has(error: unknown, key: string | symbol): unknown {
  try {
    return typeof error === "object" && error !== null ? (error as Record<string | symbol, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}

/** LangGraph's control flow (interrupts, drains, hand-offs to the parent): brand, not class, for copies exist. */
export function isBubbleUp(error: unknown): boolean {
  return has(error, "is_bubble_up") === true;
}

/** A hand-off to the parent graph: the node did its work. */
function isParentCommand(error: unknown): boolean {
  return isBubbleUp(error) && has(error, "name") === "ParentCommand";
}

/** The interrupts an interrupt error carries; empty for a drain. */
export function interruptsOf(error: unknown): readonly unknown[] {
  const interrupts = has(error, "interrupts");
  return Array.isArray(interrupts) ? interrupts : [];
}

const OURS = Symbol.for("graphtap.error");

/** The code of a time-out, as the platform, LangGraph, the provider SDKs and plugins name it; null for anything else. */
function timeoutOf(error: unknown): string | null {
  const name = has(error, "name");
  if (name === "TimeoutError" || name === "NodeTimeoutError" || name === "APIConnectionTimeoutError") return "TIMEOUT";
  const code = has(error, OURS) === true ? has(error, "code") : null;
  return typeof code === "string" && code.endsWith("_TIMEOUT") ? code : null;
}

function isAbort(error: unknown): boolean {
  const name = has(error, "name");
  return (
    name === "AbortError" ||
    name === "APIUserAbortError" ||
    name === "ModelAbortError" ||
    has(error, "lc_error_code") === "MODEL_ABORTED"
  );
}

/** How a thrown value ended what it came out of. */
export interface Outcome {
  readonly status: EndStatus;
  readonly code: string | null;
  /** What is told of it: for a time-out that came as an abort the signal's reason, which says what happened. */
  readonly error: unknown;
}

/** What LangGraph throws where a signal stops a step, whatever the signal's reason. */
export const isBareAbort = (error: unknown): boolean =>
  has(error, "name") === "Error" && has(error, "message") === "Abort";

/**
 * Status and code of a thrown value. Interrupts and drains are a pause, hand-offs are fine, an aborted signal is a
 * cancellation unless its reason is a time-out; the rest are errors.
 */
export function outcomeOf(error: unknown, signal: AbortSignal | undefined): Outcome {
  if (isBubbleUp(error)) return { status: isParentCommand(error) ? "ok" : "paused", code: null, error };
  const aborted = signal?.aborted === true;
  const timeout = timeoutOf(error) ?? (aborted ? timeoutOf(signal.reason) : null);
  if (timeout !== null) {
    const vague = isAbort(error) || isBareAbort(error);
    return { status: "error", code: timeout, error: vague ? signal?.reason : error };
  }
  if (aborted || isAbort(error)) return { status: "cancelled", code: "ABORTED", error };
  return { status: "error", code: codeOf(error), error };
}

/** Layers of langchain's middleware that are looked through; more than an agent has, and a chain may be endless. */
const DEEPEST = 10;

/** langchain wraps what comes through a middleware, and names the wrapper after it. */
const behind = (error: unknown): unknown => (has(error, "~brand") === "MiddlewareError" ? has(error, "cause") : error);

/** Nodes side by side that all fail are one AggregateError; if all of them were refused, so was the whole. */
export function refusalIn(thrown: unknown, depth = 0): DeniedError | null {
  const error = behind(thrown);
  if (error !== thrown && depth < DEEPEST) return refusalIn(error, depth + 1);
  if (has(error, OURS) === true && DeniedError.isDenied(error)) return error;
  if (!(error instanceof AggregateError) || depth >= DEEPEST) return null;
  const refusals = error.errors.map((one: unknown) => refusalIn(one, depth + 1));
  return refusals.includes(null) ? null : (refusals[0] ?? null);
}

/** The same for what hands a refusal on: a run, a node or a model call that nobody lets happen ends `denied`. */
export function endingOf(error: unknown, signal: AbortSignal | undefined): Outcome {
  const refusal = refusalIn(error);
  return refusal === null ? outcomeOf(error, signal) : { status: "denied", code: refusal.code, error };
}

/** The error's own code, also through langchain's wrappers: ours, LangChain's, or a system one; null when it has none. */
export function codeOf(error: unknown): string | null {
  let link = error;
  for (let depth = 0; depth < DEEPEST; depth++) {
    for (const key of ["code", "lc_error_code"]) {
      const value = has(link, key);
      if (typeof value === "string" && value !== "") return value;
    }
    const cause = behind(link);
    if (cause === link) return null;
    link = cause;
  }
  return null;
}
