import type { DashboardPanel } from "@graphtap/langgraph";
import type { ContentStats, ContentSystemPanel, ContentTrigger, ContentUserPanel } from "./keys.js";
import type { Tally } from "./tally.js";

const TITLE = "Content filter";

/** By detector and action, over all places. */
function byAction(stats: ContentStats): readonly ContentTrigger[] {
  const sums = new Map<string, { detector: string; action: ContentTrigger["action"]; count: number }>();
  for (const { detector, action, count } of stats.triggers) {
    const key = `${detector} ${action}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { detector, action, count });
    else sum.count += count;
  }
  return [...sums.values()].toSorted((a, b) => b.count - a.count);
}

/** A user's own triggers, and nobody else's. */
export function userPanel(tally: Tally, userId: string, tenantId: string | null): DashboardPanel {
  const stats = tally.stats({ userId, tenantId });
  const data: ContentUserPanel = { total: stats.total, triggers: byAction(stats) };
  return { id: "content", title: TITLE, version: 1, data: { ...data } };
}

export function systemPanel(tally: Tally): DashboardPanel {
  const { scanned, total, triggers } = tally.stats();
  const data: ContentSystemPanel = {
    scanned,
    total,
    triggers: triggers.map(({ detector, place, action, count }) => ({ detector, place, action, count })),
  };
  return { id: "content", title: TITLE, version: 1, data: { ...data } };
}
