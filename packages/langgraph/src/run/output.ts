import { DeniedError } from "../denial.js";
import { denialOf, refusal } from "../tool/gate.js";
import { type Chunk, type Layout, readChunk, writeChunk } from "./modes.js";
import type { RunScope } from "./scope.js";

const isPause = (payload: unknown): boolean => typeof payload === "object" && payload !== null && "__interrupt__" in payload;
/** Modes whose chunks may follow the last state of a run; any other chunk proves that another step began. */
const AFTER_STATE = new Set(["checkpoints", "debug", "updates"]);

/**
 * Judges the root output before its last chunk leaves. The last state seen is held back, with what follows it, until
 * either another step proves that it was not the last, or the run ends.
 */
export class OutputGate {
  #held: Chunk[] = [];
  #state: unknown;
  #hasState = false;
  #paused = false;

  constructor(
    readonly scope: RunScope,
    /** What the graph was asked for: `values` is among the modes. */
    readonly inner: Layout,
    /** What the caller asked for. */
    readonly outer: Layout,
  ) {}

  /** Takes a chunk in; gives those that may leave. */
  push(raw: unknown): unknown[] {
    const chunk = readChunk(this.inner, raw);
    const root = chunk.ns.length === 0;
    if (root && isPause(chunk.payload)) this.#paused = true;
    const state = root && chunk.mode === "values" && !isPause(chunk.payload);
    const free = state || !(root && AFTER_STATE.has(chunk.mode)) ? this.#drain() : [];
    if (state) {
      this.#state = chunk.payload;
      this.#hasState = true;
      this.#held.push(chunk);
      return free;
    }
    if (this.#held.length > 0 || (root && AFTER_STATE.has(chunk.mode))) {
      this.#held.push(chunk);
      return free;
    }
    free.push(...this.#write([chunk]));
    return free;
  }

  /**
   * The run came to its end: judges the output and gives what was held.
   *
   * @throws DeniedError when a guard refuses it.
   */
  async end(): Promise<unknown[]> {
    if (this.#paused || this.scope.paused || !this.#hasState) return this.#drain();
    const verdict = await this.scope.dispatch.run.output.call(Object.freeze({ value: this.#state }), this.scope.ctx);
    if (verdict.effect === "deny") throw new DeniedError(`the output of "${this.scope.ctx.workflow}"`, denialOf(verdict));
    if (verdict.effect === "escalate") throw new DeniedError(`the output of "${this.scope.ctx.workflow}"`, refusal("APPROVAL_NOT_POSSIBLE", "The output needs an approval that nobody can give here.", "run.output escalated"));
    if (verdict.changed && verdict.value !== undefined) {
      const { value } = verdict.value;
      this.#held = this.#held.map((chunk) => (chunk.mode === "values" && chunk.payload === this.#state ? { ...chunk, payload: value } : chunk));
    }
    return this.#drain();
  }

  #drain(): unknown[] {
    const held = this.#held;
    this.#held = [];
    return this.#write(held);
  }

  /** Beside the states a caller asks for, LangGraph sends chunks of modes that nobody named: they pass. */
  #write(chunks: readonly Chunk[]): unknown[] {
    const { modes } = this.outer;
    return chunks.filter((chunk) => modes.includes("values") || modes.includes(chunk.mode)).map((chunk) => writeChunk(this.outer, chunk));
  }
}

/** The layout to ask a graph for, so that its state can be judged whatever the caller streams. */
export function withState(layout: Layout): Layout {
  return layout.modes.includes("values") ? layout : { ...layout, modes: [...layout.modes, "values"], tuples: true };
}
