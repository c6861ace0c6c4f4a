import { printReport } from "./print.js";
import type { RunRecord, RunStatus } from "./record.js";
import {
  addTokens,
  callsOf,
  type DenialTally,
  mergeModel,
  mergeTool,
  type ModelTally,
  modelTally,
  OTHER,
  type Tokens,
  type ToolTally,
  toolTally,
} from "./tally.js";

/** Runs by how they stand. Runs inside runs are part of the outer one and not counted again. */
export type RunCounts = { readonly [S in RunStatus]: number } & { readonly total: number };

export interface ModelRow {
  readonly provider: string | null;
  readonly model: string | null;
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  readonly denied: number;
  readonly cancelled: number;
  /** Calls that ended without a word about tokens: they are missing in `tokens`. */
  readonly unreported: number;
  /** Calls that were seen by a callback only. */
  readonly observed: number;
  readonly tokens: Tokens;
  /** Milliseconds by nearest rank, off by 1.6 % at most; null when none ended. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** Milliseconds to the first chunk; null when none streamed. */
  readonly firstChunkP50Ms: number | null;
  readonly firstChunkP95Ms: number | null;
  /** US dollars; null while no price is known. */
  readonly cost: null;
}

/** Model calls of one node. */
export interface NodeRow {
  readonly node: string;
  readonly calls: number;
  readonly tokens: Tokens;
}

export interface ToolRow {
  readonly name: string;
  /** Calls that were made and have ended; pauses are counted when the call ends after the resume. */
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  readonly denied: number;
  readonly cancelled: number;
  readonly paused: number;
  /** Milliseconds, half of the calls that ran took no longer; off by 1.6 % at most. Null when none ran. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface DenialRow {
  /** `alice`, or `service:nightly`; `nobody` without an identity. */
  readonly who: string;
  readonly tenantId: string | null;
  readonly tool: string;
  readonly code: string;
  readonly count: number;
}

/** What a report says beside its rows. */
export interface ReportFacts {
  /** Epoch milliseconds; runs that started from then on. */
  readonly from: number;
  readonly to: number;
  /** Ended runs that are no longer kept, since the start. */
  readonly dropped: number;
  /** Runs that were put aside because too many were under way, since the start. */
  readonly abandoned: number;
}

/** Different names in a report; more are added up under `__other__`. */
const MOST_ROWS = 1_000;

/** Runs, tokens, tools and denials of a time. Plain data; as text it is a table. */
export class MetricsReport {
  readonly from: number;
  readonly to: number;
  readonly runs: RunCounts;
  /** Tools and models that were called by themselves, outside of any run. */
  readonly directCalls: number;
  /** Most calls first. */
  readonly models: readonly ModelRow[];
  /** Nodes that called models. */
  readonly nodes: readonly NodeRow[];
  readonly tools: readonly ToolRow[];
  readonly denials: readonly DenialRow[];
  /** Failures, each counted once. */
  readonly errors: number;
  /** US dollars; null while no price is known. */
  readonly cost: null = null;
  readonly dropped: number;
  readonly abandoned: number;

  constructor(records: Iterable<RunRecord>, facts: ReportFacts) {
    const runs = { total: 0, ok: 0, error: 0, cancelled: 0, paused: 0, denied: 0, abandoned: 0, running: 0 };
    const models = new Rows<ModelTally>(() => modelTally(null, OTHER));
    const nodes = new Rows<ModelTally>(() => modelTally(null, null, OTHER));
    const tools = new Rows<ToolTally>(() => toolTally(OTHER));
    const rest = { who: OTHER, tenantId: null, tool: OTHER, code: OTHER };
    const denials = new Rows<DenialTally>(() => ({ ...rest, count: 0 }));
    let direct = 0;
    let errors = 0;
    for (const record of records) {
      if (record.kind === "direct") direct++;
      if (record.isRoot) {
        runs.total++;
        runs[record.status]++;
      }
      errors += record.failureCount;
      for (const t of record.models) {
        mergeModel(
          models.at([t.provider, t.model], () => modelTally(t.provider, t.model)),
          t,
        );
        if (t.node === null) continue;
        mergeModel(
          nodes.at([t.node], () => modelTally(null, null, t.node)),
          t,
        );
      }
      for (const t of record.tools)
        mergeTool(
          tools.at([t.name], () => toolTally(t.name)),
          t,
        );
      for (const t of record.denials)
        denials.at([t.who, t.tenantId, t.tool, t.code], () => ({ ...t, count: 0 })).count += t.count;
    }
    this.from = facts.from;
    this.to = facts.to;
    this.runs = runs;
    this.directCalls = direct;
    this.models = models.all.map(modelRow).sort((a, b) => b.calls - a.calls || order(a.model ?? "", b.model ?? ""));
    this.nodes = nodes.all.map(nodeRow).sort((a, b) => b.calls - a.calls || order(a.node, b.node));
    this.tools = tools.all.map(toolRow).sort((a, b) => b.calls - a.calls || order(a.name, b.name));
    this.denials = denials.all.map((t) => ({ ...t })).sort((a, b) => b.count - a.count || order(a.who, b.who));
    this.errors = errors;
    this.dropped = facts.dropped;
    this.abandoned = facts.abandoned;
    Object.freeze(this);
  }

  /** Tokens of all models; a part that nobody reported is null. */
  get tokens(): Tokens {
    return this.models.reduce<Tokens>((sum, row) => addTokens(sum, row.tokens), modelTally(null, null).tokens);
  }

  toString(): string {
    return printReport(this);
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return printReport(this);
  }
}

/** Rows by key, bounded. The key is JSON: joined names could be mistaken for other names. */
class Rows<T> {
  readonly #rows = new Map<string, T>();
  readonly #other: () => T;
  #rest: T | undefined;

  constructor(other: () => T) {
    this.#other = other;
  }
  get all(): T[] {
    return [...this.#rows.values(), ...(this.#rest === undefined ? [] : [this.#rest])];
  }
  at(key: readonly unknown[], make: () => T): T {
    const text = JSON.stringify(key);
    const known = this.#rows.get(text);
    if (known !== undefined) return known;
    if (this.#rows.size >= MOST_ROWS) return (this.#rest ??= this.#other());
    const made = make();
    this.#rows.set(text, made);
    return made;
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function modelRow(tally: ModelTally): ModelRow {
  const { provider, model, ok, failed, denied, cancelled, unreported, observed, tokens, durations, firstChunks } =
    tally;
  return {
    provider,
    model,
    calls: callsOf(tally),
    ok,
    failed,
    denied,
    cancelled,
    unreported,
    observed,
    tokens,
    p50Ms: durations.quantile(0.5),
    p95Ms: durations.quantile(0.95),
    firstChunkP50Ms: firstChunks.quantile(0.5),
    firstChunkP95Ms: firstChunks.quantile(0.95),
    cost: null,
  };
}

function toolRow(tally: ToolTally): ToolRow {
  const { name, ok, failed, denied, cancelled, paused, durations } = tally;
  const [p50Ms, p95Ms] = [durations.quantile(0.5), durations.quantile(0.95)];
  return { name, calls: callsOf(tally), ok, failed, denied, cancelled, paused, p50Ms, p95Ms };
}

const nodeRow = (tally: ModelTally): NodeRow => ({
  node: tally.node ?? OTHER,
  calls: callsOf(tally),
  tokens: tally.tokens,
});
