import { canonical } from "./canonical.js";
import { type Limits, resolveLimits } from "./limits.js";
import { binaryParts } from "./binary.js";
import { arrayShape, isPrimitive, kindOf, symbolKeys } from "./plain.js";

type Pairs = unknown[];

/** Puts the pairs that still have to agree on `todo`; false when the two differ already. */
function compare(a: object, b: object, todo: Pairs, limits: Readonly<Limits>): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  switch (kind) {
    case "plain":
      return symbolKeys(a).length === 0 && symbolKeys(b).length === 0 && compareProperties(a, b, todo, limits);
    case "array":
      return compareArrays(a as readonly unknown[], b as readonly unknown[], todo, limits);
    case "date":
      return Object.is(Date.prototype.getTime.call(a), Date.prototype.getTime.call(b));
    case "binary": {
      const left = binaryParts(a);
      const right = binaryParts(b);
      return left.name === right.name && Buffer.compare(left.bytes, right.bytes) === 0;
    }
    case "map":
      return compareMaps(a as ReadonlyMap<unknown, unknown>, b as ReadonlyMap<unknown, unknown>, todo, limits);
    case "set":
      return compareSets(a as ReadonlySet<unknown>, b as ReadonlySet<unknown>, limits);
    default:
      return false;
  }
}

function compareProperties(a: object, b: object, todo: Pairs, limits: Readonly<Limits>): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length || keys.length > limits.nodes) return false;
  for (const key of keys) {
    const left = Object.getOwnPropertyDescriptor(a, key);
    const right = Object.getOwnPropertyDescriptor(b, key);
    // An accessor may answer differently when it is read for real, so it never counts as the same data.
    if (left === undefined || right?.enumerable !== true || !("value" in left) || !("value" in right)) return false;
    todo.push(left.value, right.value);
  }
  return true;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[], todo: Pairs, limits: Readonly<Limits>): boolean {
  if (a.length !== b.length || a.length > limits.nodes) return false;
  const shape = arrayShape(a);
  return shape !== "named" && shape === arrayShape(b) && compareProperties(a, b, todo, limits);
}

const textMember = (member: unknown): boolean => isPrimitive(member) && typeof member !== "symbol";

function compareMaps(
  a: ReadonlyMap<unknown, unknown>,
  b: ReadonlyMap<unknown, unknown>,
  todo: Pairs,
  limits: Readonly<Limits>,
): boolean {
  if (sizeOf(a) !== sizeOf(b)) return false;
  let plainKeys = true;
  let same = true;
  Map.prototype.forEach.call(a, (value: unknown, key: unknown) => {
    plainKeys &&= textMember(key);
    if (!plainKeys || !same) return;
    same = Map.prototype.has.call(b, key);
    todo.push(value, Map.prototype.get.call(b, key));
  });
  return plainKeys ? same : sameText(a, b, limits);
}

function compareSets(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>, limits: Readonly<Limits>): boolean {
  if (sizeOf(a) !== sizeOf(b)) return false;
  let plainMembers = true;
  let same = true;
  Set.prototype.forEach.call(a, (member: unknown) => {
    plainMembers &&= textMember(member);
    if (plainMembers && same) same = Set.prototype.has.call(b, member);
  });
  return plainMembers ? same : sameText(a, b, limits);
}

// A subclass may lie about its size; the real one is behind the prototype's own accessor.
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get;
const sizeOf = (value: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>): unknown =>
  (kindOf(value) === "map" ? mapSize : setSize)?.call(value);

// Objects as Map keys or Set members match in any order; their sorted text finds the match without trying every pair.
function sameText(a: object, b: object, limits: Readonly<Limits>): boolean {
  try {
    return canonical(a, limits) === canonical(b, limits);
  } catch {
    return false;
  }
}

/**
 * Whether two values are the same data: true exactly when their `canonical` texts are equal, without writing them. What
 * has no canonical text (instances, functions, accessors, Proxies) is the same only if it is the same object. Never
 * throws and runs no getter; where the limits end, or a value contains itself, the answer is false.
 *
 * @example
 * sameData({ a: 1, b: [0] }, { b: [0], a: 1 }) // true
 * sameData([0], [-0]) // false
 */
export function sameData(a: unknown, b: unknown, limits?: Partial<Limits>): boolean {
  return sameBy(Object.is, a, b, limits);
}

/** {@link sameData} where `is` says which primitives are the same. */
export function sameBy(
  is: (a: unknown, b: unknown) => boolean,
  a: unknown,
  b: unknown,
  limits?: Partial<Limits>,
): boolean {
  if (is(a, b)) return true;
  if (isPrimitive(a) || isPrimitive(b)) return false;
  const bounds = resolveLimits(limits);
  const todo: Pairs = [a, b];
  let nodes = 0;
  while (todo.length > 0) {
    const right = todo.pop();
    const left = todo.pop();
    if (++nodes > bounds.nodes) return false;
    if (is(left, right)) continue;
    if (isPrimitive(left) || isPrimitive(right)) return false;
    if (!compare(left as object, right as object, todo, bounds)) return false;
  }
  return true;
}
