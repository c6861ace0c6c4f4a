/** A typed slot in the data of one run. Identity is the object, so two keys with one id never meet. */
export interface RunKey<T> {
  readonly id: string;
  readonly "~data"?: T;
}

/** Data that lives as long as one run. */
export interface RunData {
  get<T>(key: RunKey<T>): T | undefined;
  set<T>(key: RunKey<T>, value: T): void;
  has(key: RunKey<unknown>): boolean;
}

/**
 * Makes a key for per-run data.
 * @example
 * const Started = runKey<number>("acme.started");
 * run.data.set(Started, api.clock.now());
 */
export function runKey<T>(id: string): RunKey<T> {
  return Object.freeze({ id });
}

/** Empty run data; the map behind it is made on the first `set`, because most runs store nothing. */
export function createRunData(): RunData {
  return new LazyRunData();
}

class LazyRunData implements RunData {
  #slots: Map<RunKey<unknown>, unknown> | undefined;

  get<T>(key: RunKey<T>): T | undefined {
    return this.#slots?.get(key) as T | undefined;
  }
  set<T>(key: RunKey<T>, value: T): void {
    (this.#slots ??= new Map()).set(key, value);
  }
  has(key: RunKey<unknown>): boolean {
    return this.#slots?.has(key) ?? false;
  }
}
