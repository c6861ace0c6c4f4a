import type { Usage } from "../hooks/context.js";
import type { Outcome } from "../run/outcome.js";
import type { RunScope } from "../run/scope.js";

/** Tells of the end of a call whose start was seen. */
export function endObserved(
  scope: RunScope,
  runId: string,
  { status, code, error }: Outcome,
  usage: Usage | null,
): undefined | Promise<undefined> {
  const call = scope.observed.get(runId);
  if (call === undefined) return undefined;
  scope.observed.delete(runId);
  const { ctx } = call.frame;
  const durationMs = ctx.clock.monotonic() - call.at;
  const end = { status, code, error: error ?? null, durationMs, late: scope.over };
  if (call.kind === "tool")
    return scope.dispatch.tool.end.call({ ...end, name: call.name, executionId: runId, callId: call.callId }, ctx);
  scope.addUsage(usage);
  return scope.dispatch.model.end.call(
    {
      ...end,
      modelCallId: runId,
      provider: call.provider,
      model: call.model,
      usage,
      timeToFirstChunkMs: call.firstChunkAt === null ? null : call.firstChunkAt - call.at,
      streaming: call.firstChunkAt !== null,
      coverage: "observed",
    },
    ctx,
  );
}
