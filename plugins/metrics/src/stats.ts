import { type RunRecord, tokensOf, toolCallsOf } from "./record.js";
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
  /** Input and output of all models; null when nobody reported any. */
  readonly totalTokens: number | null;
  readonly tokens: Tokens;
  readonly totalToolCalls: number;
  /** Failures, each counted once, recovered ones included. */
  readonly errorCount: number;
  /** Ended runs by name of the graph. */
  readonly workflowTypes: Readonly<Record<string, number>>;
  /** Runs by provider of the models they called; a run that called two providers is in both. */
  readonly providers: Readonly<Record<string, number>>;
}

/** Adds up records. Objects have no prototype: names are data, and one may be called `constructor`. */
export function workflowStats(records: Iterable<RunRecord>): WorkflowStats {
  const workflowTypes: Record<string, number> = Object.create(null);
  const providers: Record<string, number> = Object.create(null);
  const durations: number[] = [];
  let total = 0;
  let ok = 0;
  let toolCalls = 0;
  let errorCount = 0;
  let tokens = noTokens();
  for (const record of records) {
    if (record.status === "running") continue;
    toolCalls += toolCallsOf(record);
    errorCount += record.failureCount;
    tokens = addTokens(tokens, tokensOf(record));
    for (const provider of new Set(record.models.flatMap((tally) => tally.provider ?? []))) bump(providers, provider);
    if (!record.isRoot) continue;
    total++;
    bump(workflowTypes, record.workflow);
    if (record.status === "ok") ok++;
    if (record.durationMs !== null && (record.status === "ok" || record.status === "error"))
      durations.push(record.durationMs);
  }
  const judged = durations.length;
  const none = judged === 0;
  return {
    totalExecutions: total,
    successRate: none ? null : ok / judged,
    avgExecutionTimeMs: none ? null : durations.reduce((sum, ms) => sum + ms, 0) / judged,
    minExecutionTimeMs: none ? null : durations.reduce((a, b) => Math.min(a, b)),
    maxExecutionTimeMs: none ? null : durations.reduce((a, b) => Math.max(a, b)),
    totalTokens: tokens.total,
    tokens,
    totalToolCalls: toolCalls,
    errorCount,
    workflowTypes,
    providers,
  };
}

function bump(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
