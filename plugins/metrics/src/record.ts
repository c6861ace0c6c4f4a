import { type Busy, newBusy } from "./busy.js";
import type { Blame, ErrorCategory } from "./category.js";
import { meanOf, type Rating } from "./rating.js";
import {
  addTokens,
  type CallStatus,
  callsOf,
  count,
  type DenialTally,
  type ModelTally,
  modelTally,
  OTHER,
  slot,
  type Tokens,
  tokensSum,
  type ToolTally,
  toolTally,
} from "./tally.js";

/** `run`: a graph; `direct`: a tool or model called by itself; `manual`: tracked by hand. */
export type RunKind = "run" | "direct" | "manual";
/** `abandoned`: it had to make room for newer runs before it ended. */
export type RunStatus = "running" | "ok" | "error" | "cancelled" | "paused" | "denied" | "abandoned";

/** One failure. No message: it may hold arguments or contents. */
export interface RunFailure {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly where: "run" | "model" | "tool" | "retrieval" | "manual";
  /** Name of the workflow, model or tool. */
  readonly name: string | null;
  /** Code of the error; null when it has none. */
  readonly code: string | null;
  /** Class of the error (`TypeError`); null when it is no Error. */
  readonly type: string | null;
  readonly category: ErrorCategory;
  /** Whether the same call may go well a moment later; null where nobody can say. */
  readonly retryable: boolean | null;
  readonly blame: Blame;
  /** The node in which it happened; null outside of one. */
  readonly node: string | null;
}

/** What is known of a run when it begins. */
export interface RunFacts {
  readonly id: string;
  readonly rootId: string;
  readonly parentId: string | null;
  readonly resumedFrom: string | null;
  readonly kind: RunKind;
  readonly workflow: string;
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  readonly conversationId: string | null;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The same by the monotonic clock, in milliseconds. */
  readonly startedMs: number;
}

/** A model call that ended. */
export interface ModelCallFacts {
  readonly provider: string | null;
  readonly model: string | null;
  readonly node: string | null;
  readonly status: CallStatus;
  readonly usage: Tokens | null;
  readonly observed: boolean;
  readonly durationMs: number;
  readonly firstChunkMs: number | null;
}

/** Names per run beyond which calls are counted under `__other__`. */
const MOST_NAMES = 256;
/** Failures kept per run; more are only counted. */
const MOST_FAILURES = 100;

/** What is added up about one run. Late ends still change it. */
export class RunRecord implements RunFacts {
  readonly id: string;
  readonly rootId: string;
  readonly parentId: string | null;
  readonly resumedFrom: string | null;
  readonly kind: RunKind;
  readonly workflow: string;
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  readonly conversationId: string | null;
  readonly startedAt: number;
  /** The same by the monotonic clock, in milliseconds. */
  readonly startedMs: number;
  status: RunStatus = "running";
  code: string | null = null;
  endedAt: number | null = null;
  durationMs: number | null = null;
  readonly models: ModelTally[] = [];
  readonly tools: ToolTally[] = [];
  readonly denials: DenialTally[] = [];
  readonly failures: RunFailure[] = [];
  failureCount = 0;
  /** By category, those without room in `failures` too; made on first use. */
  failureKinds: Map<ErrorCategory, number> | null = null;
  /** Tool executions that have begun and not ended; made on first use. */
  open: Set<string> | null = null;
  /** Tool calls that were reported by hand, without a name. */
  unnamedToolCalls = 0;
  providerName: string | null = null;
  modelName: string | null = null;
  retrievalContextSize: number | null = null;
  memoryUsageMb: number | null = null;
  /** One per rater; made on first use. */
  ratings: Rating[] | null = null;
  /** Milliseconds, summed: calls side by side count each. Null while there were none. */
  modelMs: number | null = null;
  toolMs: number | null = null;
  retrievalMs: number | null = null;
  /** Milliseconds from the run's start to the first chunk of a model. */
  timeToFirstTokenMs: number | null = null;
  readonly busy: Busy = newBusy();
  config: Readonly<Record<string, unknown>> | null = null;

  constructor(facts: RunFacts) {
    this.id = facts.id;
    this.rootId = facts.rootId;
    this.parentId = facts.parentId;
    this.resumedFrom = facts.resumedFrom;
    this.kind = facts.kind;
    this.workflow = facts.workflow;
    this.userId = facts.userId;
    this.service = facts.service;
    this.tenantId = facts.tenantId;
    this.conversationId = facts.conversationId;
    this.startedAt = facts.startedAt;
    this.startedMs = facts.startedMs;
  }

  /** Whether it stands for itself: a run inside a run is part of what the outer one did. */
  get isRoot(): boolean {
    return this.parentId === null && this.kind !== "direct";
  }

  model(provider: string | null, model: string | null, node: string | null = null): ModelTally {
    const is = (p: string | null, m: string | null, n: string | null) => (t: ModelTally) =>
      t.provider === p && t.model === m && t.node === n;
    const other = { fits: is(null, OTHER, null), make: () => modelTally(null, OTHER) };
    return slot(this.models, is(provider, model, node), () => modelTally(provider, model, node), MOST_NAMES, other);
  }

  get userSatisfaction(): number | null {
    return this.ratings === null ? null : meanOf(this.ratings);
  }

  tool(name: string): ToolTally {
    const other = { fits: (t: ToolTally) => t.name === OTHER, make: () => toolTally(OTHER) };
    return slot(
      this.tools,
      (t) => t.name === name,
      () => toolTally(name),
      MOST_NAMES,
      other,
    );
  }

  deny(who: string, tenantId: string | null, tool: string, code: string): void {
    count(this.tool(tool), "denied");
    const make = (key: Omit<DenialTally, "count">): DenialTally => ({ ...key, count: 0 });
    const rest = { who: OTHER, tenantId: null, tool: OTHER, code: OTHER };
    const is = (key: Omit<DenialTally, "count">) => (t: DenialTally) =>
      t.who === key.who && t.tenantId === key.tenantId && t.tool === key.tool && t.code === key.code;
    const key = { who, tenantId, tool, code };
    slot(this.denials, is(key), () => make(key), MOST_NAMES, { fits: is(rest), make: () => make(rest) }).count++;
  }

  callTool(name: string, status: Exclude<CallStatus, "denied">, durationMs: number): void {
    const tally = this.tool(name);
    count(tally, status);
    if (status !== "ok" && status !== "error") return;
    tally.durations.record(durationMs);
    this.toolMs = (this.toolMs ?? 0) + durationMs;
  }

  callModel(call: ModelCallFacts): void {
    const { status, usage, durationMs, firstChunkMs } = call;
    const tally = this.model(call.provider, call.model, call.node);
    count(tally, status);
    if (call.observed) tally.observed++;
    if (usage !== null) tally.tokens = addTokens(tally.tokens, usage);
    else if (status !== "denied" && status !== "paused") tally.unreported++;
    if (status !== "ok" && status !== "error") return;
    tally.durations.record(durationMs);
    this.modelMs = (this.modelMs ?? 0) + durationMs;
    if (firstChunkMs !== null) tally.firstChunks.record(firstChunkMs);
  }

  fail(failure: RunFailure): void {
    this.failureCount++;
    this.failureKinds ??= new Map();
    this.failureKinds.set(failure.category, (this.failureKinds.get(failure.category) ?? 0) + 1);
    if (this.failures.length < MOST_FAILURES) this.failures.push(failure);
  }

  end(status: RunStatus, code: string | null, at: number, durationMs: number): void {
    this.status = status;
    this.code = code;
    this.endedAt = at;
    this.durationMs = durationMs;
  }
}

/** Where a run's time went, in milliseconds. */
export interface RunTiming {
  /** Sum over model calls; null when there were none. Calls side by side count each. */
  readonly modelMs: number | null;
  readonly toolMs: number | null;
  readonly retrievalMs: number | null;
  /** What is left when no model, tool or retriever was at work: the graph itself. Null while it runs, and for runs tracked by hand. */
  readonly overheadMs: number | null;
  /** From the run's start to the first chunk of a model; null when none streamed. */
  readonly timeToFirstTokenMs: number | null;
}

/** One run, as it is known at this moment. Plain data. */
export interface WorkflowMetrics {
  /** The run's id, or the one that startWorkflowTracking gave. */
  readonly workflowId: string;
  /** The outermost run around it; its own id at the root. */
  readonly rootId: string;
  /** The paused run that it continues. */
  readonly resumedFrom: string | null;
  readonly kind: RunKind;
  /** Name of the graph. */
  readonly workflowType: string;
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  readonly conversationId: string | null;
  readonly providerName: string | null;
  readonly modelName: string | null;
  readonly workflowConfig: Readonly<Record<string, unknown>> | null;
  readonly status: RunStatus;
  readonly code: string | null;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds; null while it runs. */
  readonly endedAt: number | null;
  /** Milliseconds, monotonic; null while it runs. */
  readonly executionTimeMs: number | null;
  readonly timing: RunTiming;
  readonly models: readonly {
    readonly provider: string | null;
    readonly model: string | null;
    readonly node: string | null;
    readonly calls: number;
    readonly tokens: Tokens;
  }[];
  /** Sum over its models; null where nobody reported any. Runs inside it have their own. */
  readonly tokenUsage: Tokens;
  /** Calls that were made, refused ones included; runs inside it have their own. */
  readonly toolCalls: number;
  readonly errors: readonly RunFailure[];
  /** All failures, also those that `errors` has no room for. */
  readonly errorCount: number;
  readonly retrievalContextSize: number | null;
  readonly memoryUsageMb: number | null;
  /** 0 to 1; null when nobody said. */
  readonly userSatisfaction: number | null;
}

export const toolCallsOf = (record: RunRecord): number =>
  record.tools.reduce((sum, tally) => sum + callsOf(tally), record.unnamedToolCalls);

export const tokensOf = (record: RunRecord): Tokens => tokensSum(record.models);

export function timingOf(record: RunRecord): RunTiming {
  const { kind, durationMs, modelMs, toolMs, retrievalMs, timeToFirstTokenMs, busy } = record;
  const overheadMs = durationMs === null || kind === "manual" ? null : Math.max(0, durationMs - busy.totalMs);
  return { modelMs, toolMs, retrievalMs, overheadMs, timeToFirstTokenMs };
}

/** A copy of a record that no later event changes. */
export function snapshotOf(record: RunRecord): WorkflowMetrics {
  const { id, rootId, resumedFrom, kind, workflow, userId, service, tenantId, conversationId, startedAt } = record;
  return {
    workflowId: id,
    rootId,
    resumedFrom,
    kind,
    workflowType: workflow,
    userId,
    service,
    tenantId,
    conversationId,
    providerName: record.providerName,
    modelName: record.modelName,
    workflowConfig: record.config,
    status: record.status,
    code: record.code,
    startedAt,
    endedAt: record.endedAt,
    executionTimeMs: record.durationMs,
    timing: timingOf(record),
    models: record.models.map((tally) => ({
      provider: tally.provider,
      model: tally.model,
      node: tally.node,
      calls: callsOf(tally),
      tokens: tally.tokens,
    })),
    tokenUsage: tokensOf(record),
    toolCalls: toolCallsOf(record),
    errors: [...record.failures],
    errorCount: record.failureCount,
    retrievalContextSize: record.retrievalContextSize,
    memoryUsageMb: record.memoryUsageMb,
    userSatisfaction: record.userSatisfaction,
  };
}
