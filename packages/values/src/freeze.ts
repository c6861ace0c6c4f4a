import { kindOf } from "./plain.js";

function refuse(): never {
  throw new TypeError("[FROZEN] this value was judged and cannot be changed any more; copy it first");
}

const REFUSED = { value: refuse, writable: false, enumerable: false, configurable: false } as const;
const DATE_SETTERS = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"));
const MUTATORS = { map: ["set", "delete", "clear"], set: ["add", "delete", "clear"], date: DATE_SETTERS } as const;

// Object.freeze does not reach the content of these three, so their mutating methods are covered on the object itself.
function closeMethods(value: object, kind: "map" | "set" | "date"): void {
  if (!Object.isExtensible(value)) return;
  for (const name of MUTATORS[kind]) Object.defineProperty(value, name, REFUSED);
}

function pushInside(value: object, todo: object[]): void {
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property !== undefined && isObject(property.value)) todo.push(property.value);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/**
 * Freezes plain objects, arrays, Maps, Sets and Dates at every depth, in place, and returns the same value. Changing a
 * frozen Map, Set or Date through its methods throws. Class instances, functions and Proxies are the host's and are left
 * alone with all they hold; binary data cannot be frozen by the language. No getter runs. Iterative, cycles are fine.
 *
 * @example
 * const request = deepFreeze({ args: { q: "x" } }); // request.args.q = "y" throws
 */
export function deepFreeze<T>(value: T): T {
  if (!isObject(value)) return value;
  const todo: object[] = [value];
  // Only what was frozen before us needs remembering: what we freeze is recognised by being frozen.
  let seenFrozen: Set<object> | null = null;
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const kind = kindOf(item);
    if (kind === "opaque" || kind === "proxy" || kind === "binary") continue;
    if (Object.isFrozen(item)) {
      seenFrozen ??= new Set();
      if (seenFrozen.has(item)) continue;
      seenFrozen.add(item);
    } else {
      if (kind === "map" || kind === "set" || kind === "date") closeMethods(item, kind);
      Object.freeze(item);
    }
    if (kind === "map")
      Map.prototype.forEach.call(item, (inner: unknown, key: unknown) => {
        if (isObject(key)) todo.push(key);
        if (isObject(inner)) todo.push(inner);
      });
    else if (kind === "set")
      Set.prototype.forEach.call(item, (member: unknown) => {
        if (isObject(member)) todo.push(member);
      });
    pushInside(item, todo);
  }
  return value;
}
