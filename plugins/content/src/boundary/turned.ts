/**
 * A promise with something done, once, to what it gives, in the turn in which it comes, however often it is listened to:
 * `work.then(...)` would give it a turn later, and what comes in between in another order.
 */
export class Turned<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "Promise";
  readonly #work: Promise<T>;
  readonly #taken: (result: T) => T | Promise<T>;
  readonly #failed: (error: unknown) => T | Promise<T>;
  #made: { readonly value: T | Promise<T> } | { readonly error: unknown } | null = null;

  constructor(work: Promise<T>, taken: (result: T) => T | Promise<T>, failed: (error: unknown) => T | Promise<T>) {
    this.#work = work;
    this.#taken = taken;
    this.#failed = failed;
  }

  #make(make: () => T | Promise<T>): T | Promise<T> {
    if (this.#made === null)
      try {
        this.#made = { value: make() };
      } catch (error) {
        this.#made = { error };
      }
    if ("error" in this.#made) throw this.#made.error;
    return this.#made.value;
  }

  then<A = T, B = never>(
    onResult?: ((result: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const hand = (make: () => T | Promise<T>): A | B | PromiseLike<A | B> => {
      let made: T | Promise<T>;
      try {
        made = this.#make(make);
      } catch (error) {
        if (onError) return onError(error);
        throw error;
      }
      if (made instanceof Promise || made instanceof Turned) return (made as Promise<T>).then(onResult, onError);
      return onResult ? onResult(made) : (made as unknown as A);
    };
    return this.#work.then(
      (result) => hand(() => this.#taken(result)),
      (error: unknown) => hand(() => this.#failed(error)),
    );
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onError);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return Promise.resolve<T>(this).finally(onFinally);
  }
}
