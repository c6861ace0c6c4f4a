import type { AuditNote } from "./keys.js";

/** Calls that nobody told the outcome of; the oldest are forgotten. */
const MOST = 10_000;
const NOTHING: AuditNote = Object.freeze({});

/** What is known of calls until their outcome is recorded, by execution. */
export class Notes {
  readonly #by = new Map<string, AuditNote>();

  set(executionId: string, { method = null, policyVersion = null }: AuditNote): void {
    this.#by.delete(executionId);
    this.#by.set(executionId, { method, policyVersion });
    if (this.#by.size <= MOST) return;
    for (const oldest of this.#by.keys()) {
      this.#by.delete(oldest);
      break;
    }
  }

  take(executionId: string): AuditNote {
    const known = this.#by.get(executionId);
    if (known === undefined) return NOTHING;
    this.#by.delete(executionId);
    return known;
  }
}
