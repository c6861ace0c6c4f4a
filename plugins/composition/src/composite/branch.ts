import type { MemberOutcome } from "../keys.js";

/** What one parallel member leaves to be merged; plain data, for it is part of a checkpoint. */
export interface Branch {
  readonly outcome: MemberOutcome;
  /** Whole values, by channel. */
  readonly changes: Readonly<Record<string, unknown>>;
}

/** By place in the declared order. */
export type Branches = Readonly<Record<string, Branch>>;

/** In declared order, whichever ended first. */
export const ordered = (branches: Branches): readonly Branch[] =>
  Object.values(branches).toSorted((a, b) => a.outcome.index - b.outcome.index);
