import { Ring } from "@graphtap/values";

interface Kept {
  readonly id: string;
}

/** The newest `capacity` items, found by id. Older ones are dropped and counted. */
export class History<T extends Kept> {
  readonly #items: Ring<T>;
  readonly #byId = new Map<string, T>();

  constructor(capacity: number) {
    this.#items = new Ring(capacity);
  }

  get size(): number {
    return this.#items.size;
  }
  get dropped(): number {
    return this.#items.dropped;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  add(item: T): void {
    const gone = this.#items.push(item);
    if (gone !== undefined) this.#byId.delete(gone.id);
    this.#byId.set(item.id, item);
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]();
  }
}
