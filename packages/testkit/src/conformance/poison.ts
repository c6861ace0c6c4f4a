import { isBaseMessage } from "@langchain/core/messages";

/** Thrown by every read of a value of `unreadable`. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  constructor() {
    super("the kit made this value throw when it is read");
  }
}

const refuse = (): never => {
  throw new Unreadable();
};

/** A value on which everything fails: what a tap meets when data is worse than it expected. */
export const unreadable = (): object =>
  new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse, getPrototypeOf: refuse, set: refuse, defineProperty: refuse, deleteProperty: refuse });

const isData = (value: object): boolean => {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null || Array.isArray(value) || isBaseMessage(value as never);
};

/**
 * A copy of `value` that reads like it and notes every attempt to change it, at any depth, by any means: assignment,
 * deletion, definition, a changed prototype, methods of arrays. The attempts fail as on a frozen object. Instances of
 * classes other than messages are handed on as they are.
 */
export function watched(value: unknown, attempts: string[], path = "value", seen = new Map<object, object>()): unknown {
  if (typeof value !== "object" || value === null || !isData(value)) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  // A Proxy over a frozen object must answer with the frozen object's own properties, so it gets a copy to stand on.
  const copy: object = Array.isArray(value) ? [] : (Object.create(Object.getPrototypeOf(value) as object | null) as object);
  const note = (means: string, key: PropertyKey): false => {
    attempts.push(`${means} ${path}.${String(key)}`);
    return false;
  };
  const proxy = new Proxy(copy, {
    set: (_target, key) => note("set", key),
    defineProperty: (_target, key) => note("defined", key),
    deleteProperty: (_target, key) => note("deleted", key),
    setPrototypeOf: () => note("changed the prototype of", ""),
    // Freezing what is frozen changes nothing; it is granted without being done.
    preventExtensions: (target) => Reflect.preventExtensions(target),
  });
  seen.set(value, proxy);
  for (const key of Reflect.ownKeys(value)) {
    if (Array.isArray(value) && key === "length") continue;
    const item: unknown = Reflect.get(value, key);
    Object.defineProperty(copy, key, { value: watched(item, attempts, `${path}.${String(key)}`, seen), writable: true, enumerable: Object.prototype.propertyIsEnumerable.call(value, key), configurable: true });
  }
  return proxy;
}
