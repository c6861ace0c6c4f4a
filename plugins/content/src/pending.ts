import type { Report } from "./report.js";

/** Calls of one run whose finds are not told yet. */
const CALLS = 10_000;

/** A call, as far as finds in its arguments are kept by it. */
export interface Called {
  readonly name: string;
  readonly callId: string | null;
}

/**
 * What was found in the arguments of calls that are judged and not yet decided. A call beside one that waits for a person
 * is judged again when the run goes on, and what is in it is told when it is made or refused, and once.
 */
export class Pending {
  readonly #reports = new Map<string, Report[]>();

  hold(call: Called, report: Report): void {
    // Without an id nobody could tell it from another of its name; nor can it wait for anybody.
    if (call.callId === null) {
      report.done();
      return;
    }
    const key = keyOf(call);
    const held = this.#reports.get(key);
    if (held !== undefined) held.push(report);
    else if (this.#reports.size < CALLS) this.#reports.set(key, [report]);
    else report.done();
  }

  /** The call is made, or refused. */
  tell(call: Called): void {
    if (this.#reports.size === 0) return;
    const key = keyOf(call);
    const held = this.#reports.get(key) ?? [];
    this.#reports.delete(key);
    // The last judgement is the one that counts; a flag of an earlier one may not be in it, for it is told once.
    const told = new Set<string>();
    for (const report of held.toReversed()) report.done(told);
  }
}

const keyOf = ({ name, callId }: Called): string => JSON.stringify([name, callId]);
