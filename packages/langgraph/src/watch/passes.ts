/** Starts that are on their way at a time; beyond it the oldest is forgotten, and would be refused where a guard is. */
const LIMIT = 10_000;

/**
 * Run ids of calls that came through the gate and that LangChain is about to announce to its callbacks. An id is used up
 * by its announcement, so what the called code starts on its own is not covered.
 */
export class Passes {
  readonly #open = new Set<string>();
  #forgotten = 0;

  /** How many were forgotten for want of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  issue(runId: string): void {
    this.#open.add(runId);
    if (this.#open.size <= LIMIT) return;
    const [oldest] = this.#open;
    if (oldest !== undefined) this.#open.delete(oldest);
    this.#forgotten++;
  }

  /** Whether this start was announced by the gate. */
  consume(runId: string | undefined): boolean {
    return runId !== undefined && this.#open.delete(runId);
  }

  has(runId: unknown): boolean {
    return typeof runId === "string" && this.#open.has(runId);
  }
}
