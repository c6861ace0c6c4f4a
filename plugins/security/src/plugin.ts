import { definePlugin, deny, hooks, type PluginApi, type Principal, type RunContext } from "@graphtap/langgraph";
import { type AuditLogEntry, type AuditRecord, AuditTrail } from "./audit.js";
import { denialFor } from "./decide.js";
import { Grants } from "./grants.js";
import { Security, securityHooks } from "./keys.js";
import { type PermissionChange, WorkflowSecurityManager } from "./manager.js";
import { options } from "./options.js";
import { ToolRules } from "./rules.js";

/**
 * Permissions per user and tool: nothing is allowed that is not granted. Runs with this plugin need an identity.
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
  hooks: Object.values(securityHooks),
  identity: "required",
  setup(api, { tools, defaultLevel, maxGrants, maxAuditEntries }) {
    const grants = new Grants();
    const rules = new ToolRules(tools, defaultLevel);
    const audit = new AuditTrail(maxAuditEntries);
    const now = (): number => api.clock.now();
    api.provide(
      Security,
      new WorkflowSecurityManager({
        grants,
        rules,
        audit,
        maxGrants,
        now,
        onChange: (kind, change) => void tell(api, kind, change),
      }),
    );

    api.tap(hooks.tool.authorize, (call, run) => {
      const required = rules.required(call.name, call.tool.metadata);
      const denial = denialFor(grants, { subject: run.principal, toolName: call.name, required, now: now() });
      return denial === null ? undefined : deny(denial.code, denial.message, { reason: denial.reason });
    });

    const about = (run: RunContext): Omit<AuditRecord, "event"> => ({
      at: now(),
      policyVersion: grants.version,
      userId: run.principal?.userId ?? null,
      service: run.principal?.service ?? null,
      tenantId: run.principal?.tenantId ?? null,
      onBehalfOf: party(run.principal?.onBehalfOf ?? null),
      runId: run.runId,
      threadId: run.threadId,
      workflow: run.workflow,
      node: run.node,
    });
    // The log is written where the outcome is known: another guard may still refuse what this one lets pass.
    api.tap(hooks.tool.start, ({ name: tool, executionId, argsHash }, run) => {
      audit.record({ ...about(run), event: "tool.allowed", tool, executionId, argsHash });
    });
    api.tap(hooks.tool.denied, ({ name: tool, executionId, code, reason, plugin }, run) => {
      audit.record({ ...about(run), event: "tool.denied", tool, executionId, code, reason, plugin });
    });
    api.tap(hooks.run.denied, ({ code, reason, plugin }, run) => {
      audit.record({ ...about(run), event: "run.denied", code, reason, plugin });
    });
  },
});

/** Names only: an entry is data, and must neither hold a live identity nor its roles. */
const party = (principal: Principal | null): AuditLogEntry["onBehalfOf"] =>
  principal === null ? null : { userId: principal.userId, tenantId: principal.tenantId };

/** Fires the hook of a change. The change stands whatever an observer does, an interrupt thrown by one included. */
async function tell(api: PluginApi, kind: "granted" | "revoked", change: PermissionChange): Promise<void> {
  try {
    await api.call(securityHooks[kind], change);
  } catch (error) {
    api.log.error(`an observer of security.${kind} failed`, { error });
  }
}
