import { DeniedError } from "../denial.js";
import { isBubbleUp } from "../run/outcome.js";

/**
 * What a middleware may not swallow or retry: an interrupt, a refusal, an abort. Such an error ends the whole layer at
 * once, whatever the middleware would have made of it.
 */
export class Passage {
  readonly #final: Promise<never>;
  #stop: (error: unknown) => void = () => {};
  /** In a list, for an error may be undefined. */
  #stopped: readonly unknown[] = [];

  constructor(readonly signal: AbortSignal | undefined) {
    this.#final = new Promise<never>((_, reject) => (this.#stop = reject));
    this.#final.catch(() => undefined);
  }

  /** What lies below the middleware; nothing is called any more once it was stopped. */
  async below<T>(body: () => Promise<T>): Promise<T> {
    if (this.#stopped.length > 0) throw this.#stopped[0];
    try {
      return await body();
    } catch (error) {
      if (isBubbleUp(error) || DeniedError.isDenied(error) || this.signal?.aborted === true) {
        this.#stopped = [error];
        this.#stop(error);
      }
      throw error;
    }
  }

  /** The middleware itself. */
  layer<T>(body: () => T | Promise<T>): Promise<T> {
    const answer = (async () => body())();
    // The loser of the race must not be reported as unhandled.
    answer.catch(() => undefined);
    return Promise.race([this.#final, answer]);
  }
}
