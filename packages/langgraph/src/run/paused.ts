/**
 * Which run paused a thread last, so that a resume can say what it continues. Bounded: the oldest is forgotten, and a
 * thread paused by another process is unknown; both give `resumedFrom: null`.
 */
export class PausedThreads {
  readonly #runs = new Map<string, string>();
  readonly #limit: number;
  #forgotten = 0;

  /** @param limit threads remembered; default 10,000. */
  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  /** How many were forgotten for want of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  set(threadId: string, runId: string): void {
    this.#runs.delete(threadId);
    this.#runs.set(threadId, runId);
    if (this.#runs.size <= this.#limit) return;
    const [oldest] = this.#runs.keys();
    if (oldest !== undefined) this.#runs.delete(oldest);
    this.#forgotten++;
  }

  get(threadId: string): string | null {
    return this.#runs.get(threadId) ?? null;
  }

  /** It goes on; a resume that was refused is no reason to forget the pause. */
  forget(threadId: string): void {
    this.#runs.delete(threadId);
  }
}
