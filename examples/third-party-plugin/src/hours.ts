/** Hours of a day, UTC, from inclusive to exclusive; `from` after `to` spans midnight. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

/** Whether a moment lies in these hours. Pure, so that it can be tested without a stack. */
export function within({ from, to }: Hours, epochMs: number): boolean {
  const hour = new Date(epochMs).getUTCHours();
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}
