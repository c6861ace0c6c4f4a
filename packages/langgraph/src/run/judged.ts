import { setImmediate as turn } from "node:timers/promises";
import type { OutputGate } from "./output.js";

type Result = IteratorResult<unknown>;

/** What a judged stream needs of the run around it. */
export interface Source {
  readonly gate: OutputGate;
  /** The graph's next step. */
  pull(): Promise<Result>;
  /** The graph came to its end; told before the output is judged. */
  ended(): Promise<void>;
  /** The run failed, or its output was refused; told before its reader knows. */
  failed(error: unknown): Promise<void> | undefined;
}

/**
 * A run's chunks, each when the judge of the output lets it go. The graph is read as fast as it gives: LangGraph throws
 * away what nobody has read when a run fails, and what is held back must not be among it.
 */
export class JudgedStream {
  readonly #source: Source;
  readonly #ready: unknown[] = [];
  #over: { readonly error: unknown } | "done" | null = null;
  #reading = false;
  #wake: (() => void) | null = null;

  constructor(source: Source) {
    this.#source = source;
    source.gate.onFree = (chunks) => this.#free(chunks);
  }

  async next(): Promise<Result> {
    if (!this.#reading) {
      this.#reading = true;
      void this.#read();
    }
    while (this.#ready.length === 0 && this.#over === null)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#ready.length > 0) return { done: false, value: this.#ready.shift() };
    if (this.#over === null || this.#over === "done") return { done: true, value: undefined };
    throw this.#over.error;
  }

  async #read(): Promise<void> {
    const { gate } = this.#source;
    try {
      for (let step = await this.#source.pull(); step.done !== true; step = await this.#source.pull())
        this.#free(gate.push(step.value));
      await this.#source.ended();
      this.#free(await gate.end());
      this.#over = "done";
    } catch (error) {
      this.#free(gate.failed(error));
      await this.#source.failed(error);
      // As soon as LangGraph hears of the failure it throws away what its reader has not read.
      await turn();
      this.#over = { error };
    }
    this.#free([]);
  }

  #free(chunks: readonly unknown[]): void {
    this.#ready.push(...chunks);
    this.#wake?.();
    this.#wake = null;
  }
}
