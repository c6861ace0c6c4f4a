/** What the gate knew of a call, until the observers are told how it went. */
export interface Known {
  readonly method: string | null;
  readonly cause: string | null;
}

const MOST = 10_000;

/** By execution. Bounded: of calls that nobody reports on, the oldest are forgotten. */
export class Pending {
  readonly #known = new Map<string, Known>();

  set(executionId: string, known: Known): void {
    this.#known.delete(executionId);
    this.#known.set(executionId, known);
    if (this.#known.size <= MOST) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }

  take(executionId: string): Known | null {
    const known = this.#known.get(executionId) ?? null;
    this.#known.delete(executionId);
    return known;
  }
}
