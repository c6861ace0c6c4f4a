import type { ErrorCategory } from "./category.js";
import { type Rolling, type SeriesKind, type Sum, WINDOWS, type WindowName } from "./rolling.js";
import { callsOf, type Tokens } from "./tally.js";

/** Counts and percentiles of one thing in one window. */
export interface WindowRow {
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  readonly denied: number;
  readonly cancelled: number;
  readonly paused: number;
  /** Share of `ok` among what ended ok or failed; null when nothing did. */
  readonly successRate: number | null;
  /** Milliseconds by nearest rank, off by 1.6 % at most; null when nothing ended. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}
export interface NamedRow extends WindowRow {
  readonly name: string;
}

/** One window, up to this moment. */
export interface WindowStats {
  readonly windowMs: number;
  /** Milliseconds of it that this process has seen. */
  readonly coveredMs: number;
  readonly runs: WindowRow;
  /** Of all models; null where nobody reported any. */
  readonly tokens: Tokens;
  readonly models: WindowRow;
  readonly tools: WindowRow;
  /** Failures by what kind they were. */
  readonly errorsByCategory: Readonly<Partial<Record<ErrorCategory, number>>>;
  /** Most calls first. */
  readonly byWorkflow: readonly NamedRow[];
  readonly byModel: readonly NamedRow[];
  readonly byTool: readonly NamedRow[];
}

export interface LiveStats {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly activeRuns: number;
  readonly windows: Readonly<Record<WindowName, WindowStats>>;
}

/** Everything that {@link Rolling} knows, at once. */
export function liveStats(rolling: Rolling, at: number, activeRuns: number): LiveStats {
  const windowOf = (window: WindowName): WindowStats => {
    const named = (kind: SeriesKind): readonly NamedRow[] =>
      rolling
        .names(kind)
        .map((name) => ({ name, ...rowOf(rolling.sum(kind, window, name)) }))
        .filter(({ calls, paused }) => calls + paused > 0)
        .sort((a, b) => b.calls - a.calls || (a.name < b.name ? -1 : 1));
    const models = rolling.sum("model", window);
    const errorsByCategory: Partial<Record<ErrorCategory, number>> = Object.create(null);
    for (const name of rolling.names("category")) {
      const { failed } = rolling.sum("category", window, name);
      if (failed > 0) errorsByCategory[name as ErrorCategory] = failed;
    }
    return {
      windowMs: WINDOWS[window].windowMs,
      coveredMs: rolling.coveredMs(window),
      runs: rowOf(rolling.sum("run", window)),
      tokens: models.tokens,
      models: rowOf(models),
      tools: rowOf(rolling.sum("tool", window)),
      errorsByCategory,
      byWorkflow: named("run"),
      byModel: named("model"),
      byTool: named("tool"),
    };
  };
  return {
    at,
    activeRuns,
    windows: { "1m": windowOf("1m"), "5m": windowOf("5m"), "1h": windowOf("1h"), "24h": windowOf("24h") },
  };
}

function rowOf(sum: Sum): WindowRow {
  const { ok, failed, denied, cancelled, paused, durations } = sum;
  return {
    calls: callsOf(sum),
    ok,
    failed,
    denied,
    cancelled,
    paused,
    successRate: ok + failed === 0 ? null : ok / (ok + failed),
    p50Ms: durations.quantile(0.5),
    p95Ms: durations.quantile(0.95),
    p99Ms: durations.quantile(0.99),
  };
}
