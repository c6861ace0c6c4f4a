import { isBaseMessage } from "@langchain/core/messages";

/** Thrown by every read of a value of `unreadable`. */
class Unreadable extends Error {
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
  new Proxy(
    {},
    {
      // Whoever awaits a value asks for this first; that is no reading of it.
      get: (_target, key) => (key === "then" ? undefined : refuse()),
      has: refuse,
      ownKeys: refuse,
      getOwnPropertyDescriptor: refuse,
      getPrototypeOf: refuse,
      set: refuse,
      defineProperty: refuse,
      deleteProperty: refuse,
    },
  );

const isRecord = (value: object): boolean => {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
};

/**
 * A copy of a request, event or context that reads like it and notes every attempt to change it, at any depth, by any
 * means: assignment, deletion, definition, a changed prototype, methods of arrays. The attempts fail as on a frozen
 * object. Inside of it, instances of classes other than messages are handed on as they are.
 */
export function watched(value: unknown, attempts: string[], path = "value"): unknown {
  return typeof value === "object" && value !== null ? watch(value, attempts, path, new Map()) : value;
}

function inside(value: unknown, attempts: string[], path: string, seen: Map<object, object>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const looksInto = isRecord(value) || Array.isArray(value) || isBaseMessage(value as never);
  return looksInto ? (seen.get(value) ?? watch(value, attempts, path, seen)) : value;
}

function watch(value: object, attempts: string[], path: string, seen: Map<object, object>): object {
  // A Proxy over a frozen object must answer with the frozen object's own properties, so it gets a copy to stand on.
  const copy: object = Array.isArray(value)
    ? []
    : (Object.create(Object.getPrototypeOf(value) as object | null) as object);
  const borrowed = !isRecord(value) && !Array.isArray(value) && !isBaseMessage(value as never);
  const note = (means: string, key: PropertyKey): false => {
    attempts.push(`${means} ${path}.${String(key)}`);
    return false;
  };
  const proxy = new Proxy(copy, {
    get(target, key, receiver) {
      // A getter of the class may read a private field, which only the original has.
      return borrowed && !Object.hasOwn(target, key)
        ? (Reflect.get(value, key, value) as unknown)
        : (Reflect.get(target, key, receiver) as unknown);
    },
    set: (_target, key) => note("set", key),
    defineProperty: (_target, key) => note("defined", key),
    deleteProperty: (_target, key) => note("deleted", key),
    setPrototypeOf: () => note("changed the prototype of", ""),
  });
  seen.set(value, proxy);
  for (const key of Reflect.ownKeys(value)) {
    if (Array.isArray(value) && key === "length") continue;
    const item = inside(Reflect.get(value, key), attempts, `${path}.${String(key)}`, seen);
    Object.defineProperty(copy, key, {
      value: item,
      writable: true,
      enumerable: Object.prototype.propertyIsEnumerable.call(value, key),
      configurable: true,
    });
  }
  return proxy;
}
