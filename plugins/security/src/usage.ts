import { keyOf, type PrincipalRef } from "./subject.js";

/** How often one principal has run one tool. */
export interface Usage {
  readonly count: number;
  /** Epoch milliseconds. */
  readonly lastUsedAt: number;
}

/** Calls that ran, per principal and tool. Beyond its bound the one unused for longest is forgotten, and counted. */
export class UsageBook {
  readonly #usage = new Map<string, Usage>();
  readonly #capacity: number;
  #forgotten = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#usage.size;
  }
  get forgotten(): number {
    return this.#forgotten;
  }

  record(who: PrincipalRef, toolName: string, at: number): void {
    const key = keyOf(who, toolName);
    const count = (this.#usage.get(key)?.count ?? 0) + 1;
    // Taken out and put in again, it is the newest: a Map keeps the order in which it was filled.
    this.#usage.delete(key);
    this.#usage.set(key, { count, lastUsedAt: at });
    if (this.#usage.size <= this.#capacity) return;
    for (const oldest of this.#usage.keys()) {
      this.#usage.delete(oldest);
      this.#forgotten++;
      break;
    }
  }

  of(who: PrincipalRef, toolName: string): Usage | null {
    return this.#usage.get(keyOf(who, toolName)) ?? null;
  }
}

/** Counts by name with a bound: what does not fit is counted under `other`. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #capacity: number;

  constructor(capacity = 256) {
    this.#capacity = capacity;
  }

  add(name: string): void {
    const key = this.#counts.has(name) || this.#counts.size < this.#capacity ? name : "other";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Most frequent first. */
  get counts(): readonly Count[] {
    return [...this.#counts].map(([name, count]) => ({ name, count })).sort(mostFirst);
  }
}

/** How often something was seen. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

const mostFirst = (a: Count, b: Count): number => b.count - a.count || (a.name < b.name ? -1 : 1);

/** The most frequent names, five unless told otherwise. */
export function top(names: Iterable<string>, most = 5): readonly Count[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort(mostFirst)
    .slice(0, most);
}
