import { Histogram } from "@graphtap/values";

/** Tokens as providers reported them; a part that nobody reported is null, never 0. */
export interface Tokens {
  /** All input tokens, cached ones included. */
  readonly input: number | null;
  /** All output tokens, reasoning included. */
  readonly output: number | null;
  readonly total: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
}

/** How calls ended. A pause is no call: it runs again on resume, and is counted when it ends then. */
export interface Outcomes {
  ok: number;
  failed: number;
  denied: number;
  cancelled: number;
  paused: number;
}

export type CallStatus = "ok" | "error" | "denied" | "cancelled" | "paused";

/** Calls of one model. */
export interface ModelTally extends Outcomes {
  readonly provider: string | null;
  readonly model: string | null;
  /** The node that called it; null outside of one. */
  readonly node: string | null;
  /** Calls that ended without a word about tokens: what they used is unknown. */
  unreported: number;
  /** Calls that were seen by a callback only. */
  observed: number;
  tokens: Tokens;
  /** Milliseconds of calls that ended well or with an error. */
  readonly durations: Histogram;
  /** Milliseconds to the first chunk, of calls that streamed. */
  readonly firstChunks: Histogram;
}

/** Calls of one tool. */
export interface ToolTally extends Outcomes {
  readonly name: string;
  /** Milliseconds of calls that ended well or with an error. */
  readonly durations: Histogram;
}

/** Refusals of one principal for one tool with one code. */
export interface DenialTally {
  readonly who: string;
  readonly tenantId: string | null;
  readonly tool: string;
  readonly code: string;
  count: number;
}

/** Where names beyond a limit are counted: names are data, and must not fill memory. */
export const OTHER = "__other__";

const NONE: Tokens = Object.freeze({
  input: null,
  output: null,
  total: null,
  cacheRead: null,
  cacheWrite: null,
  reasoning: null,
});
const outcomes = (): Outcomes => ({ ok: 0, failed: 0, denied: 0, cancelled: 0, paused: 0 });

export const modelTally = (provider: string | null, model: string | null, node: string | null = null): ModelTally => ({
  provider,
  model,
  node,
  ...outcomes(),
  unreported: 0,
  observed: 0,
  tokens: NONE,
  durations: new Histogram(),
  firstChunks: new Histogram(),
});
export const toolTally = (name: string): ToolTally => ({ name, ...outcomes(), durations: new Histogram() });

export function count(into: Outcomes, status: CallStatus): void {
  into[status === "error" ? "failed" : status]++;
}

/** Calls that were made and have ended; pauses are not among them. */
export const callsOf = ({ ok, failed, denied, cancelled }: Outcomes): number => ok + failed + denied + cancelled;

/** Adds part by part; a part that neither knows stays null. */
export function addTokens(a: Tokens, b: Partial<Tokens>): Tokens {
  const sum = (x: number | null, y: number | null | undefined): number | null =>
    y === null || y === undefined ? x : x === null ? y : x + y;
  return {
    input: sum(a.input, b.input),
    output: sum(a.output, b.output),
    total: sum(a.total, b.total),
    cacheRead: sum(a.cacheRead, b.cacheRead),
    cacheWrite: sum(a.cacheWrite, b.cacheWrite),
    reasoning: sum(a.reasoning, b.reasoning),
  };
}

/** Tokens of several models together. */
export const tokensSum = (models: readonly ModelTally[]): Tokens =>
  models.reduce<Tokens>((sum, { tokens }) => addTokens(sum, tokens), NONE);

export const noTokens = (): Tokens => NONE;

function addOutcomes(into: Outcomes, from: Outcomes): void {
  into.ok += from.ok;
  into.failed += from.failed;
  into.denied += from.denied;
  into.cancelled += from.cancelled;
  into.paused += from.paused;
}

export function mergeModel(into: ModelTally, from: ModelTally): void {
  addOutcomes(into, from);
  into.unreported += from.unreported;
  into.observed += from.observed;
  into.tokens = addTokens(into.tokens, from.tokens);
  into.durations.merge(from.durations);
  into.firstChunks.merge(from.firstChunks);
}

export function mergeTool(into: ToolTally, from: ToolTally): void {
  addOutcomes(into, from);
  into.durations.merge(from.durations);
}

/** The item that `fits`, or a new one; beyond `limit` items the one for all others. */
export function slot<T>(
  list: T[],
  fits: (item: T) => boolean,
  make: () => T,
  limit: number,
  other: { fits(item: T): boolean; make(): T },
): T {
  const found = list.find(fits);
  if (found !== undefined) return found;
  if (list.length < limit) {
    const made = make();
    list.push(made);
    return made;
  }
  let rest = list.find((item) => other.fits(item));
  if (rest === undefined) list.push((rest = other.make()));
  return rest;
}
