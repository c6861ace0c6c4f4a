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

/**
 * A step that is taken once something came before it. Its reader gets the result in the very turn in which the step
 * gives it: `before.then(take)` would give it three turns later, and the first chunk of a run would be told after what
 * the run does next.
 */
export class LaterStep implements Promise<Result> {
  readonly [Symbol.toStringTag] = "Promise";
  readonly #taken: Promise<{ readonly step: Promise<Result> }>;

  constructor(before: Promise<void>, take: () => Promise<Result>) {
    // In an object: a promise of a promise would wait for it.
    this.#taken = before.then(() => ({ step: take() }));
  }

  then<A = Result, B = never>(
    onResult?: ((result: Result) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return new Promise((resolve, reject) => {
      const settle =
        <V>(handle: (value: V) => unknown) =>
        (value: V): void => {
          try {
            resolve(handle(value) as A | B);
          } catch (error) {
            reject(error);
          }
        };
      const result = settle(onResult ?? ((value: Result) => value));
      const failed = onError ? settle(onError) : reject;
      this.#taken.then(({ step }) => step.then(result, failed), failed);
    });
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Result | B> {
    return this.then(undefined, onError);
  }

  finally(onFinally?: (() => void) | null): Promise<Result> {
    return Promise.resolve<Result>(this).finally(onFinally);
  }
}
