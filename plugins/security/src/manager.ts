import type { AuditLogEntry, AuditTrail } from "./audit.js";
import { type Decision, decide } from "./decide.js";
import type { z } from "zod";
import { type CallCode, callInvalid, grantLimitReached } from "./errors.js";
import type { Grants, ToolPermission } from "./grants.js";
import {
  type AuditQuery,
  auditSchema,
  type AuthorizeInput,
  authorizeSchema,
  type GrantInput,
  grantSchema,
  type PrincipalName,
  principalSchema,
  type RevokeInput,
  revokeSchema,
  type StatsQuery,
  statsSchema,
} from "./input.js";
import type { ToolRules } from "./rules.js";
import { securityStats, type SecurityStats } from "./stats.js";
import type { Subject } from "./subject.js";

/** All permissions of one user or service. */
export interface UserPermissions {
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  /** Oldest first; expired ones are among them until they are revoked or make room. */
  readonly permissions: readonly ToolPermission[];
}

/** A change of permissions, as the hooks `security.granted` and `security.revoked` tell it. */
export interface PermissionChange {
  readonly permission: ToolPermission;
  /** Who did it, as the caller said. */
  readonly by: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly policyVersion: number;
}

/** What a manager works on; the plugin makes it, and shares it with nobody else. */
export interface SecurityParts {
  readonly grants: Grants;
  readonly rules: ToolRules;
  readonly audit: AuditTrail;
  readonly maxGrants: number;
  /** Epoch milliseconds. */
  now(): number;
  /** Told after every change. What it throws is its own affair: the change stands. */
  onChange(kind: "granted" | "revoked", change: PermissionChange): void;
}

const HOUR_MS = 3_600_000;

/**
 * Who may run which tool. Nothing is allowed that is not granted; a change counts from the next call on, in runs under
 * way too.
 */
export class WorkflowSecurityManager {
  readonly #parts: SecurityParts;
  #issued = 0;

  constructor(parts: SecurityParts) {
    this.#parts = parts;
  }

  /** Rises with every grant and revocation; starts at 1. */
  get policyVersion(): number {
    return this.#parts.grants.version;
  }

  /**
   * Lets a user or a service run a tool. An earlier grant for the same principal, tenant and tool is replaced.
   *
   * @throws GraphTapError GRANT_INVALID, GRANT_LIMIT_REACHED
   * @example
   * stack.get(security).grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
   */
  grantToolPermission(input: GrantInput): ToolPermission {
    const { grants } = this.#parts;
    const at = this.#parts.now();
    const { toolName, permissionLevel, expiry, grantedBy, ...name } = read(
      "GRANT_INVALID",
      "grantToolPermission",
      grantSchema(at),
      input,
    );
    const owner = ownerOf(name);
    this.#makeRoom(owner, toolName, at);
    const permission: ToolPermission = Object.freeze({
      id: `g-${++this.#issued}`,
      ...owner,
      toolName,
      permissionLevel,
      expiry: expiry ?? null,
      grantedBy: grantedBy ?? null,
      grantedAt: at,
    });
    grants.put(permission);
    this.#changed("granted", permission, permission.grantedBy, at);
    return permission;
  }

  /**
   * Takes a permission away, from the next call on.
   *
   * @returns false when there was none
   * @throws GraphTapError REVOKE_INVALID
   */
  revokeToolPermission(input: RevokeInput): boolean {
    const { toolName, revokedBy, ...name } = read("REVOKE_INVALID", "revokeToolPermission", revokeSchema, input);
    const removed = this.#parts.grants.remove(ownerOf(name), toolName);
    if (removed === undefined) return false;
    this.#changed("revoked", removed, revokedBy ?? null, this.#parts.now());
    return true;
  }

  /**
   * What one user or service may use. Asking about an unknown name gives an empty list and leaves no trace.
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   */
  getUserPermissions(input: PrincipalName): UserPermissions {
    const owner = ownerOf(read("SECURITY_QUERY_INVALID", "getUserPermissions", principalSchema, input));
    return { ...owner, permissions: this.#parts.grants.of(owner) };
  }

  /**
   * Whether somebody may run a tool, and why. Pure: nothing is counted or logged, so it can be asked to explain or to
   * show what is available. Inside a run the stack asks by itself, with the identity that nobody can forge.
   *
   * @throws GraphTapError AUTHORIZE_INVALID
   * @example
   * const { allowed, reason } = stack.get(security).authorizeToolExecution({ userId: "bob", toolName: "refund" });
   */
  authorizeToolExecution(input: AuthorizeInput): Decision {
    const given = read("AUTHORIZE_INVALID", "authorizeToolExecution", authorizeSchema, input);
    const { toolName, metadata, onBehalfOf, ...name } = given;
    const owner = ownerOf(name);
    const principal =
      onBehalfOf === undefined ? null : { ...onBehalfOf, tenantId: onBehalfOf.tenantId ?? owner.tenantId };
    const subject: Subject = {
      ...owner,
      onBehalfOf: principal === null ? null : { ...ownerOf(principal), onBehalfOf: null },
    };
    const { grants, rules } = this.#parts;
    return decide(grants, { subject, toolName, required: rules.required(toolName, metadata), now: this.#parts.now() });
  }

  /**
   * Entries of the last hours, newest first: denials of every plugin, admitted calls, changes of permissions.
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   * @example
   * for (const e of await stack.get(security).getAuditLog({ userId: "bob", hours: 24 })) console.log(e.tool, e.reason);
   */
  async getAuditLog(query: AuditQuery = {}): Promise<AuditLogEntry[]> {
    const { hours, limit, ...filter } = read("SECURITY_QUERY_INVALID", "getAuditLog", auditSchema, query);
    return this.#parts.audit.read({ ...filter, since: this.#parts.now() - hours * HOUR_MS }, limit);
  }

  /**
   * Counts of the last hours, over what the audit log still holds (`dropped` says what it no longer does).
   *
   * @throws GraphTapError SECURITY_QUERY_INVALID
   */
  getSecurityStats(query: StatsQuery = {}): SecurityStats {
    const { hours, tenantId } = read("SECURITY_QUERY_INVALID", "getSecurityStats", statsSchema, query);
    const { audit, grants } = this.#parts;
    const since = this.#parts.now() - hours * HOUR_MS;
    return securityStats(audit.read({ tenantId, since }, Number.POSITIVE_INFINITY), {
      since,
      dropped: audit.dropped,
      policyVersion: grants.version,
      permissions: grants.size,
      principals: grants.principals,
    });
  }

  /** Expired grants make room first: they allow nothing any more. */
  #makeRoom(owner: Omit<Subject, "onBehalfOf">, toolName: string, at: number): void {
    const { grants, maxGrants } = this.#parts;
    if (grants.size < maxGrants || grants.find(owner, toolName) !== undefined) return;
    grants.purge(at);
    if (grants.size >= maxGrants) throw grantLimitReached(maxGrants);
  }

  #changed(kind: "granted" | "revoked", permission: ToolPermission, by: string | null, at: number): void {
    const { audit, grants, onChange } = this.#parts;
    const { userId, service, tenantId, toolName: tool, permissionLevel } = permission;
    const policyVersion = grants.version;
    audit.record({
      at,
      event: `permission.${kind}`,
      tool,
      userId,
      service,
      tenantId,
      permissionLevel,
      actor: by,
      policyVersion,
    });
    onChange(kind, { permission, by, at, policyVersion });
  }
}

function read<S extends z.ZodType>(code: CallCode, method: string, schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw callInvalid(code, method, parsed.error);
  return parsed.data;
}

function ownerOf(name: {
  readonly userId?: string | undefined;
  readonly service?: string | undefined;
  readonly tenantId?: string | null | undefined;
}): Omit<Subject, "onBehalfOf"> {
  return { userId: name.userId ?? null, service: name.service ?? null, tenantId: name.tenantId ?? null };
}
