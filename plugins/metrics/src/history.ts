interface Kept {
  readonly id: string;
}

/** The newest `capacity` items, found by id. Older ones are dropped and counted. */
export class History<T extends Kept> {
  readonly #items: T[] = [];
  readonly #byId = new Map<string, T>();
  readonly #capacity: number;
  #next = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }
  get dropped(): number {
    return this.#dropped;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  add(item: T): void {
    const oldest = this.#items[this.#next];
    if (this.#items.length < this.#capacity) this.#items.push(item);
    else {
      if (oldest !== undefined) this.#byId.delete(oldest.id);
      this.#items[this.#next] = item;
      this.#next = (this.#next + 1) % this.#capacity;
      this.#dropped++;
    }
    this.#byId.set(item.id, item);
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<T> {
    for (let at = 0; at < this.#items.length; at++) yield this.#items[(this.#next + at) % this.#items.length] as T;
  }
}
