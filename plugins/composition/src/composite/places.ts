/** Places for so many at once; others wait in the order they came. */
export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves with the function that gives the place back; rejects with the signal's reason when it aborts before. */
  take(signal: AbortSignal | undefined): Promise<() => void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(this.#back());
    }
    // One of its own for each who waits: many listeners on one signal look like a leak to Node.
    const left = signal === undefined ? undefined : AbortSignal.any([signal]);
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        left?.removeEventListener("abort", gone);
        resolve(this.#back());
      };
      const gone = (): void => {
        const index = this.#waiting.indexOf(turn);
        if (index !== -1) this.#waiting.splice(index, 1);
        reject(left?.reason as Error);
      };
      left?.addEventListener("abort", gone, { once: true });
      this.#waiting.push(turn);
    });
  }

  #back(): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
