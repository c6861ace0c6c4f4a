import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { callInvalid, type MetricsErrorCode } from "./errors.js";
import {
  finishSchema,
  type MetricsQuery,
  querySchema,
  startSchema,
  type TrackingFinish,
  type TrackingStart,
  type TrackingUpdate,
  updateSchema,
} from "./input.js";
import type { RunLedger } from "./ledger.js";
import { RunRecord, snapshotOf, type WorkflowMetrics } from "./record.js";
import { MetricsReport } from "./report.js";
import { workflowStats, type WorkflowStats } from "./stats.js";
import { addTokens, noTokens } from "./tally.js";
import { within } from "./window.js";

/** What a collector reads and writes; the plugin makes it, and shares it with nobody else. */
export interface CollectorParts {
  readonly ledger: RunLedger;
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never go backwards, for durations. */
  monotonic(): number;
}

const HOUR_MS = 3_600_000;

/**
 * What runs used and how they ended. Runs of wrapped graphs are recorded by themselves; work outside of any graph can
 * be tracked by hand.
 */
export class WorkflowMetricsCollector {
  readonly #parts: CollectorParts;
  /** When runs tracked by hand began, by the monotonic clock. */
  readonly #began = new WeakMap<RunRecord, number>();

  constructor(parts: CollectorParts) {
    this.#parts = parts;
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
  } {
    const { active, dropped, abandoned, unmatched } = this.#parts.ledger;
    return { active, dropped, abandoned, unmatched };
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
    for (const [provider, total] of given.tokenUsage ?? []) {
      const tally = record.model(provider, provider === record.providerName ? record.modelName : null);
      tally.tokens = addTokens(tally.tokens, { ...noTokens(), total });
    }
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
    if (userSatisfaction !== undefined) record.userSatisfaction = userSatisfaction;
    const began = this.#began.get(record);
    if (began !== undefined && this.#began.delete(record)) {
      const status = record.failureCount > 0 ? "error" : "ok";
      ledger.ended(workflowId, { status, code: null, durationMs: this.#parts.monotonic() - began });
    }
    return snapshotOf(record);
  }
}

function read<S extends z.ZodType>(code: MetricsErrorCode, method: string, schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw callInvalid(code, method, parsed.error);
  return parsed.data;
}
