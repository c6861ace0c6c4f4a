import { types } from "node:util";

/** What was found at a path; `missing` where there is nothing of the value's own. */
export type Found = { readonly value: unknown } | null;

/**
 * Follows own data properties only: nothing inherited (`constructor`, `__proto__`), no getter, no Proxy. A key that
 * holds undefined is as good as none.
 */
export function lookUp(context: unknown, path: readonly string[]): Found {
  let value = context;
  for (const key of path) {
    if (typeof value !== "object" || value === null || types.isProxy(value)) return null;
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !("value" in property)) return null;
    value = property.value;
  }
  return value === undefined ? null : { value };
}

const LONGEST_PATH = 256;
const MOST_KEYS = 16;

/** The keys of a dotted path or of a list of keys; null for what is no path. */
export function keysOf(path: unknown): readonly string[] | null {
  const keys: unknown = typeof path === "string" ? path.split(".") : path;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MOST_KEYS) return null;
  let length = 0;
  for (const key of keys as readonly unknown[]) {
    if (typeof key !== "string" || key === "") return null;
    length += key.length;
  }
  return length <= LONGEST_PATH ? (keys as readonly string[]) : null;
}

/** A path as people write it. */
export const labelOf = (keys: readonly string[]): string =>
  keys.some((key) => key.includes(".")) ? JSON.stringify(keys) : keys.join(".");
