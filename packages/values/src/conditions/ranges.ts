import type { ConditionBound } from "./types.js";

interface End {
  readonly at: ConditionBound;
  /** Whether the end itself is left out. */
  readonly open: boolean;
}

/** What the comparisons of one value leave of it. */
export interface Range {
  readonly low: End | null;
  readonly high: End | null;
}

interface Comparison {
  readonly name: string;
  readonly operand: unknown;
}

const LOW = new Set(["gt", "gte", "min"]);
const HIGH = new Set(["lt", "lte", "max"]);

const tighter = (a: End | null, b: End, low: boolean): End => {
  if (a === null || typeof a.at !== typeof b.at) return b;
  if (a.at === b.at) return a.open ? a : b;
  return a.at > b.at === low ? a : b;
};

/** The range that comparisons leave; null where there is none among them. */
export function rangeOf(ops: readonly Comparison[]): Range | null {
  let low: End | null = null;
  let high: End | null = null;
  for (const { name, operand } of ops) {
    const at = operand as ConditionBound;
    if (LOW.has(name)) low = tighter(low, { at, open: name === "gt" }, true);
    else if (HIGH.has(name)) high = tighter(high, { at, open: name === "lt" }, false);
    else if (name === "between") {
      const [from, to] = operand as readonly [ConditionBound, ConditionBound];
      low = tighter(low, { at: from, open: false }, true);
      high = tighter(high, { at: to, open: false }, false);
    }
  }
  return low === null && high === null ? null : { low, high };
}

/** Whether no value can be in it. */
export function isEmpty(range: Range | null): boolean {
  if (range === null || range.low === null || range.high === null) return false;
  const { low, high } = range;
  return typeof low.at !== typeof high.at || low.at > high.at || (low.at === high.at && (low.open || high.open));
}

/** Whether every value of `inner` is in `outer`. */
export function isWithin(inner: Range, outer: Range): boolean {
  const inside = (a: End | null, b: End | null, low: boolean): boolean => {
    if (b === null) return true;
    if (a === null || typeof a.at !== typeof b.at) return false;
    return a.at === b.at ? a.open || !b.open : a.at > b.at === low;
  };
  // A range of one side says nothing of the type, which the other side has to settle.
  const typed = inner.low ?? inner.high;
  const wanted = outer.low ?? outer.high;
  return (
    typeof typed?.at === typeof wanted?.at &&
    inside(inner.low, outer.low, true) &&
    inside(inner.high, outer.high, false)
  );
}
