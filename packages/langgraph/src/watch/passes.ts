/** Starts that are on their way at a time; beyond it the oldest is forgotten, and would be refused where a guard is. */
const LIMIT = 10_000;

/**
 * Run ids of calls that came through the gate and that LangChain is about to announce to its callbacks. An id is used up
 * by its announcement, so what the called code starts on its own is not covered.
 */
export class Passes {
  /** Whose announcement it is for; null where the next one can only be the call's own. */
  readonly #open = new Map<string, string | null>();
  #forgotten = 0;

  /** How many were forgotten for want of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** @param only the class that may use it: code of the caller's runs before the announcement, and may start others */
  issue(runId: string, only: string | null = null): void {
    this.#open.set(runId, only);
    if (this.#open.size <= LIMIT) return;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) this.#open.delete(oldest);
    this.#forgotten++;
  }

  /** Whether this start was announced by the gate. */
  consume(runId: string | undefined, what?: { readonly id?: readonly unknown[] }): boolean {
    if (runId === undefined) return false;
    const only = this.#open.get(runId);
    if (only === undefined || (only !== null && only !== classOf(what?.id))) return false;
    return this.#open.delete(runId);
  }

  /** Takes it back: no announcement comes. */
  revoke(runId: string | undefined): void {
    if (runId !== undefined) this.#open.delete(runId);
  }
}

/** How LangChain names a class in what it announces. */
export const classOf = (id: readonly unknown[] | undefined): string | null => id?.join("/") ?? null;
