/** For how long at least one of several things was at work: what overlaps counts once. */
export interface Busy {
  totalMs: number;
  depth: number;
  since: number;
}

export const newBusy = (): Busy => ({ totalMs: 0, depth: 0, since: 0 });

/** @param now milliseconds, monotonic */
export function enter(busy: Busy, now: number): void {
  if (busy.depth++ === 0) busy.since = now;
}

export function leave(busy: Busy, now: number): void {
  if (busy.depth === 0) return;
  if (--busy.depth === 0) busy.totalMs += Math.max(0, now - busy.since);
}
