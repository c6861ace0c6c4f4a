import { types } from "node:util";

/** What a non-primitive is to this package. `opaque` is everything whose content cannot be known from outside. */
export type Kind = "plain" | "array" | "map" | "set" | "date" | "binary" | "proxy" | "opaque";

// Objects of another realm (vm contexts, test runners) have an Object.prototype of their own.
function isForeignObjectPrototype(proto: object): boolean {
  if (types.isProxy(proto)) return false;
  return (
    Object.getPrototypeOf(proto) === null &&
    Object.hasOwn(proto, "isPrototypeOf") &&
    Object.hasOwn(proto, "hasOwnProperty")
  );
}

export function kindOf(value: object): Kind {
  if (typeof value === "function") return "opaque";
  // First, because every other question would run the code of a Proxy's traps.
  if (types.isProxy(value)) return "proxy";
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === Object.prototype || proto === null) return "plain";
  if (Array.isArray(value)) return "array";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  if (types.isDate(value)) return "date";
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return "binary";
  return isForeignObjectPrototype(proto as object) ? "plain" : "opaque";
}

/** True for `{}` and `Object.create(null)`, of this or another realm; false for instances, arrays and Proxies. Never throws. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && kindOf(value) === "plain";
}

export function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}

/** Own keys that are enumerable symbols; rarely any, and then the object is more than plain data. */
export function symbolKeys(value: object): readonly symbol[] {
  const symbols = Object.getOwnPropertySymbols(value);
  return symbols.length === 0
    ? symbols
    : symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}

/**
 * `dense`: index keys only, no hole. `sparse`: index keys only, with holes. `named`: it has other keys too, which no
 * text form of an array can show.
 */
export function arrayShape(value: readonly unknown[]): "dense" | "sparse" | "named" {
  const keys = Object.keys(value);
  const { length } = value;
  // Index keys are listed first and in order, so the last key alone tells whether all of them are indexes.
  if (keys.length === length && (length === 0 || keys[length - 1] === String(length - 1))) return "dense";
  return keys.every(isIndex) ? "sparse" : "named";
}

function isIndex(key: string): boolean {
  const number = Number(key);
  return number >= 0 && number < 4_294_967_295 && String(Math.trunc(number)) === key;
}
