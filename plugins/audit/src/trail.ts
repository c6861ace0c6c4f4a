import { Ring } from "@graphtap/values";
import { ChainCheck } from "./chain.js";
import { CLASSES, type Cuts, GENESIS, seal } from "./entry.js";
import type { AuditClass, AuditInput, AuditLogEntry, AuditPage, AuditVerification } from "./keys.js";
import { type ParsedQuery, pageOf } from "./query.js";

/** Entries of one class: what is kept, and the chain through all that ever were. */
interface Strand {
  readonly ring: Ring<AuditLogEntry>;
  /** Hash of the newest entry. */
  head: string;
  /** Hash of the newest entry that is no longer kept: the oldest that is must follow it. */
  anchor: string;
  /** Entries that went because their time was over. */
  expired: number;
}
type ByClass<T> = Readonly<Record<AuditClass, T>>;

const byClass = <T>(make: (of: AuditClass) => T): ByClass<T> => ({
  denial: make("denial"),
  change: make("change"),
  access: make("access"),
  run: make("run"),
});

export interface TrailOptions {
  /** Most entries kept, per class. */
  readonly capacity: ByClass<number>;
  /** Milliseconds that entries are kept, per class; null: as long as there is room. */
  readonly maxAgeMs: ByClass<number | null>;
}

/**
 * The log in memory: one ring and one hash chain for each class, numbered together. A class that is full loses its own
 * oldest entries, never another's.
 */
export class AuditTrail {
  readonly #strands: ByClass<Strand>;
  readonly #maxAgeMs: TrailOptions["maxAgeMs"];
  readonly #cuts: Cuts = { cut: 0 };
  #seq = 0;
  #appended = 0;

  constructor({ capacity, maxAgeMs }: TrailOptions) {
    this.#maxAgeMs = maxAgeMs;
    this.#strands = byClass((of) => ({ ring: new Ring(capacity[of]), head: GENESIS, anchor: GENESIS, expired: 0 }));
  }

  append(input: AuditInput, at: number): AuditLogEntry {
    const strand = this.#strands[input.class];
    const entry = seal(input, { seq: this.#seq + 1, at, previousHash: strand.head }, this.#cuts);
    this.#seq++;
    this.#appended++;
    this.#take(strand, entry);
    this.#expire(input.class, at);
    return entry;
  }

  /** Takes in an entry that was written before, by another process: numbers and chains go on from it. */
  resume(entry: AuditLogEntry): void {
    const strand = this.#strands[entry.class];
    if (strand.ring.size === 0 && strand.head === GENESIS) strand.anchor = entry.previousHash;
    this.#seq = Math.max(this.#seq, entry.seq);
    this.#take(strand, entry);
  }

  /** Where the chains stood when they were last written: further than the entries reach whose end was cut off. */
  continueFrom(heads: ByClass<{ readonly seq: number; readonly hash: string }>): void {
    for (const of of CLASSES) {
      const strand = this.#strands[of];
      const { seq, hash } = heads[of];
      this.#seq = Math.max(this.#seq, seq);
      strand.head = hash;
      if (strand.ring.size === 0) strand.anchor = hash;
    }
  }

  query(query: ParsedQuery, now: number): AuditPage {
    for (const of of CLASSES) this.#expire(of, now);
    return pageOf(this.#newestFirst(query.class), query, now);
  }

  verify(): AuditVerification {
    const checks = CLASSES.map((of) => {
      const { ring, anchor, head } = this.#strands[of];
      const check = new ChainCheck(of, anchor);
      for (const entry of ring) check.add({ entry, place: null });
      check.end(head);
      return check;
    });
    const problems = checks.flatMap((check) => check.problems);
    return { ok: problems.length === 0, checked: checks.reduce((sum, { checked }) => sum + checked, 0), problems };
  }

  /** Hash of the newest entry of a class. */
  headOf(of: AuditClass): string {
    return this.#strands[of].head;
  }

  stats(): {
    readonly appended: number;
    readonly kept: ByClass<number>;
    readonly dropped: ByClass<number>;
    readonly cut: number;
  } {
    return {
      appended: this.#appended,
      kept: byClass((of) => this.#strands[of].ring.size),
      dropped: byClass((of) => this.#strands[of].ring.dropped + this.#strands[of].expired),
      cut: this.#cuts.cut,
    };
  }

  #take(strand: Strand, entry: AuditLogEntry): void {
    const gone = strand.ring.push(entry);
    if (gone !== undefined) strand.anchor = gone.hash;
    strand.head = entry.hash;
  }

  #expire(of: AuditClass, now: number): void {
    const age = this.#maxAgeMs[of];
    if (age === null) return;
    const strand = this.#strands[of];
    for (let oldest = strand.ring.oldest; oldest !== undefined && oldest.at <= now - age; oldest = strand.ring.oldest) {
      strand.ring.shift();
      strand.anchor = oldest.hash;
      strand.expired++;
    }
  }

  /** All classes merged, by falling number. */
  *#newestFirst(only: AuditClass | undefined): Generator<AuditLogEntry> {
    const open = (only === undefined ? CLASSES : [only]).map((of) => {
      const rest = this.#strands[of].ring.newestFirst();
      return { rest, next: rest.next() };
    });
    for (;;) {
      let newest: (typeof open)[number] | null = null;
      for (const one of open)
        if (
          one.next.done !== true &&
          (newest === null || one.next.value.seq > (newest.next.value as AuditLogEntry).seq)
        )
          newest = one;
      if (newest === null) return;
      yield newest.next.value as AuditLogEntry;
      newest.next = newest.rest.next();
    }
  }
}
