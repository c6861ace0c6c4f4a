import type { CompositionSystemPanel, MemberCount, MemberEnd, Selection, SelectionCount } from "./keys.js";

/** Names come from the host's own configuration; a host that makes them up per request must not fill memory. */
const MOST_ROWS = 1_000;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Counts what was chosen and how members ended, for the dashboard. Names of workflows and rules only, nobody's data. */
export class Tally {
  readonly #selections = new Map<string, Writable<SelectionCount>>();
  readonly #members = new Map<string, Writable<MemberCount>>();
  #uncounted = 0;

  selected({ workflow, rule, use }: Selection): void {
    const row = this.#row(this.#selections, [workflow, rule, use], () => ({ workflow, rule, use, count: 0 }));
    if (row !== null) row.count++;
  }

  ended({ workflow, member, status }: MemberEnd): void {
    const none = { ok: 0, error: 0, skipped: 0, fallback: 0, cancelled: 0 };
    const row = this.#row(this.#members, [workflow, member], () => ({ workflow, member, ...none }));
    if (row !== null) row[status]++;
  }

  panel(): CompositionSystemPanel {
    return {
      selections: [...this.#selections.values()].map((row) => ({ ...row })),
      members: [...this.#members.values()].map((row) => ({ ...row })),
      uncounted: this.#uncounted,
    };
  }

  #row<R>(rows: Map<string, R>, name: readonly (string | null)[], make: () => R): R | null {
    const key = JSON.stringify(name);
    const known = rows.get(key);
    if (known !== undefined) return known;
    if (rows.size >= MOST_ROWS) {
      this.#uncounted++;
      return null;
    }
    const made = make();
    rows.set(key, made);
    return made;
  }
}
