import { enter, leave } from "./busy.js";
import { classify, read } from "./category.js";
import { Failures } from "./failures.js";
import { History } from "./history.js";
import type { ActiveRun, LiveEvents } from "./live.js";
import { type RunFailure, RunRecord, snapshotOf } from "./record.js";
import type { Rolling } from "./rolling.js";
import { addTokens, type CallStatus, noTokens, type Tokens, tokensSum } from "./tally.js";

/** Where something happened, and for whom. The binding's run context has this shape. */
export interface Place {
  readonly runId: string;
  readonly rootRunId: string;
  readonly parentRunId: string | null;
  readonly resumedFrom: string | null;
  readonly threadId: string | null;
  readonly workflow: string;
  readonly node: string | null;
  /** `direct`: a tool or model was called by itself, so no run begins or ends around it. */
  readonly route: "graph" | "direct";
  readonly principal: {
    readonly userId: string | null;
    readonly service: string | null;
    readonly tenantId: string | null;
    readonly label: string;
  } | null;
}

interface Ended {
  readonly status: CallStatus;
  readonly code: string | null;
  readonly error: unknown;
  /** Milliseconds, monotonic. */
  readonly durationMs: number;
}
export interface ToolEnded extends Ended {
  readonly name: string;
  readonly executionId: string;
}
export interface ModelEnded extends Ended {
  readonly provider: string | null;
  readonly model: string | null;
  readonly usage: Tokens | null;
  readonly timeToFirstChunkMs: number | null;
  readonly coverage: "governed" | "observed";
}

export interface LedgerOptions {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never go backwards. */
  monotonic(): number;
  readonly rolling: Rolling;
  readonly live: LiveEvents;
  /** Configuration of a workflow, where it was made here. */
  configOf(workflow: string): Readonly<Record<string, unknown>> | null;
  /** Ended runs kept. */
  readonly maxHistory: number;
  /** Runs under way that are followed. */
  readonly maxActive: number;
}

/**
 * One record per run, made from what is told about it. Each event changes exactly one record, so sums over records
 * count nothing twice; what fits no record is counted in `unmatched`.
 */
export class RunLedger {
  readonly #options: LedgerOptions;
  readonly #active = new Map<string, RunRecord>();
  readonly #history: History<RunRecord>;
  readonly #errors = new Failures();
  #abandoned = 0;
  #unmatched = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#history = new History(options.maxHistory);
  }

  /** Runs under way. */
  get active(): number {
    return this.#active.size;
  }
  /** Ended runs that gave way to newer ones. */
  get dropped(): number {
    return this.#history.dropped;
  }
  /** Runs that were no longer followed because too many were under way; each is in the history until it is dropped. */
  get abandoned(): number {
    return this.#abandoned;
  }
  /** Events that were ignored: of a run that is not known (any more), or told twice. */
  get unmatched(): number {
    return this.#unmatched;
  }

  find(id: string): RunRecord | undefined {
    return this.#active.get(id) ?? this.#history.get(id);
  }

  /** Every record that is kept, those under way too. */
  *records(): Generator<RunRecord> {
    yield* this.#history;
    yield* this.#active.values();
  }

  /** Follows a run. When too many are under way the oldest is put aside; should it end after all, that still counts. */
  open(record: RunRecord): void {
    if (this.find(record.id) !== undefined) {
      this.#unmatched++;
      return;
    }
    const [oldest] = this.#active.size < this.#options.maxActive ? [] : this.#active.values();
    if (oldest !== undefined) {
      this.#abandoned++;
      this.#close(oldest, "abandoned", null, Math.max(0, this.#options.now() - oldest.startedAt));
    }
    this.#active.set(record.id, record);
    if (record.kind === "direct") return;
    this.#options.live.emit("run.started", () => this.activeRun(record));
  }

  /** Runs under way, oldest first. */
  *activeRecords(): Generator<RunRecord> {
    for (const record of this.#active.values()) if (record.kind !== "direct") yield record;
  }

  activeRun({ id, workflow, userId, tenantId, startedAt, startedMs, open }: RunRecord): ActiveRun {
    return {
      runId: id,
      workflow,
      userId,
      tenantId,
      startedAt,
      runningMs: this.#options.monotonic() - startedMs,
      openTools: open?.size ?? 0,
    };
  }

  began(place: Place): void {
    this.open(this.#recordFor(place, "run"));
  }

  ended(
    runId: string,
    end: { readonly status: CallStatus; readonly code: string | null; readonly durationMs: number },
  ): void {
    const record = this.find(runId);
    if (record === undefined || (record.status !== "running" && record.status !== "abandoned")) this.#unmatched++;
    else this.#close(record, end.status, end.code, end.durationMs);
  }

  toolStarted(place: Place, executionId: string): void {
    const record = this.#at(place);
    if (record === undefined) return;
    (record.open ??= new Set()).add(executionId);
    enter(record.busy, this.#options.monotonic());
  }

  modelStarted(place: Place): void {
    const record = this.#at(place);
    if (record !== undefined) enter(record.busy, this.#options.monotonic());
  }

  /** A node that fetches documents has ended. */
  retrieved(place: Place, { durationMs, status, error, code }: Ended): void {
    const record = this.#at(place);
    if (record === undefined) return;
    record.retrievalMs = (record.retrievalMs ?? 0) + durationMs;
    // It is over: what is left of it is no overhead of the graph's own.
    record.busy.totalMs += record.busy.depth === 0 ? durationMs : 0;
    if (status === "error") this.#failed(record, "retrieval", place.node, { error, code }, place.node);
  }

  toolEnded(place: Place, end: ToolEnded): void {
    const record = this.#at(place);
    if (record === undefined) return;
    if (record.open?.delete(end.executionId) !== true) {
      this.#unmatched++;
      return;
    }
    if (record.open.size === 0) record.open = null;
    leave(record.busy, this.#options.monotonic());
    // A refusal of a call that had begun is told once more, as a denial; it is counted there.
    if (end.status !== "denied") {
      record.callTool(end.name, end.status, end.durationMs);
      this.#options.rolling.record("tool", end.name, end);
    }
    if (end.status === "error") this.#failed(record, "tool", end.name, end, place.node);
    this.#settle(record, end);
  }

  toolDenied(place: Place, denial: { readonly name: string; readonly code: string }): void {
    const record = this.#at(place);
    if (record === undefined) return;
    record.deny(place.principal?.label ?? "nobody", place.principal?.tenantId ?? null, denial.name, denial.code);
    this.#options.rolling.record("tool", denial.name, { status: "denied", durationMs: null });
    this.#settle(record, { status: "denied", code: denial.code, durationMs: 0 });
  }

  modelEnded(place: Place, end: ModelEnded): void {
    const record = this.#at(place);
    if (record === undefined) return;
    const now = this.#options.monotonic();
    leave(record.busy, now);
    const { provider, model, status, usage, durationMs, timeToFirstChunkMs: firstChunkMs } = end;
    const observed = end.coverage === "observed";
    record.callModel({ provider, model, node: place.node, status, usage, observed, durationMs, firstChunkMs });
    if (firstChunkMs !== null)
      record.timeToFirstTokenMs ??= Math.max(0, now - durationMs + firstChunkMs - record.startedMs);
    this.#options.rolling.record("model", nameOf(provider, model), { status, durationMs, tokens: usage });
    if (status === "error") this.#failed(record, "model", model, end, place.node);
    this.#settle(record, end);
  }

  modelDenied(
    place: Place,
    denial: { readonly provider: string | null; readonly model: string | null; readonly code: string },
  ): void {
    const record = this.#at(place);
    if (record === undefined) return;
    const { provider, model } = denial;
    const none = { usage: null, observed: false, durationMs: 0, firstChunkMs: null };
    record.callModel({ provider, model, node: place.node, status: "denied", ...none });
    this.#options.rolling.record("model", nameOf(provider, model), { status: "denied", durationMs: null });
    this.#settle(record, { status: "denied", code: denial.code, durationMs: 0 });
  }

  /** A run failed; counted unless a tool, a model or a run inside it told of the same error. */
  failed(place: Place, failure: { readonly error: unknown; readonly code: string | null }): void {
    const record = this.#at(place);
    if (record !== undefined) this.#failed(record, "run", record.workflow, failure, place.node);
  }

  /** A failure that somebody reports for a run. */
  failedByHand(record: RunRecord, error: unknown): void {
    // Nothing else tells of a run that is tracked by hand: the same text twice is two failures.
    const told = record.kind === "manual" && typeof error === "string";
    this.#failed(record, "manual", record.workflow, { error, code: codeOf(error) }, null, told);
  }

  /** Tokens that somebody reports for a run. */
  tokensByHand(record: RunRecord, provider: string, total: number): void {
    const model = provider === record.providerName ? record.modelName : null;
    const tally = record.model(provider, model);
    const tokens = { ...noTokens(), total };
    tally.tokens = addTokens(tally.tokens, tokens);
    this.#options.rolling.record("model", nameOf(provider, model), { status: null, durationMs: null, tokens });
  }

  #failed(
    record: RunRecord,
    where: RunFailure["where"],
    name: string | null,
    { error, code }: { readonly error: unknown; readonly code: string | null },
    node: string | null,
    told = false,
  ): void {
    const root = this.find(record.rootId) ?? record;
    if (!told && !this.#errors.isNew(root, error)) return;
    const { rolling, live } = this.#options;
    const about = classify(error, where);
    const type = error instanceof Error ? textIn(error, "name") : null;
    const failure: RunFailure = { at: this.#options.now(), where, name, code, type, node, ...about };
    record.fail(failure);
    rolling.record("category", about.category, { status: "error", durationMs: null });
    live.emit("failure", () => ({ runId: record.id, ...failure }));
  }

  #at(place: Place): RunRecord | undefined {
    let record = this.find(place.runId);
    if (record === undefined && place.route === "direct") this.open((record = this.#recordFor(place, "direct")));
    if (record === undefined) this.#unmatched++;
    return record;
  }

  /** A direct call is over when nothing that began in it is still under way. */
  #settle(
    record: RunRecord,
    end: { readonly status: CallStatus; readonly code: string | null; readonly durationMs: number },
  ): void {
    if (record.kind !== "direct" || record.status !== "running" || (record.open?.size ?? 0) > 0) return;
    this.#close(record, end.status, end.code, end.durationMs);
  }

  #close(record: RunRecord, status: RunRecord["status"], code: string | null, durationMs: number): void {
    record.end(status, code, this.#options.now(), durationMs);
    if (this.#active.delete(record.id)) this.#history.add(record);
    // A run that was put aside counts when it ends after all.
    if (!record.isRoot || status === "abandoned" || status === "running") return;
    const { rolling, live } = this.#options;
    rolling.record("run", record.workflow, { status, durationMs, tokens: tokensSum(record.models) });
    live.emit("run.ended", () => snapshotOf(record));
  }

  #recordFor({ principal, ...place }: Place, kind: "run" | "direct"): RunRecord {
    const record = new RunRecord({
      id: place.runId,
      rootId: place.rootRunId,
      parentId: place.parentRunId,
      resumedFrom: place.resumedFrom,
      kind,
      workflow: place.workflow,
      userId: principal?.userId ?? null,
      service: principal?.service ?? null,
      tenantId: principal?.tenantId ?? null,
      conversationId: place.threadId,
      startedAt: this.#options.now(),
      startedMs: this.#options.monotonic(),
    });
    record.config = this.#options.configOf(place.workflow);
    return record;
  }
}

const nameOf = (provider: string | null, model: string | null): string =>
  `${provider ?? "unknown"}/${model ?? "unknown"}`;

/** An error's own code, where it is a text. */
const codeOf = (error: unknown): string | null =>
  typeof error === "object" && error !== null ? textIn(error, "code") : null;

/** An error is anybody's: it may have a getter that throws, or a name that is no text. */
function textIn(error: object, key: string): string | null {
  const value = read(error, key);
  return typeof value === "string" ? value : null;
}
