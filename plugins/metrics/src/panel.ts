import type { HealthIndicator } from "@graphtap/langgraph";
import type { RecentError } from "./collector.js";
import type { LiveStats, WindowRow } from "./live-stats.js";
import { Ratings } from "./rating.js";
import type { RunRecord } from "./record.js";
import { type MetricsReport, type ModelRow, type NodeRow, type RunCounts, type ToolRow } from "./report.js";
import type { Rolling, WindowName } from "./rolling.js";
import type { WorkflowStats } from "./stats.js";

type ErrorLine = Pick<RecentError, "at" | "workflow" | "where" | "name" | "category" | "code" | "retryable">;

/** What the dashboard shows of one user: the last 24 hours. */
export interface MetricsUserPanel extends WorkflowStats {
  readonly activeRuns: number;
  readonly runs: RunCounts;
  readonly models: readonly Pick<ModelRow, "provider" | "model" | "calls" | "tokens" | "p50Ms">[];
  readonly tools: readonly ToolRow[];
  readonly recentErrors: readonly ErrorLine[];
}

/** What the dashboard shows of the system: windows up to this moment, and the last 24 hours. */
export interface MetricsSystemPanel extends WorkflowStats {
  readonly activeRuns: number;
  readonly runs: RunCounts;
  readonly windows: Readonly<Record<WindowName, WindowRow>>;
  readonly models: readonly ModelRow[];
  readonly nodes: readonly NodeRow[];
  readonly tools: readonly ToolRow[];
  readonly recentErrors: readonly ErrorLine[];
}

const errorLine = ({ at, workflow, where, name, category, code, retryable }: RecentError): ErrorLine => ({
  at,
  workflow,
  where,
  name,
  category,
  code,
  retryable,
});

export function userPanel(
  stats: WorkflowStats,
  report: MetricsReport,
  errors: readonly RecentError[],
  activeRuns: number,
): MetricsUserPanel {
  return {
    ...stats,
    activeRuns,
    runs: report.runs,
    models: report.models.map(({ provider, model, calls, tokens, p50Ms }) => ({
      provider,
      model,
      calls,
      tokens,
      p50Ms,
    })),
    tools: report.tools,
    recentErrors: errors.map(errorLine),
  };
}

export function systemPanel(
  stats: WorkflowStats,
  report: MetricsReport,
  errors: readonly RecentError[],
  live: LiveStats,
): MetricsSystemPanel {
  const { windows } = live;
  return {
    ...stats,
    activeRuns: live.activeRuns,
    runs: report.runs,
    windows: {
      "1m": windows["1m"].runs,
      "5m": windows["5m"].runs,
      "1h": windows["1h"].runs,
      "24h": windows["24h"].runs,
    },
    models: report.models,
    nodes: report.nodes,
    tools: report.tools,
    recentErrors: errors.map(errorLine),
  };
}

const HEALTH_WINDOWS = ["5m", "1h", "24h"] as const satisfies readonly WindowName[];
/** Ratings below which quality says nothing. */
const FEWEST_RATINGS = 10;
const DAY = 86_400_000;

/**
 * Indicators of health. Denials, cancellations and interrupts are nobody's failure: only what ended ok or with an error
 * is valid.
 */
export function indicatorsOf(
  rolling: Rolling,
  records: Iterable<RunRecord>,
  now: number,
  latencyTargetMs: number | undefined,
): readonly HealthIndicator[] {
  const indicator = (
    id: string,
    title: string,
    kind: "run" | "tool" | "model",
    objective: number,
    weight: number,
  ): HealthIndicator => ({
    id,
    title,
    objective,
    weight,
    windows: HEALTH_WINDOWS.map((window) => {
      const { ok, failed } = rolling.sum(kind, window);
      return { windowMs: windowMsOf(window), good: ok, valid: ok + failed };
    }),
  });
  const list = [
    indicator("availability", "Runs that ended well", "run", 0.99, 3),
    indicator("models", "Model calls that ended well", "model", 0.98, 2),
    indicator("tools", "Tool calls that ended well", "tool", 0.98, 2),
  ];
  if (latencyTargetMs !== undefined) {
    const windows = HEALTH_WINDOWS.map((window) => {
      const { durations } = rolling.sum("run", window);
      return { windowMs: windowMsOf(window), good: durations.countUpTo(latencyTargetMs), valid: durations.count };
    });
    list.push({ id: "latency", title: `Runs within ${latencyTargetMs} ms`, objective: 0.95, weight: 2, windows });
  }
  const ratings = new Ratings();
  for (const record of records) if (record.startedAt >= now - DAY) ratings.add(record);
  if (ratings.count >= FEWEST_RATINGS) {
    const windows = [{ windowMs: DAY, good: ratings.satisfied, valid: ratings.count }];
    list.push({ id: "quality", title: "Ratings of 0.5 or more", objective: 0.8, weight: 1, windows });
  }
  return list;
}

const windowMsOf = (window: (typeof HEALTH_WINDOWS)[number]): number =>
  ({ "5m": 300_000, "1h": 3_600_000, "24h": DAY })[window];
