import { aboutRun, Audit } from "@graphtap/audit/keys";
import { definePlugin, deny, hooks, type PluginApi, type RunContext } from "@graphtap/langgraph";
import { auditedBy, MemoryTrail } from "./audit.js";
import { canCommand } from "./can.js";
import type { GateCall, GateDenial } from "./gate.js";
import { Security, securityHooks } from "./keys.js";
import { WorkflowSecurityManager } from "./manager.js";
import { options } from "./options.js";
import { type PanelParts, systemPanel, userPanel } from "./panels.js";
import { Pending } from "./pending.js";
import { record } from "./record.js";
import { killMessage, killReason } from "./refusals.js";
import { remedyFor } from "./remedy.js";
import { RunLedger } from "./runs.js";
import { shadowOf } from "./shadow.js";
import { gateParts } from "./standalone.js";
import { SHADOW_EVENT } from "./stats.js";
import { Tally, UsageBook } from "./usage.js";

/**
 * Permissions, limits and switches for tools: nothing is allowed that is not granted. Runs with this plugin need an
 * identity.
 *
 * @example
 * const stack = createStack({ plugins: [security({ tools: { search: { level: "read" } } })] });
 * stack.get(security).grantToolPermission({ userId: "alice", toolName: "search", permissionLevel: "read" });
 */
export const security = definePlugin({
  name: "security",
  version: "0.0.0",
  options,
  provides: [Security],
  optional: [Audit],
  hooks: Object.values(securityHooks),
  identity: "required",
  setup(api, given) {
    const now = (): number => api.clock.now();
    const audit = api.find(Audit);
    const log = audit === undefined ? new MemoryTrail(given.maxAuditEntries, now) : auditedBy(audit);
    const parts = gateParts(given, { now, monotonic: () => api.clock.monotonic() });
    const { grants, rules, kills, limiter, gate } = parts;
    const shadowUntil = shadowOf(given.shadowUntil, now);
    const usage = new UsageBook(given.maxGrants);
    const causes = new Tally();
    const pending = new Pending();
    const runs = new RunLedger(given.loop);

    const manager = new WorkflowSecurityManager({
      ...parts,
      log,
      maxGrants: given.maxGrants,
      now,
      onChange: (kind, change) => void tell(api, kind, () => api.call(securityHooks[kind], change)),
      onKill: (change) => void tell(api, "killed", () => api.call(securityHooks.killed, change)),
    });
    api.provide(Security, manager);

    api.tap(hooks.run.start, (_event, run) => runs.begins(run));
    api.tap(hooks.run.end, (_event, run) => runs.ends(run));
    api.tap(hooks.run.input, (_input, run) => {
      const kill = kills.stops(run.principal, null);
      return kill === null ? undefined : deny("KILLED", killMessage(run.workflow), { reason: killReason(kill) });
    });

    type Call = Parameters<Parameters<typeof api.tap<typeof hooks.tool.authorize>>[1]>[0];
    const asked = (call: Call, run: RunContext): GateCall => ({
      subject: run.principal,
      toolName: call.name,
      metadata: call.tool.metadata,
      args: call.parsed,
    });
    const refused = (call: Call, denial: GateDenial, run: RunContext) => {
      const { code, message, reason, cause, method, rate } = denial;
      pending.set(call.executionId, { method, cause });
      log.note(call.executionId, method, denial.policyVersion);
      const remedy = remedyFor(denial, run.principal, call.name);
      return deny(code, message, {
        reason,
        cause,
        ...(remedy === null ? {} : { do: remedy }),
        ...(rate === null ? {} : { rate }),
      });
    };
    const shadowed = (call: Call, run: RunContext, denial: GateDenial): void => {
      const { name: tool, executionId } = call;
      const { userId = null, service = null, tenantId = null } = run.principal ?? {};
      log.append({
        ...aboutRun(run),
        event: SHADOW_EVENT,
        class: "denial",
        decision: "flagged",
        tool,
        executionId,
        method: denial.method,
        code: denial.code,
        reason: denial.reason,
        plugin: api.id,
        policyVersion: denial.policyVersion,
      });
      const event = { tool, executionId, runId: run.runId, userId, service, tenantId, denial };
      void tell(api, "shadowed", () => api.call(securityHooks.shadowed, event));
    };
    // Judged twice: here with no trace, for a node may ask again after a pause; and once more where room is taken.
    api.tap(hooks.tool.authorize, (call, run) => {
      const denial = gate.judge(asked(call, run));
      if (denial === null || (shadowUntil() !== null && denial.cause !== "killed" && denial.cause !== "no-identity"))
        return undefined;
      return refused(call, denial, run);
    });
    api.tap(hooks.tool.admit, (call, run) => {
      const loop = { calls: runs.of(run), argsHash: () => call.argsHash };
      const shadow = shadowUntil() === null ? undefined : (denial: GateDenial) => shadowed(call, run, denial);
      const given = asked(call, run);
      const taken = gate.admit(given, loop, shadow);
      if (!taken.allowed) return refused(call, taken, run);
      const method = rules.method(given.toolName, given.metadata, given.args);
      pending.set(call.executionId, { method, cause: null });
      log.note(call.executionId, method, grants.version);
      return { release: () => taken.release() };
    });
    record(api, { log, pending, usage, causes, policyVersion: () => grants.version });

    const panels: PanelParts = { gate, grants, limiter, kills, log, usage, causes, now, shadowUntil };
    api.tap(hooks.dashboard.collect, (scope) => ({
      id: api.id,
      title: "Security",
      version: 1,
      data: { ...(scope.kind === "user" ? userPanel(panels, scope) : systemPanel(panels)) },
    }));
    api.tap(hooks.health.check, () => {
      const trouble = [
        ...(shadowUntil() === null ? [] : ["shadow mode: denials are not enforced"]),
        ...(limiter.refusedFull === 0 ? [] : ["calls were refused because no more could be counted (maxRateEntries)"]),
      ];
      const status = trouble.length === 0 ? ("ok" as const) : ("degraded" as const);
      return { id: api.id, status, ...(trouble.length === 0 ? {} : { detail: trouble.join("; ") }) };
    });
    const known = (name: string): boolean =>
      rules.names.includes(name) || [...grants.all()].some(({ toolName }) => toolName === name);
    api.tap(hooks.stack.commands, () => [canCommand(manager, known)]);
  },
});

/** Fires a hook of ours. What it tells stands whatever an observer does, an interrupt thrown by one included. */
async function tell(api: PluginApi, kind: keyof typeof securityHooks, call: () => unknown): Promise<void> {
  if (!api.isTapped(securityHooks[kind])) return;
  try {
    await call();
  } catch (error) {
    api.log.error(`an observer of security.${kind} failed`, { error });
  }
}
