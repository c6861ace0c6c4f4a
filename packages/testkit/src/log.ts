/** Records of what happened, newest last. The oldest are dropped when it is full, and counted. */
export interface BoundedLog<T> {
  readonly items: readonly T[];
  /** How many were ever added, dropped ones included. */
  readonly total: number;
  add(item: T): void;
  clear(): void;
}

export function createLog<T>(limit: number): BoundedLog<T> {
  const items: T[] = [];
  let total = 0;
  return {
    items,
    get total() {
      return total;
    },
    add(item) {
      total++;
      items.push(item);
      if (items.length > limit) items.shift();
    },
    clear() {
      items.length = 0;
      total = 0;
    },
  };
}
