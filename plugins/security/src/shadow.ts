import type { GateDenial } from "./gate.js";

/** A call that shadow mode let pass and would have denied. */
export interface ShadowDenial {
  readonly tool: string;
  readonly executionId: string;
  readonly runId: string;
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  readonly denial: GateDenial;
}

/** Whether denials are only told of. It ends by itself: from its end on everything is enforced. */
export function shadowOf(until: number | undefined, now: () => number): () => number | null {
  // Written so that a time that is no number enforces.
  return () => (until !== undefined && now() < until ? until : null);
}
