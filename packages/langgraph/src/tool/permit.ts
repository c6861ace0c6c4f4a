import { sameData } from "@graphtap/values";
import type { FrozenCall } from "./call.js";

/** What a judgement allows: exactly this call, once. */
export interface Permit {
  readonly call: FrozenCall;
  /** The mutable copy of the arguments that was handed on; its identity is the permit's key. */
  readonly args: unknown;
  /** The tool object that was judged. */
  readonly target: object;
}

/** Permits found by the identity of the arguments they were issued for: nobody else holds that object. */
export type PermitIndex = WeakMap<object, Permit>;

/** Takes the permit for exactly these arguments, if there is one and they are still what was judged. */
export function consume(index: PermitIndex, target: object, callId: string | null, args: unknown): Permit | null {
  const permit = typeof args === "object" && args !== null ? index.get(args) : undefined;
  if (permit === undefined || !fits(permit, target, callId, args)) return null;
  index.delete(permit.args as object);
  return permit;
}

const fits = (permit: Permit, target: object, callId: string | null, args: unknown): boolean =>
  permit.target === target && permit.call.callId === callId && sameData(args, permit.call.raw);

/**
 * The permits of one ToolNode task whose middleware may hand on a copy of a call: found by tool, call id and equal
 * arguments. Bounded by the calls of the task; the book dies with it.
 */
export class Permits {
  readonly #open = new Set<Permit>();

  issue(permit: Permit): void {
    this.#open.add(permit);
  }

  consume(target: object, callId: string | null, args: unknown): Permit | null {
    if (callId === null) return null;
    for (const permit of this.#open) {
      if (!fits(permit, target, callId, args)) continue;
      this.#open.delete(permit);
      return permit;
    }
    return null;
  }

  /** A call that came back without running leaves its permit unused; it must not serve a later one. */
  revoke(permit: Permit): void {
    this.#open.delete(permit);
  }
}
