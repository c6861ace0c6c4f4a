/**
 * The newest `capacity` items, oldest to newest. What gives way is handed back and counted.
 *
 * @example
 * const ring = new Ring<number>(2);
 * ring.push(1);
 * ring.push(2);
 * ring.push(3); // 1
 * [...ring.newestFirst()]; // [3, 2]
 */
export class Ring<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  #oldest = 0;
  #size = 0;
  #dropped = 0;

  /** @param capacity items kept, 1 or more */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1)
      throw new RangeError(`a ring holds 1 item or more, got ${capacity}`);
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }
  /** Items that gave way to newer ones, since the ring was made. */
  get dropped(): number {
    return this.#dropped;
  }
  get oldest(): T | undefined {
    return this.#size === 0 ? undefined : this.#items[this.#oldest];
  }
  get newest(): T | undefined {
    return this.#size === 0 ? undefined : this.#items[this.#place(this.#size - 1)];
  }

  /** @returns the item that gave way, undefined when there was room */
  push(item: T): T | undefined {
    if (this.#size < this.#capacity) {
      this.#items[this.#place(this.#size)] = item;
      this.#size++;
      return undefined;
    }
    const gone = this.#items[this.#oldest] as T;
    this.#items[this.#oldest] = item;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#dropped++;
    return gone;
  }

  /** Takes the oldest item out; undefined when there is none. Not counted as dropped: the caller knows. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const gone = this.#items[this.#oldest] as T;
    this.#items[this.#oldest] = undefined as T;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#size--;
    return gone;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let at = 0; at < this.#size; at++) yield this.#items[this.#place(at)] as T;
  }

  *newestFirst(): Generator<T> {
    for (let at = this.#size - 1; at >= 0; at--) yield this.#items[this.#place(at)] as T;
  }

  #place(at: number): number {
    return (this.#oldest + at) % this.#capacity;
  }
}
