type Result = IteratorResult<unknown>;

/** What is done with a step that came. */
export interface Watch {
  /** A chunk passes. Synchronous: nothing may come between the graph and its reader. */
  chunk(result: Result): void;
  /** The last step; the reader gets what this gives. */
  done(result: Result): Promise<Result>;
  /** The graph threw; the reader gets what this throws. */
  failed(error: unknown): Promise<Result>;
}

/**
 * A step of a graph's iterator with somebody watching. Chunks reach the reader in the very turn in which the graph gave
 * them, as without a watcher: `step.then(watch)` would give them one turn later, and LangGraph drops what its reader has
 * not yet read when a run fails. Only the end and a failure wait for the watcher.
 */
export class Passage implements Promise<Result> {
  readonly [Symbol.toStringTag] = "Promise";
  readonly #step: Promise<Result>;
  #last: Promise<Result> | null = null;

  constructor(step: Promise<Result>, watch: Watch) {
    this.#step = step;
    // Before any reader can: `#last` is there by the time a reader's turn comes.
    step.then(
      (result) => {
        if (result.done === true) this.#last = watch.done(result);
        else watch.chunk(result);
      },
      (error: unknown) => {
        this.#last = watch.failed(error);
      },
    );
  }

  then<A = Result, B = never>(
    onResult?: ((result: Result) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#step.then<A | B, A | B>(
      (result) =>
        this.#last === null ? (onResult ? onResult(result) : (result as A)) : this.#last.then(onResult, onError),
      (error: unknown) => (this.#last ?? Promise.reject<Result>(error)).then(onResult, onError),
    );
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Result | B> {
    return this.then(undefined, onError);
  }

  finally(onFinally?: (() => void) | null): Promise<Result> {
    return Promise.resolve<Result>(this).finally(onFinally);
  }
}
