import { hash } from "@graphtap/values";
import { Administration, type ChangeParts } from "./administration.js";
import type { SecurityLog, SecurityLogEntry } from "./audit.js";
import { type AllowedTools, explain, listAllowed, type SecurityExplanation } from "./explain.js";
import type { Decision, GateCall, GateParts, ToolGate } from "./gate.js";
import type { ToolPermission } from "./grants.js";
import {
  auditSchema,
  type AuthorizeInput,
  authorizeSchema,
  type ExplainInput,
  explainSchema,
  type LogQuery,
  type PrincipalName,
  principalSchema,
  type RoleName,
  roleSchema,
  type StatsQuery,
  statsSchema,
  type WhoInput,
  whoSchema,
} from "./input.js";
import { holderOf, ownerOf, read, subjectOf } from "./read.js";
import { type ManagerOptions, managerParts } from "./standalone.js";
import { securityStats, type SecurityStats } from "./stats.js";

/** All permissions of one user or service of its own; those of its roles are with the roles. */
export interface UserPermissions {
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  /** Oldest first; expired ones are among them until they are revoked or make room. */
  readonly permissions: readonly ToolPermission[];
}

/** A decision about a call outside of any run, for which room was taken where it was allowed. */
export type ToolAdmission = Decision & {
  /** The call did not happen after all: gives back what was taken. Does nothing for a denied one. */
  release(): void;
};

/** What a manager works on; the plugin makes it, and shares it with nobody else. */
export interface SecurityParts extends ChangeParts {
  readonly gate: ToolGate;
  readonly rules: GateParts["rules"];
  readonly log: SecurityLog;
  isAdmin: GateParts["isAdmin"];
}

const HOUR_MS = 3_600_000;

const isParts = (given: ManagerOptions | SecurityParts | null): given is SecurityParts =>
  typeof given === "object" && given !== null && "gate" in given;

/**
 * Who may run which tool. Nothing is allowed that is not granted; a change counts from the next call on, in runs under
 * way too. A stack has one; one without a stack decides about calls that you make yourself.
 *
 * @example
 * const manager = new WorkflowSecurityManager({ tools: { search: { level: "read" } } });
 * manager.grantToolPermission({ userId: "alice", toolName: "search", permissionLevel: "read" });
 * const admission = manager.admitToolExecution({ userId: "alice", toolName: "search" });
 */
export class WorkflowSecurityManager extends Administration {
  readonly #parts: SecurityParts;

  /** @throws GraphTapError SECURITY_OPTIONS_INVALID */
  constructor(options: ManagerOptions | SecurityParts = {}) {
    const parts = isParts(options) ? options : managerParts(options);
    super(parts);
    this.#parts = parts;
  }

  /**
   * What one user or service may use by its own permissions. Asking about an unknown name gives an empty list and leaves
   * no trace.
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   */
  getUserPermissions(input: PrincipalName): UserPermissions {
    const { userId, service, tenantId } = ownerOf(
      read("SECURITY_QUERY_INVALID", "getUserPermissions", principalSchema, input),
    );
    const owner = { userId, service, tenantId };
    return { ...owner, permissions: this.#parts.grants.of(owner) };
  }

  /**
   * What everybody with a role may use: granted to it in one tenant, to those without one, or in every tenant.
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   */
  getRolePermissions(input: RoleName): readonly ToolPermission[] {
    return this.#parts.grants.of(holderOf(read("SECURITY_QUERY_INVALID", "getRolePermissions", roleSchema, input)));
  }

  /**
   * Whether somebody may run a tool now, and why. Pure: nothing is counted or logged, so it can be asked to explain or
   * to show what is available; `rate` says what is left. Inside a run the stack asks by itself, with the identity that
   * nobody can forge.
   *
   * @throws GraphTapError AUTHORIZE_INVALID
   * @example
   * const { allowed, reason } = stack.get(security).authorizeToolExecution({ userId: "bob", toolName: "refund" });
   */
  authorizeToolExecution(input: AuthorizeInput): Decision {
    return this.#parts.gate.decide(this.#call("authorizeToolExecution", input));
  }

  /**
   * Decides, takes room under the limits and writes the log: for tools that are run by hand, outside of any graph. A
   * tool of the stack does this by itself. Enforced in shadow mode too.
   *
   * @throws GraphTapError AUTHORIZE_INVALID
   * @example
   * const admission = stack.get(security).admitToolExecution({ userId: "bob", toolName: "refund" });
   * if (admission.allowed) await payBack();
   */
  admitToolExecution(input: AuthorizeInput): ToolAdmission {
    const call = this.#call("admitToolExecution", input);
    const { gate, log } = this.#parts;
    const decision = gate.decide(call);
    const taken = gate.admit(call, null, undefined, decision.evaluatedAt);
    const { userId = null, service = null, tenantId = null, onBehalfOf = null } = call.subject ?? {};
    log.append({
      event: taken.allowed ? "tool.allowed" : "tool.denied",
      class: taken.allowed ? "access" : "denial",
      decision: taken.allowed ? "allowed" : "denied",
      userId,
      service,
      tenantId,
      onBehalfOf: onBehalfOf === null ? null : { userId: onBehalfOf.userId, tenantId: onBehalfOf.tenantId },
      runId: input.workflowId ?? null,
      workflow: input.workflowType ?? null,
      tool: call.toolName,
      method: decision.method,
      argsHash: digestOf(input.parameters),
      code: taken.allowed ? null : taken.code,
      reason: taken.allowed ? null : taken.reason,
      plugin: "security",
      policyVersion: this.policyVersion,
    });
    if (!taken.allowed) return { ...taken, release: () => undefined };
    return { ...(decision as Extract<Decision, { allowed: true }>), rate: taken.rate, release: taken.release };
  }

  /**
   * The decision with every grant, switch and limit that bears on it, and what would change it. Counts nothing.
   *
   * @throws GraphTapError AUTHORIZE_INVALID
   * @example
   * console.log(stack.get(security).explain({ userId: "bob", toolName: "refund", method: "create" }).text);
   */
  explain(input: ExplainInput): SecurityExplanation {
    const { at, ...question } = read("AUTHORIZE_INVALID", "explain", explainSchema, input);
    return explain(this.#parts, this.#parts.gate, callOf(question), at);
  }

  /**
   * The tools that somebody may use now.
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   * @example
   * const { tools } = stack.get(security).listAllowed({ userId: "bob", roles: ["support"] });
   */
  listAllowed(input: WhoInput): AllowedTools {
    const who = read("SECURITY_QUERY_INVALID", "listAllowed", whoSchema, input);
    return listAllowed(this.#parts, this.#parts.gate, subjectOf(who));
  }

  /**
   * Entries of the last hours, newest first: denials of every plugin, admitted calls, changes of permissions. From the
   * audit plugin where it is installed.
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   * @example
   * for (const e of await stack.get(security).getAuditLog({ userId: "bob", hours: 24 })) console.log(e.tool, e.reason);
   */
  async getAuditLog(query: LogQuery = {}): Promise<readonly SecurityLogEntry[]> {
    const { hours, limit, ...filter } = read("SECURITY_QUERY_INVALID", "getAuditLog", auditSchema, query);
    return this.#parts.log.read({ ...filter, since: this.#parts.now() - hours * HOUR_MS }, limit);
  }

  /**
   * Counts of the last hours, over what the audit log still holds (`dropped` says what it no longer does).
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   */
  getSecurityStats(query: StatsQuery = {}): SecurityStats {
    const { hours, tenantId } = read("SECURITY_QUERY_INVALID", "getSecurityStats", statsSchema, query);
    const { log, grants } = this.#parts;
    const since = this.#parts.now() - hours * HOUR_MS;
    return securityStats(log.read({ tenantId, since }, MOST_COUNTED), {
      since,
      dropped: log.dropped,
      policyVersion: grants.version,
      permissions: grants.size,
      principals: grants.principals,
    });
  }

  #call(method: string, input: AuthorizeInput): GateCall {
    return callOf(read("AUTHORIZE_INVALID", method, authorizeSchema, input));
  }
}

/** More than any log of ours holds in memory. */
const MOST_COUNTED = 3_000_000;

/** As the stack's own calls have it; null without arguments, and where they are no plain data. */
function digestOf(parameters: unknown): string | null {
  if (parameters === undefined) return null;
  try {
    return hash(parameters);
  } catch {
    return null;
  }
}

const callOf = (question: Parameters<typeof subjectOf>[0] & Omit<AuthorizeInput, keyof WhoInput>): GateCall => ({
  subject: subjectOf(question),
  toolName: question.toolName,
  metadata: question.metadata,
  args: question.parameters,
  method: question.method === null ? null : question.method,
});
