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
  /** The remembered end was come by. */
  #met = false;
  #forged = false;

  /**
   * @param of the class that is checked
   * @param from hash that the first entry must follow; null when older ones are gone and nobody knows it
   * @param after sequence number that the first entry must exceed
   * @param known where the chain ended when that was last remembered beside it; null when nobody did
   */
  constructor(
    readonly of: AuditClass,
    from: string | null,
    after = 0,
    readonly known: { readonly seq: number; readonly hash: string } | null = null,
  ) {
    this.#previous = from;
    this.#seq = after;
  }

  /** Whether the end that was remembered is not among the entries; the newest entry is never deleted. */
  get lacksEnd(): boolean {
    return this.known !== null && this.known.seq > 0 && !this.#met;
  }
  /** Whether the entry at that end is another one. */
  get endsWrong(): boolean {
    return this.#forged;
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
    // The newest entry has none after it that would notice a hash made anew.
    if (entry.seq === this.known?.seq) {
      this.#met = true;
      this.#forged = entry.hash !== this.known.hash;
      if (this.#forged) this.#say("changed", entry.seq, place);
    }
    this.#previous = entry.hash;
    this.#seq = entry.seq;
  }

  /** The end of the chain is not there. */
  cut(): void {
    this.#say("cut", null, null);
  }

  /** The end of the chain: `head` is the hash of the last entry that was written, as remembered elsewhere. */
  end(head: string | null): void {
    if (head !== null && this.#previous !== null && this.#previous !== head) this.#say("cut", null, null);
  }

  #say(problem: AuditProblem["problem"], seq: number | null, place: string | null): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ class: this.of, seq, place, problem });
  }
}
