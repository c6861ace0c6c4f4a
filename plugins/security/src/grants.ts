import type { PermissionLevel } from "./levels.js";
import type { RateWindow } from "./rate.js";
import { type Holder, nameOf, type PrincipalRef, type Subject } from "./subject.js";

/** One permission of one user, service or role for one tool. Frozen. */
export interface ToolPermission extends Holder {
  /** `g-1`, `g-2`, ...: unique in its manager. */
  readonly id: string;
  readonly userId: string | null;
  readonly service: string | null;
  /** Everybody whose identity carries this role. */
  readonly role: string | null;
  /** Null: for principals without a tenant, and for no others. */
  readonly tenantId: string | null;
  /** A role of every tenant, and of those without one. */
  readonly anyTenant: boolean;
  readonly toolName: string;
  readonly permissionLevel: PermissionLevel;
  /** Methods it covers; null all, empty none. */
  readonly allowedMethods: readonly string[] | null;
  /** All hold at once; empty: no limit of its own. */
  readonly rateLimit: readonly RateWindow[];
  /** Epoch milliseconds before which it allows nothing; null from the start. */
  readonly notBefore: number | null;
  /** Epoch milliseconds from which it allows nothing any more; null never. */
  readonly expiry: number | null;
  /** Who granted it, as the caller said. */
  readonly grantedBy: string | null;
  /** Epoch milliseconds. */
  readonly grantedAt: number;
}

/**
 * A permission, frozen. What every decision reads comes first, so that it lies together: among a hundred thousand grants
 * a decision spends its time on fetching memory. And field by field, for what a spread makes is kept in two places.
 */
export const permissionOf = (given: ToolPermission): ToolPermission =>
  Object.freeze({
    permissionLevel: given.permissionLevel,
    allowedMethods: given.allowedMethods,
    notBefore: given.notBefore,
    expiry: given.expiry,
    id: given.id,
    userId: given.userId,
    service: given.service,
    role: given.role,
    tenantId: given.tenantId,
    anyTenant: given.anyTenant,
    toolName: given.toolName,
    rateLimit: given.rateLimit,
    grantedBy: given.grantedBy,
    grantedAt: given.grantedAt,
  });

type Tools = Map<string, ToolPermission>;
interface Tenant {
  readonly user: Map<string, Tools>;
  readonly service: Map<string, Tools>;
  readonly role: Map<string, Tools>;
}

const ANY = Symbol("any tenant");
const NO_GRANTS: readonly ToolPermission[] = Object.freeze([]);

/**
 * Grants by tenant, then holder, then tool: three look-ups decide, however many grants there are. Only `put` makes
 * entries, so that asking about unknown names costs no memory.
 */
export class Grants {
  readonly #tenants = new Map<string | null | typeof ANY, Tenant>();
  #size = 0;
  #version = 1;

  get size(): number {
    return this.#size;
  }
  /** Users and services that hold at least one grant. */
  get principals(): number {
    let count = 0;
    for (const { user, service } of this.#tenants.values()) count += user.size + service.size;
    return count;
  }
  /** Rises with every change; starts at 1. */
  get version(): number {
    return this.#version;
  }

  /** A principal's own grant. */
  find({ userId, service, tenantId }: PrincipalRef, toolName: string): ToolPermission | undefined {
    const tenant = this.#tenants.get(tenantId);
    if (userId !== null) return service === null ? tenant?.user.get(userId)?.get(toolName) : undefined;
    return service === null ? undefined : tenant?.service.get(service)?.get(toolName);
  }

  /** A role's grants: the one in this tenant, then the one in all. */
  ofRole(role: string, tenantId: string | null, toolName: string): readonly ToolPermission[] {
    const here = this.#tenants.get(tenantId)?.role.get(role)?.get(toolName);
    const anywhere = this.#tenants.get(ANY)?.role.get(role)?.get(toolName);
    if (here === undefined) return anywhere === undefined ? NO_GRANTS : [anywhere];
    return anywhere === undefined ? [here] : [here, anywhere];
  }

  /** All of one holder, in the order of their grants. */
  of(holder: Partial<Holder> & PrincipalRef): readonly ToolPermission[] {
    return [...(this.#tools(holder)?.values() ?? [])];
  }

  /** Tools of which this principal, or a role it has, holds a grant. */
  toolsOf(subject: Subject): ReadonlySet<string> {
    const { tenantId, roles = [] } = subject;
    const nobody = { userId: null, service: null };
    const holders = [
      subject,
      ...roles.flatMap((role) => [
        { ...nobody, role, tenantId },
        { ...nobody, role, tenantId: null, anyTenant: true },
      ]),
    ];
    return new Set(holders.flatMap((holder) => [...(this.#tools(holder)?.keys() ?? [])]));
  }

  /** Everything that was granted. */
  *all(): Generator<ToolPermission> {
    for (const { user, service, role } of this.#tenants.values())
      for (const holders of [user, service, role]) for (const tools of holders.values()) yield* tools.values();
  }

  /** The grant for this holder and tool. */
  exact(holder: Partial<Holder> & PrincipalRef, toolName: string): ToolPermission | undefined {
    return this.#tools(holder)?.get(toolName);
  }

  /** Adds a grant, or replaces the one for the same holder and tool. */
  put(grant: ToolPermission): void {
    const name = nameOf(grant);
    if (name === null) throw new TypeError("a grant belongs to exactly one user, service or role");
    const place = placeOf(grant);
    let tenant = this.#tenants.get(place);
    if (tenant === undefined)
      this.#tenants.set(place, (tenant = { user: new Map(), service: new Map(), role: new Map() }));
    let tools = tenant[name.kind].get(name.id);
    if (tools === undefined) tenant[name.kind].set(name.id, (tools = new Map()));
    if (!tools.delete(grant.toolName)) this.#size++;
    tools.set(grant.toolName, grant);
    this.#version++;
  }

  /** Removes a grant and what it leaves empty; undefined when there was none. */
  remove(holder: Partial<Holder> & PrincipalRef, toolName: string): ToolPermission | undefined {
    const grant = this.exact(holder, toolName);
    if (grant === undefined) return undefined;
    this.#drop(grant);
    this.#version++;
    return grant;
  }

  /** Forgets grants that have expired by `now`. They allowed nothing any more, so the version stays. */
  purge(now: number): number {
    const before = this.#size;
    for (const grant of this.all()) if (grant.expiry !== null && grant.expiry <= now) this.#drop(grant);
    return before - this.#size;
  }

  #tools(holder: Partial<Holder> & PrincipalRef): Tools | undefined {
    const name = nameOf({ userId: holder.userId, service: holder.service, role: holder.role ?? null });
    return name === null ? undefined : this.#tenants.get(placeOf(holder))?.[name.kind].get(name.id);
  }

  #drop(grant: ToolPermission): void {
    const name = nameOf(grant);
    const place = placeOf(grant);
    const tenant = this.#tenants.get(place);
    if (name === null || tenant === undefined) return;
    const tools = tenant[name.kind].get(name.id);
    if (tools?.delete(grant.toolName) === true) this.#size--;
    if (tools?.size === 0) tenant[name.kind].delete(name.id);
    if (tenant.user.size === 0 && tenant.service.size === 0 && tenant.role.size === 0) this.#tenants.delete(place);
  }
}

const placeOf = ({ anyTenant, tenantId }: Partial<Holder> & PrincipalRef): string | null | typeof ANY =>
  anyTenant === true ? ANY : tenantId;
