import { Turned } from "./turned.js";

type Result = IteratorResult<unknown>;

/** What is made of the chunks of a run on their way out. */
export interface ChunkFilter {
  /** A chunk came: what may leave now, which may be nothing, the chunk, or more than one. */
  take(chunk: unknown): readonly unknown[];
  /** Nothing comes any more: what was held. */
  end(): readonly unknown[];
  /** The run failed: what its error may say. */
  failed(error: unknown): unknown;
}

/** The chunks of a run with a filter between. Each step is the run's own step: no chunk arrives a turn later for it. */
export class Passing implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  readonly #filter: ChunkFilter;
  readonly #ready: unknown[] = [];
  #last: (() => Promise<Result>) | null = null;

  constructor(source: AsyncIterable<unknown>, filter: ChunkFilter) {
    this.#source = source[Symbol.asyncIterator]();
    this.#filter = filter;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#ready.length > 0) return Promise.resolve({ done: false, value: this.#ready.shift() });
    if (this.#last !== null) return this.#last();
    return new Turned(this.#source.next(), this.#taken, this.#failed);
  }

  return(value?: unknown): Promise<Result> {
    return this.#source.return?.(value) ?? Promise.resolve({ done: true, value });
  }

  throw(error: unknown): Promise<Result> {
    return this.#source.throw?.(error) ?? Promise.reject(error);
  }

  readonly #taken = (result: Result): Result | Promise<Result> => {
    try {
      if (result.done === true) {
        this.#last = () => Promise.resolve(result);
        this.#ready.push(...this.#filter.end());
        return this.#ready.length > 0 ? { done: false, value: this.#ready.shift() } : result;
      }
      const leaving = this.#filter.take(result.value);
      if (leaving.length === 1) return leaving[0] === result.value ? result : { done: false, value: leaving[0] };
      this.#ready.push(...leaving);
      return this.next();
    } catch (error) {
      // Refused: nothing else leaves, and nobody reads on.
      this.#last = () => Promise.resolve({ done: true, value: undefined });
      this.#ready.length = 0;
      this.#source.return?.(undefined).then(undefined, () => undefined);
      throw error;
    }
  };

  readonly #failed = (error: unknown): Result | Promise<Result> => {
    if (this.#last !== null) throw error;
    const shown = this.#filter.failed(error);
    this.#last = () => Promise.reject(shown);
    this.#ready.push(...this.#filter.end());
    return this.next();
  };
}
