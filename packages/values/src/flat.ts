import { types } from "node:util";
import type { Limits } from "./limits.js";
import { isPrimitive } from "./plain.js";

/** Wider objects are rare, and copied the general way. */
const MOST_KEYS = 16;

/**
 * A copy of what arguments mostly are: a plain object of a few texts, numbers and the like. Null for anything else, and
 * beyond the limits, before any code of the object ran. Worth its lines because it is short: code that runs now and then
 * costs by its length.
 */
export function flatCopy(value: object, limits: Readonly<Limits>): Record<string, unknown> | null {
  if (types.isProxy(value) || Object.getPrototypeOf(value) !== Object.prototype) return null;
  const keys = Reflect.ownKeys(value);
  if (keys.length > MOST_KEYS || keys.length >= limits.nodes || limits.depth < 2) return null;
  const copy: Record<string, unknown> = {};
  let bytes = 0;
  for (const key of keys) {
    if (typeof key === "symbol" || key in copy) return null;
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property?.enumerable !== true || !("value" in property)) return null;
    const { value: item } = property as { value: unknown };
    if (!isPrimitive(item) || typeof item === "symbol") return null;
    bytes += key.length + (typeof item === "string" ? item.length : 0);
    copy[key] = item;
  }
  return bytes > limits.bytes ? null : copy;
}
