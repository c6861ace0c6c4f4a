import { ValuesError } from "./errors.js";

/** How much of a value may be looked at before the answer is "too much". */
export interface Limits {
  /** Levels of nesting; the value itself is level 1. Default 32, and never more than 500 whatever is asked. */
  depth: number;
  /** Values in total, primitives and empty array slots included. Default 10,000. */
  nodes: number;
  /** Size: characters of strings and keys plus bytes of binary data. Default 1,048,576. */
  bytes: number;
}

export const DEFAULT_LIMITS: Readonly<Limits> = Object.freeze({ depth: 32, nodes: 10_000, bytes: 1_048_576 });

// Above this a recursive writer could overflow the stack of a caller that is itself deep.
const DEEPEST = 500;

export function resolveLimits(limits: Partial<Limits> | undefined): Readonly<Limits> {
  if (limits === undefined) return DEFAULT_LIMITS;
  const depth = limits.depth ?? DEFAULT_LIMITS.depth;
  const nodes = limits.nodes ?? DEFAULT_LIMITS.nodes;
  const bytes = limits.bytes ?? DEFAULT_LIMITS.bytes;
  // Written so that NaN fails too.
  for (const [name, value] of [
    ["depth", depth],
    ["nodes", nodes],
    ["bytes", bytes],
  ] as const)
    if (typeof value !== "number" || !(value > 0))
      throw new ValuesError("LIMITS_INVALID", "$", `the limit "${name}" is not a number above zero.`);
  return { depth: Math.min(depth, DEEPEST), nodes, bytes };
}
