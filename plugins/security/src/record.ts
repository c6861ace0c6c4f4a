import { hooks, type PluginApi, type Principal, type RunContext } from "@graphtap/langgraph";
import type { AuditInput, AuditParty } from "@graphtap/audit/keys";
import type { SecurityLog } from "./audit.js";
import type { Pending } from "./pending.js";
import type { Tally, UsageBook } from "./usage.js";

/** What is recorded, and where. */
export interface Records {
  readonly log: SecurityLog;
  readonly pending: Pending;
  readonly usage: UsageBook;
  readonly causes: Tally;
  policyVersion(): number;
}

/** Names only: an entry is data, and must neither hold a live identity nor its roles. */
const party = (principal: Principal | null): AuditParty | null =>
  principal === null ? null : { userId: principal.userId, tenantId: principal.tenantId };

/** Who, in which run: the part that every entry about a run has. */
export const about = (run: RunContext): Partial<AuditInput> => ({
  userId: run.principal?.userId ?? null,
  service: run.principal?.service ?? null,
  tenantId: run.principal?.tenantId ?? null,
  onBehalfOf: party(run.principal?.onBehalfOf ?? null),
  runId: run.runId,
  threadId: run.threadId,
  workflow: run.workflow,
  node: run.node,
});

/**
 * Records where the outcome is known: another guard may still refuse what this one lets pass. With an audit plugin,
 * which taps the same hooks, only usage and causes are counted here.
 */
export function record(api: PluginApi, { log, pending, usage, causes, policyVersion }: Records): void {
  const append = (run: RunContext, input: Pick<AuditInput, "event" | "class"> & Partial<AuditInput>): void => {
    if (log.alone) log.append({ ...about(run), policyVersion: policyVersion(), ...input });
  };
  api.tap(hooks.tool.start, (event, run) => {
    const { name: tool, executionId } = event;
    const known = pending.take(executionId);
    const at = run.clock.now();
    // What was never admitted did not run: a call whose arguments the tool's schema refuses starts and ends as well.
    if (known !== null) for (let one = run.principal; one !== null; one = one.onBehalfOf) usage.record(one, tool, at);
    if (!log.alone) return;
    const { argsHash } = event;
    const method = known?.method ?? null;
    append(run, { event: "tool.allowed", class: "access", decision: "allowed", tool, executionId, argsHash, method });
  });
  api.tap(hooks.tool.denied, ({ name: tool, executionId, code, reason, plugin }, run) => {
    const known = pending.take(executionId);
    if (known?.cause != null) causes.add(known.cause);
    append(run, {
      event: "tool.denied",
      class: "denial",
      decision: "denied",
      tool,
      executionId,
      code,
      reason,
      plugin,
      method: known?.method ?? null,
    });
  });
  api.tap(hooks.run.denied, ({ code, reason, plugin }, run) => {
    append(run, { event: "run.denied", class: "denial", decision: "denied", code, reason, plugin });
  });
}
