/** LangGraph's interrupts, parent commands and drains: thrown, but no errors. By brand, as two copies may be loaded. */
export const isControlFlow = (error: unknown): boolean =>
  typeof error === "object" && error !== null && (error as { is_bubble_up?: unknown }).is_bubble_up === true;

/** What an aborted run may end with: the reason of the signal, or an error that says it was aborted. */
export function isAbortOf(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  for (
    let at: unknown = error, depth = 0;
    typeof at === "object" && at !== null && depth < 8;
    at = (at as { cause?: unknown }).cause, depth++
  )
    if (
      at === signal.reason ||
      (at as { name?: unknown }).name === "AbortError" ||
      (at as { name?: unknown }).name === "ModelAbortError" ||
      (at as { message?: unknown }).message === "Abort" ||
      (at as { message?: unknown }).message === "Aborted"
    )
      return true;
  return false;
}

/** Catches promises that nobody handles while `work` runs, in place of the listeners that would end the process. */
export async function strayRejections(work: () => Promise<void>): Promise<readonly unknown[]> {
  const stray: unknown[] = [];
  const note = (reason: unknown): void => void stray.push(reason);
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  try {
    await work();
    // Node reports an unhandled rejection after the microtasks of its turn.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", note);
    for (const listener of others) process.on("unhandledRejection", listener);
  }
  return stray;
}
