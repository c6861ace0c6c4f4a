import { isThenable } from "./thenable.js";

interface Job {
  run(): unknown;
  cancel(error: unknown): void;
}

/**
 * Jobs one after the other. What has nothing to wait for is done in the turn in which it is asked for, so that a call
 * right after it sees its effect.
 */
export class Turns {
  readonly #jobs: Job[] = [];
  /** Closed until `open`: what is asked for meanwhile waits. */
  #open = false;
  #busy = false;
  #idle: Promise<unknown> = Promise.resolve();

  /** Runs `job` when its turn comes; settles as it does. */
  ask<T>(job: () => T | Promise<T>): Promise<T> {
    const result = new Promise<T>((resolve, reject) => {
      const run = (): unknown => {
        try {
          const done = job();
          if (isThenable(done)) return done.then(resolve, reject);
          resolve(done);
        } catch (error) {
          reject(error);
        }
        return undefined;
      };
      this.#jobs.push({ run, cancel: reject });
    });
    this.#idle = result.then(
      () => undefined,
      () => undefined,
    );
    this.#next();
    return result;
  }

  /** Lets the jobs run, those that waited first and in this turn. */
  open(): void {
    this.#open = true;
    this.#next();
  }

  /** None will ever run: whatever waits is rejected. */
  cancel(error: unknown): void {
    for (const job of this.#jobs.splice(0)) job.cancel(error);
  }

  /** Resolves when the last job that was asked for so far has ended. */
  async idle(): Promise<void> {
    await this.#idle;
  }

  #next(): void {
    if (!this.#open || this.#busy) return;
    this.#busy = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      const pending = job.run();
      if (!isThenable(pending)) continue;
      pending.then(() => {
        this.#busy = false;
        this.#next();
      });
      return;
    }
    this.#busy = false;
  }
}
