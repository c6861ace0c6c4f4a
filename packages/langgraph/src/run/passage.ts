type Result = IteratorResult<unknown>;

/** What is done with a result that came. Gives a promise where somebody has to be waited for, for what comes instead. */
export interface Watch<T> {
  came(result: T): undefined | Promise<T>;
  failed(error: unknown): undefined | Promise<T>;
}

/**
 * A promise with somebody watching. What it gives reaches its reader in the very turn in which it came, as without a
 * watcher: `work.then(watch)` would give it one turn later, and LangGraph drops what its reader has not yet read when a
 * run fails. Only where the watcher has something to wait for does the reader wait as well.
 */
export class Passage<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "Promise";
  readonly #work: Promise<T>;
  #instead: Promise<T> | undefined;

  constructor(work: Promise<T>, watch: Watch<T>) {
    this.#work = work;
    // Before any reader can: `#instead` is there by the time a reader's turn comes.
    work.then(
      (result) => {
        this.#instead = watch.came(result);
      },
      (error: unknown) => {
        this.#instead = watch.failed(error);
      },
    );
  }

  then<A = T, B = never>(
    onResult?: ((result: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#work.then<A | B, A | B>(
      (result) => {
        if (this.#instead !== undefined) return this.#instead.then(onResult, onError);
        return onResult ? onResult(result) : (result as unknown as A);
      },
      (error: unknown) => {
        if (this.#instead !== undefined) return this.#instead.then(onResult, onError);
        if (onError) return onError(error);
        throw error;
      },
    );
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onError);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return Promise.resolve<T>(this).finally(onFinally);
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
