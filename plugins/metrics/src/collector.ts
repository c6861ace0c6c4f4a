import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { callInvalid, type MetricsErrorCode, ratingRefused } from "./errors.js";
import {
  errorsSchema,
  type ErrorsQuery,
  finishSchema,
  listenSchema,
  type MetricsQuery,
  querySchema,
  type RatingInput,
  ratingSchema,
  startSchema,
  type TrackingFinish,
  type TrackingStart,
  type TrackingUpdate,
  updateSchema,
} from "./input.js";
import type { RunLedger } from "./ledger.js";
import type { ActiveRun, LiveEvents, MetricsEvents } from "./live.js";
import { type LiveStats, liveStats } from "./live-stats.js";
import { put, type Rating } from "./rating.js";
import { type RunFailure, RunRecord, snapshotOf, type WorkflowMetrics } from "./record.js";
import { MetricsReport } from "./report.js";
import type { Rolling } from "./rolling.js";
import { type CollectorOptions, partsOf } from "./standalone.js";
import { workflowStats, type WorkflowStats } from "./stats.js";
import { within } from "./window.js";

/** What a collector reads and writes; the plugin makes it, and shares it with nobody else. */
export interface CollectorParts {
  readonly ledger: RunLedger;
  readonly rolling: Rolling;
  readonly live: LiveEvents;
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never go backwards, for durations. */
  monotonic(): number;
}

const HOUR_MS = 3_600_000;

const isParts = (given: CollectorOptions | CollectorParts | null): given is CollectorParts =>
  typeof given === "object" && given !== null && "ledger" in given;

/**
 * What runs used and how they ended. Runs of wrapped graphs are recorded by themselves; work outside of any graph can
 * be tracked by hand, with the collector of a stack or with one that has none.
 *
 * @example
 * const collector = new WorkflowMetricsCollector({ maxHistory: 1_000 });
 * const id = collector.startWorkflowTracking({ workflowType: "rag", userId: "user123" });
 */
export class WorkflowMetricsCollector {
  readonly #parts: CollectorParts;
  /** When runs tracked by hand began, by the monotonic clock. */
  readonly #began = new WeakMap<RunRecord, number>();

  /** @throws GraphTapError METRICS_OPTIONS_INVALID */
  constructor(options: CollectorOptions | CollectorParts = {}) {
    this.#parts = isParts(options) ? options : partsOf(options);
  }

  /**
   * Runs, tokens, tools and denials of the last hours, runs under way included.
   *
   * @returns data that prints as a table
   * @throws GraphTapError METRICS_QUERY_INVALID
   * @example console.log(stack.get(metrics).report({ hours: 24 }));
   */
  report(query?: MetricsQuery): MetricsReport {
    const { hours, ...filter } = read("METRICS_QUERY_INVALID", "report", querySchema, query);
    const { ledger } = this.#parts;
    const to = this.#parts.now();
    const from = to - hours * HOUR_MS;
    const { dropped, abandoned } = ledger;
    return new MetricsReport(within(ledger.records(), from, filter), { from, to, dropped, abandoned });
  }

  /**
   * Figures over the runs that started in the last hours and have ended.
   *
   * @throws GraphTapError METRICS_QUERY_INVALID
   */
  getWorkflowStats(query?: MetricsQuery): WorkflowStats {
    const { hours, ...filter } = read("METRICS_QUERY_INVALID", "getWorkflowStats", querySchema, query);
    return workflowStats(within(this.#parts.ledger.records(), this.#parts.now() - hours * HOUR_MS, filter));
  }

  /**
   * The last minute, five minutes, hour and day, up to this moment: runs, models and tools with percentiles, also by
   * name, and failures by category. What it costs does not depend on how much happened.
   *
   * @example stack.get(metrics).getLiveStats().windows["5m"].runs.p95Ms;
   */
  getLiveStats(): LiveStats {
    const { rolling, ledger } = this.#parts;
    return liveStats(rolling, this.#parts.now(), [...ledger.activeRecords()].length);
  }

  /** Runs under way, oldest first. */
  getActiveRuns(): readonly ActiveRun[] {
    const { ledger } = this.#parts;
    return [...ledger.activeRecords()].map((record) => ledger.activeRun(record));
  }

  /**
   * Failures, newest first, each once; messages are not kept.
   *
   * @throws GraphTapError METRICS_QUERY_INVALID
   */
  getRecentErrors(query?: ErrorsQuery): readonly RecentError[] {
    const { hours, limit, ...filter } = read("METRICS_QUERY_INVALID", "getRecentErrors", errorsSchema, query);
    const since = this.#parts.now() - hours * HOUR_MS;
    // A run may have begun before the time asked about and failed within it.
    const failures = [...within(this.#parts.ledger.records(), Number.NEGATIVE_INFINITY, filter)].flatMap((record) =>
      record.failures
        .filter(({ at }) => at >= since)
        .map((failure) => ({ runId: record.id, workflow: record.workflow, userId: record.userId, ...failure })),
    );
    // Of those of one moment the one of the younger run comes first.
    return failures
      .reverse()
      .sort((a, b) => b.at - a.at)
      .slice(0, limit);
  }

  /**
   * Takes a rating of a run, at any time while it is known. A rater has one rating per run; a second replaces it.
   *
   * @param score 0 (useless) to 1 (just right)
   * @returns how the run stands now; null when its id is not known (any more)
   * @throws GraphTapError RATING_INVALID
   * @example stack.get(metrics).rate(runId, 0.9, { rater: "alice", tags: ["fast"] });
   */
  rate(runId: string, score: number, about?: RatingInput): WorkflowMetrics | null {
    const given = read("RATING_INVALID", "rate", ratingSchema, { ...about, score });
    const record = this.#parts.ledger.find(runId);
    if (record === undefined) return null;
    const rater = given.rater ?? record.userId ?? "anonymous";
    const { tags, comment = null } = given;
    this.#rate(record, { rater, score: given.score, tags, comment, at: this.#parts.now() });
    return snapshotOf(record);
  }

  #rate(record: RunRecord, rating: Rating): void {
    record.ratings ??= [];
    if (!put(record.ratings, rating)) throw ratingRefused();
    this.#parts.live.emit("rated", () => ({ runId: record.id, ...rating }));
  }

  /**
   * Calls a listener with what happens, as it happens. Nobody waits for it.
   *
   * @returns stops it
   * @throws GraphTapError METRICS_QUERY_INVALID
   * @example stack.get(metrics).on("run.ended", (run) => console.log(run.workflowType, run.status));
   */
  on<K extends keyof MetricsEvents>(event: K, listener: MetricsEvents[K]): () => void {
    read("METRICS_QUERY_INVALID", "on", listenSchema, { event, listener });
    return this.#parts.live.on(event, listener);
  }

  /** One run by its id, as it stands; null when it is not known (any more). */
  getWorkflowMetrics(workflowId: string): WorkflowMetrics | null {
    const record = this.#parts.ledger.find(workflowId);
    return record === undefined ? null : snapshotOf(record);
  }

  /** What is kept and what was not: bounds show here before they hurt. */
  get health(): {
    readonly active: number;
    readonly dropped: number;
    readonly abandoned: number;
    readonly unmatched: number;
    /** Events counted under `__other__`, because too many names were in use. */
    readonly overflowed: number;
    /** Listeners that threw. */
    readonly listenersFailed: number;
  } {
    const { ledger, rolling, live } = this.#parts;
    const { active, dropped, abandoned, unmatched } = ledger;
    return { active, dropped, abandoned, unmatched, overflowed: rolling.overflowed, listenersFailed: live.failed };
  }

  /**
   * Begins to track work that is no run of a wrapped graph.
   *
   * @returns its id
   * @throws GraphTapError TRACKING_INVALID
   */
  startWorkflowTracking(start: TrackingStart): string {
    const given = read("TRACKING_INVALID", "startWorkflowTracking", startSchema, start);
    const id = randomUUID();
    const record = new RunRecord({
      id,
      rootId: id,
      parentId: null,
      resumedFrom: null,
      kind: "manual",
      workflow: given.workflowType,
      userId: given.userId ?? null,
      service: null,
      tenantId: given.tenantId ?? null,
      conversationId: given.conversationId ?? null,
      startedAt: this.#parts.now(),
      startedMs: this.#parts.monotonic(),
    });
    record.providerName = given.providerName ?? null;
    record.modelName = given.modelName ?? null;
    record.config = given.config ?? null;
    this.#began.set(record, this.#parts.monotonic());
    this.#parts.ledger.open(record);
    return id;
  }

  /**
   * Adds figures to a run, also to one of a wrapped graph (by `runId`), for what no hook can see.
   *
   * @returns how it stands now; null when the id is not known (any more)
   * @throws GraphTapError TRACKING_INVALID
   */
  updateWorkflowMetrics(workflowId: string, update: TrackingUpdate): WorkflowMetrics | null {
    const given = read("TRACKING_INVALID", "updateWorkflowMetrics", updateSchema, update);
    const record = this.#parts.ledger.find(workflowId);
    if (record === undefined) return null;
    for (const [provider, total] of given.tokenUsage ?? []) this.#parts.ledger.tokensByHand(record, provider, total);
    record.unnamedToolCalls += given.toolCalls ?? 0;
    record.retrievalContextSize = given.retrievalContextSize ?? record.retrievalContextSize;
    record.memoryUsageMb = given.memoryUsageMb ?? record.memoryUsageMb;
    if (given.error !== undefined) this.#parts.ledger.failedByHand(record, given.error);
    return snapshotOf(record);
  }

  /**
   * Ends a run that is tracked by hand; it is an error when one was reported for it. A run of a wrapped graph ends by
   * itself: for it only the rating is taken, at any time.
   *
   * @returns the final figures; null when the id is not known (any more)
   * @throws GraphTapError TRACKING_INVALID
   */
  finishWorkflowTracking(workflowId: string, finish?: TrackingFinish): WorkflowMetrics | null {
    const { userSatisfaction } = read("TRACKING_INVALID", "finishWorkflowTracking", finishSchema, finish);
    const { ledger } = this.#parts;
    const record = ledger.find(workflowId);
    if (record === undefined) return null;
    if (userSatisfaction !== undefined) {
      const rater = record.userId ?? "anonymous";
      this.#rate(record, { rater, score: userSatisfaction, tags: [], comment: null, at: this.#parts.now() });
    }
    const began = this.#began.get(record);
    if (began !== undefined && this.#began.delete(record)) {
      const status = record.failureCount > 0 ? "error" : "ok";
      ledger.ended(workflowId, { status, code: null, durationMs: this.#parts.monotonic() - began });
    }
    return snapshotOf(record);
  }
}

/** A failure and where it happened. */
export interface RecentError extends RunFailure {
  readonly runId: string;
  readonly workflow: string;
  readonly userId: string | null;
}

function read<S extends z.ZodType>(code: MetricsErrorCode, method: string, schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw callInvalid(code, method, parsed.error, input);
  return parsed.data;
}
