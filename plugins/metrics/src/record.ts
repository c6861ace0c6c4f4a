import {
  addTokens,
  type CallStatus,
  callsOf,
  count,
  type DenialTally,
  type ModelTally,
  modelTally,
  noTokens,
  OTHER,
  slot,
  type Tokens,
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
  readonly where: "run" | "model" | "tool" | "manual";
  /** Name of the workflow, model or tool. */
  readonly name: string | null;
  /** Code of the error; null when it has none. */
  readonly code: string | null;
  /** Class of the error (`TypeError`); null when it is no Error. */
  readonly type: string | null;
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
  status: RunStatus = "running";
  code: string | null = null;
  endedAt: number | null = null;
  durationMs: number | null = null;
  readonly models: ModelTally[] = [];
  readonly tools: ToolTally[] = [];
  readonly denials: DenialTally[] = [];
  readonly failures: RunFailure[] = [];
  failureCount = 0;
  /** Tool executions that have begun and not ended; made on first use. */
  open: Set<string> | null = null;
  /** Tool calls that were reported by hand, without a name. */
  unnamedToolCalls = 0;
  providerName: string | null = null;
  modelName: string | null = null;
  retrievalContextSize: number | null = null;
  memoryUsageMb: number | null = null;
  userSatisfaction: number | null = null;
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
  }

  /** Whether it stands for itself: a run inside a run is part of what the outer one did. */
  get isRoot(): boolean {
    return this.parentId === null && this.kind !== "direct";
  }

  model(provider: string | null, model: string | null): ModelTally {
    const is = (p: string | null, m: string | null) => (t: ModelTally) => t.provider === p && t.model === m;
    const other = { fits: is(null, OTHER), make: () => modelTally(null, OTHER) };
    return slot(this.models, is(provider, model), () => modelTally(provider, model), MOST_NAMES, other);
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
    if (status === "ok" || status === "error") tally.durations.record(durationMs);
  }

  callModel(
    provider: string | null,
    model: string | null,
    status: CallStatus,
    usage: Tokens | null,
    observed: boolean,
  ): void {
    const tally = this.model(provider, model);
    count(tally, status);
    if (observed) tally.observed++;
    if (usage !== null) tally.tokens = addTokens(tally.tokens, usage);
    else if (status !== "denied" && status !== "paused") tally.unreported++;
  }

  fail(failure: RunFailure): void {
    this.failureCount++;
    if (this.failures.length < MOST_FAILURES) this.failures.push(failure);
  }

  end(status: RunStatus, code: string | null, at: number, durationMs: number): void {
    this.status = status;
    this.code = code;
    this.endedAt = at;
    this.durationMs = durationMs;
  }
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
  readonly models: readonly {
    readonly provider: string | null;
    readonly model: string | null;
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

export const tokensOf = (record: RunRecord): Tokens =>
  record.models.reduce((sum, { tokens }) => addTokens(sum, tokens), noTokens());

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
    models: record.models.map((tally) => ({
      provider: tally.provider,
      model: tally.model,
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
