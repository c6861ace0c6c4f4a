import { Histogram } from "@graphtap/values";
import type { ErrorCategory } from "./category.js";
import { Ratings, type Satisfaction } from "./rating.js";
import { timingOf, type RunRecord, tokensOf, toolCallsOf } from "./record.js";
import { addTokens, noTokens, type Tokens } from "./tally.js";

/** Figures over ended runs. What is unknown is null. */
export interface WorkflowStats {
  /** Ended runs; runs inside runs are part of the outer one. */
  readonly totalExecutions: number;
  /** Share of `ok` among runs that ended ok or with an error, 0 to 1; null when there are none. */
  readonly successRate: number | null;
  /** Milliseconds, over runs that ended ok or with an error. */
  readonly avgExecutionTimeMs: number | null;
  readonly minExecutionTimeMs: number | null;
  readonly maxExecutionTimeMs: number | null;
  /** Milliseconds by nearest rank, off by 1.6 % at most. */
  readonly p50ExecutionTimeMs: number | null;
  readonly p95ExecutionTimeMs: number | null;
  readonly p99ExecutionTimeMs: number | null;
  /** Where the time of those runs went. */
  readonly timing: TimingStats;
  /** Input and output of all models; null when nobody reported any. */
  readonly totalTokens: number | null;
  readonly tokens: Tokens;
  readonly totalToolCalls: number;
  /** Failures, each counted once; of tools and models also those that the run recovered from. */
  readonly errorCount: number;
  /** The same by what kind of failure it was. */
  readonly errorsByCategory: Readonly<Partial<Record<ErrorCategory, number>>>;
  readonly satisfaction: Satisfaction;
  /** Ended runs by name of the graph. */
  readonly workflowTypes: Readonly<Record<string, number>>;
  /** Runs by provider of the models they called, or that they were tracked with; a run of two providers is in both. */
  readonly providers: Readonly<Record<string, number>>;
}

/** Means in milliseconds, each over the runs that have the figure; null when none has. */
export interface TimingStats {
  readonly avgModelMs: number | null;
  readonly avgToolMs: number | null;
  readonly avgRetrievalMs: number | null;
  readonly avgOverheadMs: number | null;
  readonly avgTimeToFirstTokenMs: number | null;
}

/** Adds up records. Objects have no prototype: names are data, and one may be called `constructor`. */
export function workflowStats(records: Iterable<RunRecord>): WorkflowStats {
  const workflowTypes: Record<string, number> = Object.create(null);
  const providers: Record<string, number> = Object.create(null);
  const categories: Partial<Record<ErrorCategory, number>> = Object.create(null);
  const durations: number[] = [];
  const histogram = new Histogram();
  const timings: ReturnType<typeof timingOf>[] = [];
  const ratings = new Ratings();
  let total = 0;
  let ok = 0;
  let toolCalls = 0;
  let errorCount = 0;
  let tokens = noTokens();
  for (const record of records) {
    ratings.add(record);
    if (record.status === "running") continue;
    toolCalls += toolCallsOf(record);
    errorCount += record.failureCount;
    for (const [category, count] of record.failureKinds ?? [])
      categories[category] = (categories[category] ?? 0) + count;
    tokens = addTokens(tokens, tokensOf(record));
    const called = record.models.map((tally) => tally.provider);
    for (const provider of new Set([...called, record.providerName])) if (provider !== null) bump(providers, provider);
    if (!record.isRoot) continue;
    total++;
    ratings.ended(record.rootId);
    bump(workflowTypes, record.workflow);
    if (record.status === "ok") ok++;
    if (record.durationMs === null || (record.status !== "ok" && record.status !== "error")) continue;
    durations.push(record.durationMs);
    histogram.record(record.durationMs);
    timings.push(timingOf(record));
  }
  const judged = durations.length;
  const none = judged === 0;
  return {
    totalExecutions: total,
    successRate: none ? null : ok / judged,
    avgExecutionTimeMs: none ? null : durations.reduce((sum, ms) => sum + ms, 0) / judged,
    minExecutionTimeMs: none ? null : durations.reduce((a, b) => Math.min(a, b)),
    maxExecutionTimeMs: none ? null : durations.reduce((a, b) => Math.max(a, b)),
    p50ExecutionTimeMs: histogram.quantile(0.5),
    p95ExecutionTimeMs: histogram.quantile(0.95),
    p99ExecutionTimeMs: histogram.quantile(0.99),
    timing: {
      avgModelMs: meanOf(timings, "modelMs"),
      avgToolMs: meanOf(timings, "toolMs"),
      avgRetrievalMs: meanOf(timings, "retrievalMs"),
      avgOverheadMs: meanOf(timings, "overheadMs"),
      avgTimeToFirstTokenMs: meanOf(timings, "timeToFirstTokenMs"),
    },
    totalTokens: tokens.total,
    tokens,
    totalToolCalls: toolCalls,
    errorCount,
    errorsByCategory: categories,
    satisfaction: ratings.satisfaction(),
    workflowTypes,
    providers,
  };
}

function meanOf<K extends string>(all: readonly Readonly<Record<K, number | null>>[], key: K): number | null {
  const known = all.flatMap((one) => one[key] ?? []);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function bump(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
