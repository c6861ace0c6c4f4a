import { hash as digest } from "node:crypto";
import { canonical } from "./canonical.js";
import type { Limits } from "./limits.js";

/**
 * SHA-256 of the canonical text, as 64 hexadecimal digits. Same limits and errors as `canonical`.
 *
 * @example
 * hash({ a: 1, b: 2 }) === hash({ b: 2, a: 1 }) // true
 */
export function hash(value: unknown, limits?: Partial<Limits>): string {
  return digest("sha256", canonical(value, limits), "hex");
}
