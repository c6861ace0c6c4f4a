import type { SecurityLog } from "./audit.js";
import { grantLimitReached } from "./errors.js";
import { type Grants, permissionOf, type ToolPermission } from "./grants.js";
import {
  type GrantInput,
  grantSchema,
  type KillNote,
  killNoteSchema,
  type RevokeInput,
  revokeSchema,
} from "./input.js";
import { type Kill, type KillSwitch, killTarget, type KillTarget } from "./kill.js";
import type { RateWindow } from "./rate.js";
import { holderOf, read } from "./read.js";
import { Shared } from "./shared.js";
import type { Holder } from "./subject.js";

/** A change of permissions, as the hooks `security.granted` and `security.revoked` tell it. */
export interface PermissionChange {
  readonly permission: ToolPermission;
  /** Who did it, as the caller said. */
  readonly by: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly policyVersion: number;
}

/** A switch that was set or lifted, as the hook `security.killed` tells it. */
export interface KillChange {
  readonly target: KillTarget;
  /** False: it was lifted. */
  readonly killed: boolean;
  readonly by: string | null;
  readonly reason: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What changes work on. */
export interface ChangeParts {
  readonly grants: Grants;
  readonly kills: KillSwitch;
  readonly log: SecurityLog;
  readonly maxGrants: number;
  /** Epoch milliseconds. */
  now(): number;
  /** Told after every change. What it throws is its own affair: the change stands. */
  onChange(kind: "granted" | "revoked", change: PermissionChange): void;
  onKill(change: KillChange): void;
}

const NO_WINDOWS: readonly RateWindow[] = Object.freeze([]);

/** Everything that changes who may run what. Each change is logged, and counts from the next call on. */
export class Administration {
  readonly #parts: ChangeParts;
  readonly #schema: ReturnType<typeof grantSchema>;
  readonly #shared = new Shared();
  #issued = 0;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
    this.#schema = grantSchema(() => parts.now());
  }

  /** Rises with every grant and revocation; starts at 1. */
  get policyVersion(): number {
    return this.#parts.grants.version;
  }

  /**
   * Lets a user, a service or everybody with a role run a tool. An earlier grant for the same holder, tenant and tool is
   * replaced; the calls it counted still count.
   *
   * @throws GraphTapError GRANT_INVALID, GRANT_LIMIT_REACHED
   * @example
   * stack.get(security).grantToolPermission({
   *   userId: "alice", toolName: "file_manager", permissionLevel: "read",
   *   allowedMethods: ["read", "list"], rateLimit: 10, expiry: Date.now() + 7 * 86_400_000,
   * });
   */
  grantToolPermission(input: GrantInput): ToolPermission {
    const at = this.#parts.now();
    const { toolName, permissionLevel, ...given } = read("GRANT_INVALID", "grantToolPermission", this.#schema, input);
    const holder = holderOf(given);
    this.#makeRoom(holder, toolName, at);
    const permission = permissionOf({
      id: `g-${++this.#issued}`,
      ...holder,
      toolName: this.#shared.of(toolName),
      permissionLevel,
      allowedMethods: given.allowedMethods === undefined ? null : this.#shared.of(given.allowedMethods),
      rateLimit: this.#shared.of(given.rateLimit ?? NO_WINDOWS),
      notBefore: given.notBefore ?? null,
      expiry: given.expiry ?? null,
      grantedBy: given.grantedBy ?? null,
      grantedAt: at,
    });
    this.#parts.grants.put(permission);
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
    const removed = this.#parts.grants.remove(holderOf(name), toolName);
    if (removed === undefined) return false;
    this.#changed("revoked", removed, revokedBy ?? null, this.#parts.now());
    return true;
  }

  /** What is switched off, oldest first. */
  get kills(): readonly Kill[] {
    return this.#parts.kills.active;
  }

  /**
   * Switches everything off, or one tool, tenant, user or service: from the next tool call on, in runs under way too,
   * and no new run of theirs begins. For administrators as well, and in shadow mode.
   *
   * @throws GraphTapError KILL_INVALID, KILL_LIMIT_REACHED
   * @example
   * stack.get(security).kill("tool:refund", { by: "on-call", reason: "incident 12" });
   */
  kill(target: KillTarget = "all", note: KillNote = {}): void {
    const name = killTarget(target);
    const { by = null, reason = null } = read("KILL_INVALID", "kill", killNoteSchema, note);
    const at = this.#parts.now();
    this.#parts.kills.set({ target: name, by, reason, at, source: "call" });
    this.#switched({ target: name, killed: true, by, reason, at });
  }

  /**
   * Lets what `kill` switched off run again, as far as permissions allow. What the environment switched off stays off.
   *
   * @returns false when nothing changed
   * @throws GraphTapError KILL_INVALID
   */
  lift(target: KillTarget = "all", note: KillNote = {}): boolean {
    const name = killTarget(target);
    const { by = null, reason = null } = read("KILL_INVALID", "lift", killNoteSchema, note);
    if (!this.#parts.kills.lift(name)) return false;
    this.#switched({ target: name, killed: false, by, reason, at: this.#parts.now() });
    return true;
  }

  /** Expired grants make room first: they allow nothing any more. */
  #makeRoom(holder: Holder, toolName: string, at: number): void {
    const { grants, maxGrants } = this.#parts;
    if (grants.size < maxGrants || grants.exact(holder, toolName) !== undefined) return;
    grants.purge(at);
    if (grants.size >= maxGrants) throw grantLimitReached(maxGrants);
  }

  #changed(kind: "granted" | "revoked", permission: ToolPermission, by: string | null, at: number): void {
    const { log, grants, onChange } = this.#parts;
    const { userId, service, tenantId, toolName, permissionLevel, allowedMethods, rateLimit } = permission;
    const policyVersion = grants.version;
    log.append({
      event: `permission.${kind}`,
      class: "change",
      decision: kind,
      actor: by,
      userId,
      service,
      tenantId,
      tool: toolName,
      policyVersion,
      details: {
        grant: permission.id,
        role: permission.role,
        anyTenant: permission.anyTenant,
        permissionLevel,
        allowedMethods: allowedMethods === null ? null : JSON.stringify(allowedMethods),
        rateLimit: rateLimit.length === 0 ? null : JSON.stringify(rateLimit),
        notBefore: permission.notBefore,
        expiry: permission.expiry,
      },
    });
    onChange(kind, { permission, by, at, policyVersion });
  }

  #switched(change: KillChange): void {
    const { target, killed, by, reason } = change;
    this.#parts.log.append({
      event: killed ? "kill.set" : "kill.lifted",
      class: "change",
      actor: by,
      reason,
      details: { target },
    });
    this.#parts.onKill(change);
  }
}
