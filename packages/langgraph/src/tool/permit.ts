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

/**
 * The one-use permits of one ToolNode task. A permit is found by the identity of the arguments it was issued for, or,
 * where something in between copied the call, by tool, call id and equal arguments. Bounded by the calls of the task:
 * the book dies with it.
 */
export class Permits {
  readonly #open = new Set<Permit>();

  issue(permit: Permit): void {
    this.#open.add(permit);
  }

  /** Takes the permit for these arguments, if there is one and they are still what was judged. */
  consume(target: object, callId: string | null, args: unknown): Permit | null {
    for (const permit of this.#open) {
      if (permit.target !== target || permit.call.callId !== callId) continue;
      if (permit.args !== args && callId === null) continue;
      if (!sameData(args, permit.call.raw)) continue;
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
