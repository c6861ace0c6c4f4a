import type { PermissionLevel } from "./levels.js";
import { nameOf, type Subject } from "./subject.js";

/** One permission of one user or service for one tool. Frozen. */
export interface ToolPermission {
  /** `g-1`, `g-2`, ...: unique in its manager. */
  readonly id: string;
  readonly userId: string | null;
  readonly service: string | null;
  /** Null: for principals without a tenant, and for no others. */
  readonly tenantId: string | null;
  readonly toolName: string;
  readonly permissionLevel: PermissionLevel;
  /** Epoch milliseconds from which it allows nothing any more; null never. */
  readonly expiry: number | null;
  /** Who granted it, as the caller said. */
  readonly grantedBy: string | null;
  /** Epoch milliseconds. */
  readonly grantedAt: number;
}

type Owner = Omit<Subject, "onBehalfOf">;
type Tools = Map<string, ToolPermission>;
interface Tenant {
  readonly user: Map<string, Tools>;
  readonly service: Map<string, Tools>;
}

/**
 * Grants by tenant, then principal, then tool: three look-ups decide, however many grants there are. Only `put` makes
 * entries, so that asking about unknown names costs no memory.
 */
export class Grants {
  readonly #tenants = new Map<string | null, Tenant>();
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

  find(owner: Owner, toolName: string): ToolPermission | undefined {
    return this.#tools(owner)?.get(toolName);
  }

  /** All of one principal, in the order of their grants. */
  of(owner: Owner): readonly ToolPermission[] {
    return [...(this.#tools(owner)?.values() ?? [])];
  }

  /** Adds a grant, or replaces the one for the same principal and tool. */
  put(grant: ToolPermission): void {
    const name = nameOf(grant);
    if (name === null) throw new TypeError("a grant belongs to exactly one user or service");
    let tenant = this.#tenants.get(grant.tenantId);
    if (tenant === undefined) this.#tenants.set(grant.tenantId, (tenant = { user: new Map(), service: new Map() }));
    let tools = tenant[name.kind].get(name.id);
    if (tools === undefined) tenant[name.kind].set(name.id, (tools = new Map()));
    if (!tools.delete(grant.toolName)) this.#size++;
    tools.set(grant.toolName, grant);
    this.#version++;
  }

  /** Removes a grant and what it leaves empty; undefined when there was none. */
  remove(owner: Owner, toolName: string): ToolPermission | undefined {
    const grant = this.find(owner, toolName);
    if (grant === undefined) return undefined;
    this.#drop(grant);
    this.#version++;
    return grant;
  }

  /** Forgets grants that have expired by `now`. They allowed nothing any more, so the version stays. */
  purge(now: number): number {
    const before = this.#size;
    for (const tenant of this.#tenants.values())
      for (const principals of [tenant.user, tenant.service])
        for (const tools of principals.values())
          for (const grant of tools.values()) if (grant.expiry !== null && grant.expiry <= now) this.#drop(grant);
    return before - this.#size;
  }

  #tools(owner: Owner): Tools | undefined {
    // Every tool call comes here, so this spares the object that nameOf would make.
    const { userId, service, tenantId } = owner;
    const tenant = this.#tenants.get(tenantId);
    if (userId !== null) return service === null ? tenant?.user.get(userId) : undefined;
    return service === null ? undefined : tenant?.service.get(service);
  }

  #drop(grant: ToolPermission): void {
    const name = nameOf(grant);
    const tenant = this.#tenants.get(grant.tenantId);
    if (name === null || tenant === undefined) return;
    const tools = tenant[name.kind].get(name.id);
    if (tools?.delete(grant.toolName) === true) this.#size--;
    if (tools?.size === 0) tenant[name.kind].delete(name.id);
    if (tenant.user.size === 0 && tenant.service.size === 0) this.#tenants.delete(grant.tenantId);
  }
}
