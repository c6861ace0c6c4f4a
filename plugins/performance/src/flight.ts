interface Flight<V> {
  readonly promise: Promise<V>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * One load for all who ask for the same key at the same time. Each caller may leave by its own signal: the others go on
 * waiting, and the load is aborted only when nobody waits any more. A failure reaches all who wait and is not kept.
 *
 * @example
 * const flights = new SingleFlight<Buffer>();
 * await flights.run("logo", (signal) => download("logo.png", { signal }), request.signal);
 */
export class SingleFlight<V> {
  readonly #flights = new Map<string, Flight<V>>();

  /** Loads under way. */
  get size(): number {
    return this.#flights.size;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** What `load` gives, or what a load under way for this key gives. */
  run(key: string, load: (signal: AbortSignal) => V | Promise<V>, signal?: AbortSignal): Promise<V> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const flight = this.#flights.get(key) ?? this.#start(key, load);
    flight.waiting++;
    return signal === undefined ? flight.promise : this.#leaving(key, flight, signal);
  }

  /** Who asks from now on starts a load anew; those who wait get what they wait for. */
  forget(key: string): void {
    this.#flights.delete(key);
  }

  #start(key: string, load: (signal: AbortSignal) => V | Promise<V>): Flight<V> {
    const stop = new AbortController();
    const promise = (async () => load(stop.signal))();
    const flight: Flight<V> = { promise, stop, waiting: 0 };
    this.#flights.set(key, flight);
    const over = (): void => this.#remove(key, flight);
    // Also keeps a failure that nobody waits for any more from ending the process.
    promise.then(over, over);
    return flight;
  }

  #leaving(key: string, flight: Flight<V>, signal: AbortSignal): Promise<V> {
    return new Promise<V>((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error);
        if (--flight.waiting > 0) return;
        this.#remove(key, flight);
        flight.stop.abort(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      const stay = (): void => signal.removeEventListener("abort", leave);
      flight.promise.then(
        (value) => (stay(), resolve(value)),
        (error: unknown) => (stay(), reject(error as Error)),
      );
    });
  }

  #remove(key: string, flight: Flight<V>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
