/** True for LangGraph's control flow (interrupts, parent commands, drains), which is thrown but is no error. */
export function isControlFlow(error: unknown): boolean {
  return typeof error === "object" && error !== null && (error as { is_bubble_up?: unknown }).is_bubble_up === true;
}

/**
 * True when `error` is the abort of the very call that `ctx` belongs to: its signal has fired and the error is the
 * signal's reason or an AbortError. An AbortError without an aborted signal is an ordinary failure.
 */
export function isAbort(error: unknown, ctx: unknown): boolean {
  if (typeof ctx !== "object" || ctx === null) return false;
  const { signal } = ctx as { signal?: { aborted?: unknown; reason?: unknown } };
  if (signal?.aborted !== true) return false;
  if (error === signal.reason) return true;
  return typeof error === "object" && error !== null && (error as { name?: unknown }).name === "AbortError";
}
