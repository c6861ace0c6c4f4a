import { digest } from "./entry.js";
import type { AuditClass, AuditLogEntry, AuditProblem } from "./keys.js";

/** Problems that a verification tells at most; one is proof enough. */
const MOST_PROBLEMS = 20;

/** An entry as it was found, with where that was. Null: a line that is none. */
export interface Found {
  readonly entry: AuditLogEntry | null;
  readonly place: string | null;
}

/** Checks the entries of one class, oldest first, as they are given. */
export class ChainCheck {
  readonly problems: AuditProblem[] = [];
  checked = 0;
  #previous: string | null;
  #seq: number;

  /**
   * @param of the class that is checked
   * @param from hash that the first entry must follow; null when older ones are gone and nobody knows it
   * @param after sequence number that the first entry must exceed
   */
  constructor(
    readonly of: AuditClass,
    from: string | null,
    after = 0,
  ) {
    this.#previous = from;
    this.#seq = after;
  }

  add({ entry, place }: Found): void {
    this.checked++;
    if (entry === null) {
      this.#say("unreadable", null, place);
      this.#previous = null;
      return;
    }
    if (entry.class !== this.of || digest(entry) !== entry.hash) this.#say("changed", entry.seq, place);
    else if (this.#previous !== null && (entry.previousHash !== this.#previous || entry.seq <= this.#seq))
      this.#say("missing", entry.seq, place);
    this.#previous = entry.hash;
    this.#seq = entry.seq;
  }

  /** The end of the chain: `head` is the hash of the last entry that was written, as remembered elsewhere. */
  end(head: string | null): void {
    if (head !== null && this.#previous !== null && this.#previous !== head) this.#say("cut", null, null);
  }

  #say(problem: AuditProblem["problem"], seq: number | null, place: string | null): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ class: this.of, seq, place, problem });
  }
}
