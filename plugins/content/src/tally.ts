import type {
  ContentAction,
  ContentCount,
  ContentKind,
  ContentPlace,
  ContentStats,
  ContentStatsQuery,
} from "./keys.js";

/** What was found in one value or stream, summed up. */
export interface Trigger {
  readonly detector: string;
  readonly kind: ContentKind;
  readonly place: ContentPlace;
  readonly action: ContentAction;
  readonly count: number;
}

/** Whose value it was. */
export interface Whose {
  readonly userId: string | null;
  readonly tenantId: string | null;
}

type Counts = Map<string, { readonly trigger: Omit<Trigger, "count">; count: number }>;

/** Counts of what was found. Bounded: detectors, places and actions are few, and users are dropped least recent first. */
export class Tally {
  readonly #all: Counts = new Map();
  readonly #users = new Map<string, Counts>();
  #scanned = 0;
  #characters = 0;
  #dropped = 0;

  constructor(readonly maxUsers: number) {}

  looked(characters: number): void {
    this.#scanned++;
    this.#characters += characters;
  }

  add(trigger: Trigger, whose: Whose): void {
    count(this.#all, trigger);
    if (whose.userId === null) return;
    const key = keyOf(whose.userId, whose.tenantId);
    const own = this.#users.get(key) ?? new Map<string, never>();
    this.#users.delete(key);
    this.#users.set(key, own);
    count(own, trigger);
    if (this.#users.size <= this.maxUsers) return;
    const oldest = this.#users.keys().next();
    if (oldest.done !== true) this.#users.delete(oldest.value);
    this.#dropped++;
  }

  stats(query: ContentStatsQuery = {}): ContentStats {
    const own = query.userId !== undefined;
    const counts =
      query.userId === undefined ? this.#all : this.#users.get(keyOf(query.userId, query.tenantId ?? null));
    const triggers: readonly ContentCount[] = [...(counts?.values() ?? [])]
      .map(({ trigger, count: n }) => Object.freeze({ ...trigger, count: n }))
      .toSorted((a, b) => b.count - a.count || (a.detector < b.detector ? -1 : 1));
    return Object.freeze({
      scanned: own ? null : this.#scanned,
      characters: own ? null : this.#characters,
      triggers: Object.freeze(triggers),
      total: triggers.reduce((sum, { count: n }) => sum + n, 0),
      droppedUsers: own ? null : this.#dropped,
    });
  }
}

const keyOf = (userId: string, tenantId: string | null): string => JSON.stringify([tenantId, userId]);

function count(counts: Counts, { detector, kind, place, action, count: n }: Trigger): void {
  const key = `${detector} ${place} ${action}`;
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { trigger: { detector, kind, place, action }, count: n });
  else known.count += n;
}
