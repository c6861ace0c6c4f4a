import { endObserved } from "../watch/ended.js";
import type { Outcome } from "./outcome.js";
import type { RunScope } from "./scope.js";

const LEFT: Outcome = Object.freeze({ status: "cancelled", code: "ABORTED", error: null });

/** How long after a run's end its model calls may go on before they count as abandoned. */
const LEFT_FOR_MS = 60_000;

/**
 * Ends the streams that a node left: LangChain tells its callbacks nothing of a consumer who leaves. Only once no node
 * is at work, and only what has given something: a call that nobody waited for may still come to its end.
 */
export function endStreamsLeft(scope: RunScope): undefined | Promise<unknown> {
  if (scope.observed.size === 0 || scope.open > 0) return undefined;
  const told: Promise<undefined>[] = [];
  for (const [runId, call] of scope.observed) {
    if (call.kind !== "model" || call.firstChunkAt === null) continue;
    const ended = endObserved(scope, runId, LEFT, null);
    if (ended !== undefined) told.push(ended);
  }
  return told.length === 0 ? undefined : Promise.all(told);
}

/** A stream that is dropped says nothing, whoever made it: its call ends, and settles, some time after the run. */
export function endLater(scope: RunScope): void {
  if (scope.observed.size === 0 && scope.flights.length === 0) return;
  scope.ctx.clock.setTimeout(() => {
    for (const flight of scope.flights) void flight.left();
    for (const [runId, call] of scope.observed) if (call.kind === "model") void endObserved(scope, runId, LEFT, null);
  }, LEFT_FOR_MS);
}
