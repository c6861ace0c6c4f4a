import type { Clock } from "./clock.js";
import type { Disposer } from "./plugin-api.js";
import { callWithin } from "./wait.js";

/** Disposers of one plugin. Closing runs all of them, last first, and gathers what they throw. */
export class Scope {
  readonly #disposers: Disposer[] = [];
  #closed: Promise<readonly unknown[]> | null = null;
  #over = false;

  /** False when closing is over: nobody would call `fn` any more. */
  add(fn: Disposer): boolean {
    if (this.#over) return false;
    this.#disposers.push(fn);
    return true;
  }

  /** Never rejects; the second call returns the first one's result. */
  close(clock: Clock, limitMs: number, expired: () => unknown): Promise<readonly unknown[]> {
    return (this.#closed ??= this.#run(clock, limitMs, expired));
  }

  async #run(clock: Clock, limitMs: number, expired: () => unknown): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    // A disposer may register another one: go on until none is left.
    for (let fn = this.#disposers.pop(); fn !== undefined; fn = this.#disposers.pop()) {
      try {
        await callWithin(fn, limitMs, clock, expired);
      } catch (error) {
        errors.push(error);
      }
    }
    this.#over = true;
    return errors;
  }
}
