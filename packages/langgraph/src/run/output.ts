import { DeniedError } from "../denial.js";
import { denialOf, refusal } from "../tool/gate.js";
import { type Chunk, type Layout, readChunk, writeChunk } from "./modes.js";
import type { RunScope } from "./scope.js";

export const isPause = (payload: unknown): boolean =>
  typeof payload === "object" && payload !== null && "__interrupt__" in payload;
/** Modes whose chunks may follow the last state of a run; any other chunk proves that another step began. */
const AFTER_STATE = new Set(["checkpoints", "debug", "updates"]);
const mayFollow = ({ mode, payload }: Chunk): boolean =>
  AFTER_STATE.has(mode) || (mode === "tasks" && typeof payload === "object" && payload !== null && "result" in payload);
/** Held chunks are the run's own, and a pause is never held. */
const isState = ({ mode }: Chunk): boolean => mode === "values";
/** An update that wrote something: a state that has it will follow. */
const supersedes = ({ mode, payload }: Chunk): boolean =>
  mode === "updates" &&
  !isPause(payload) &&
  typeof payload === "object" &&
  payload !== null &&
  Object.values(payload).some(
    (written) =>
      written !== null &&
      written !== undefined &&
      (typeof written !== "object" || Array.isArray(written) || Object.keys(written as object).length > 0),
  );

/** Failures of the graph and not of a node: no output was made, or it was not the end. */
const NO_OUTPUT = new Set([
  "GRAPH_RECURSION_LIMIT",
  "INVALID_CONCURRENT_GRAPH_UPDATE",
  "INVALID_GRAPH_NODE_RETURN_VALUE",
]);

/** Whether a run that failed like this cannot have come to its output. */
export const cannotBeOutput = (scope: RunScope, error: unknown): boolean =>
  scope.broke(error) || NO_OUTPUT.has((error as { lc_error_code?: string } | null)?.lc_error_code ?? "");

/**
 * What the guards make of an output; null leaves it as it is.
 *
 * @throws DeniedError when a guard refuses it.
 */
export async function judge(scope: RunScope, value: unknown): Promise<{ readonly value: unknown } | null> {
  const verdict = await scope.dispatch.run.output.call(Object.freeze({ value }), scope.ctx);
  const subject = `the output of "${scope.ctx.workflow}"`;
  if (verdict.effect === "deny") throw new DeniedError(subject, denialOf(verdict));
  if (verdict.effect === "escalate")
    throw new DeniedError(
      subject,
      refusal(
        "APPROVAL_NOT_POSSIBLE",
        "The output needs an approval that nobody can give here.",
        "run.output escalated",
      ),
    );
  return verdict.changed && verdict.value !== undefined ? { value: verdict.value.value } : null;
}

/**
 * Judges the root output before its last chunk leaves. The last state and the updates that made it are held back until
 * something proves that they are not the last, or the run ends: a later chunk, or, for updates, a node at work, for
 * every node leaves one. (A node that writes nothing leaves no state, so states wait for the next one.)
 */
export class OutputGate {
  #held: Chunk[] = [];
  #state: unknown;
  #hasState = false;
  #paused = false;
  /** A node was at work after the last chunk that was held. */
  #goesOn = false;
  /** Told of chunks that a node which begins proves not to be the last. */
  onFree: (chunks: readonly unknown[]) => void = () => {};
  /** The judge said no, or could not say. */
  refused = false;

  constructor(
    readonly scope: RunScope,
    /** What the graph was asked for: `values` is among the modes. */
    readonly inner: Layout,
    /** What the caller asked for. */
    readonly outer: Layout,
  ) {
    scope.onWork = () => {
      this.#goesOn = true;
      this.onFree(this.#release());
    };
  }

  /** Takes a chunk in; gives those that may leave. */
  push(raw: unknown): unknown[] {
    const chunk = readChunk(this.inner, raw);
    const root = chunk.ns.length === 0;
    if (root && isPause(chunk.payload)) this.#paused = true;
    const state = root && chunk.mode === "values" && !isPause(chunk.payload);
    const follows = root && mayFollow(chunk);
    const proof = state ? this.#held.some(isState) : !follows || supersedes(chunk);
    const free = proof ? this.#drain() : [];
    if (state) {
      this.#state = chunk.payload;
      this.#hasState = true;
    }
    if (!this.#asked(chunk.mode)) return free;
    if (!state && !follows) return [...free, writeChunk(this.outer, chunk)];
    this.#held.push(chunk);
    this.#goesOn = this.scope.working;
    return [...free, ...this.#release()];
  }

  /**
   * The run came to its end: judges the output and gives what was held.
   *
   * @throws DeniedError when a guard refuses it.
   */
  async end(): Promise<unknown[]> {
    if (this.#paused || this.scope.paused || !this.#hasState) return this.#drain();
    this.refused = true;
    const transformed = await judge(this.scope, this.#state);
    this.refused = false;
    if (transformed !== null) this.#replace(transformed.value);
    return this.#drain();
  }

  /** Where that state was shown already (a later node wrote nothing), the transformed one follows it. */
  #replace(payload: unknown): void {
    if (!this.#asked("values")) return;
    const at = this.#held.findIndex(isState);
    this.#held.splice(at < 0 ? this.#held.length : at, 1, { ns: [], mode: "values", payload });
  }

  /** While a node is at work, what it will leave is still to come. */
  #release(): unknown[] {
    if (!this.scope.working) return [];
    const state = this.#held.findIndex(isState);
    return this.#write(this.#held.splice(0, state < 0 ? this.#held.length : state));
  }

  /** The run failed: gives what was held, unless that may have been the output, which nobody judged. */
  failed(error: unknown): unknown[] {
    return !this.refused && (this.#goesOn || cannotBeOutput(this.scope, error)) ? this.#drain() : [];
  }

  #drain(): unknown[] {
    return this.#write(this.#held.splice(0));
  }

  #write(chunks: readonly Chunk[]): unknown[] {
    return chunks.map((chunk) => writeChunk(this.outer, chunk));
  }

  /** Not the states that only the gate asked for, nor the checkpoint that LangGraph announces before each of them. */
  #asked(mode: string): boolean {
    return (
      this.inner === this.outer || this.outer.modes.includes(mode) || (mode === "checkpoints" && this.outer.protocol)
    );
  }
}

/** The layout to ask a graph for, so that its state can be judged whatever the caller streams. */
export function withState(layout: Layout): Layout {
  return layout.modes.includes("values") ? layout : { ...layout, modes: [...layout.modes, "values"], tuples: true };
}
