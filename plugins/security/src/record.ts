import { hooks, type PluginApi, type RunContext } from "@graphtap/langgraph";
import { aboutRun, type AuditInput } from "@graphtap/audit/keys";
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

/**
 * Records where the outcome is known: another guard may still refuse what this one lets pass. With an audit plugin,
 * which taps the same hooks, only usage and causes are counted here.
 */
export function record(api: PluginApi, { log, pending, usage, causes, policyVersion }: Records): void {
  const append = (run: RunContext, input: Pick<AuditInput, "event" | "class"> & Partial<AuditInput>): void => {
    if (log.alone) log.append({ ...aboutRun(run), policyVersion: policyVersion(), ...input });
  };
  api.tap(hooks.tool.start, (event, run) => {
    if (event.missing === true) return;
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
  api.tap(hooks.tool.denied, (event, run) => {
    const { name: tool, executionId, code, reason, plugin } = event;
    const known = pending.take(executionId);
    if (known?.cause != null) causes.add(known.cause);
    if (!log.alone) return;
    append(run, {
      event: "tool.denied",
      class: "denial",
      decision: "denied",
      tool,
      executionId,
      code,
      reason,
      plugin,
      argsHash: event.argsHash,
      method: known?.method ?? null,
    });
  });
  api.tap(hooks.run.denied, ({ code, reason, plugin }, run) => {
    append(run, { event: "run.denied", class: "denial", decision: "denied", code, reason, plugin });
  });
}
