import { GraphTapError } from "@graphtap/kernel";
import { describe, expect, it } from "vitest";
import { errorCatalog } from "./errors.js";
import type { PermissionChange } from "./administration.js";
import { parts } from "./fixtures/parts.js";
import type { WorkflowSecurityManager } from "./manager.js";
import { ToolRules } from "./rules.js";

function make(options: { maxGrants?: number; rules?: ToolRules } = {}) {
  const changes: [string, PermissionChange][] = [];
  const start = Date.parse("2026-01-01T00:00:00Z");
  return { ...parts({ ...options, start, onChange: (kind, change) => void changes.push([kind, change]) }), changes };
}
const caught = (fn: () => unknown): GraphTapError => {
  try {
    fn();
  } catch (error) {
    if (GraphTapError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};
const allowed = (manager: WorkflowSecurityManager, userId: string): boolean =>
  manager.authorizeToolExecution({ userId, toolName: "refund" }).allowed;

describe("WorkflowSecurityManager", () => {
  it("grants, replaces and revokes, tells of each change once, and counts the version", async () => {
    const { manager, changes } = make();
    const write = manager.grantToolPermission({
      userId: "alice",
      toolName: "refund",
      permissionLevel: "write",
      grantedBy: "root",
    });
    expect(write).toEqual({
      id: "g-1",
      userId: "alice",
      service: null,
      role: null,
      tenantId: null,
      anyTenant: false,
      toolName: "refund",
      permissionLevel: "write",
      allowedMethods: null,
      rateLimit: [],
      notBefore: null,
      expiry: null,
      grantedBy: "root",
      grantedAt: Date.parse("2026-01-01T00:00:00Z"),
    });
    expect(Object.isFrozen(write)).toBe(true);
    expect(allowed(manager, "alice")).toBe(true);
    manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "read" });
    expect(allowed(manager, "alice")).toBe(false);
    expect(manager.revokeToolPermission({ userId: "alice", toolName: "refund", revokedBy: "root" })).toBe(true);
    expect(manager.revokeToolPermission({ userId: "alice", toolName: "refund" })).toBe(false);
    expect(manager.policyVersion).toBe(4);
    expect(changes.map(([kind, change]) => [kind, change.permission.id, change.by, change.policyVersion])).toEqual([
      ["granted", "g-1", "root", 2],
      ["granted", "g-2", null, 3],
      ["revoked", "g-2", "root", 4],
    ]);
    const log = await manager.getAuditLog({ userId: "alice" });
    expect(
      log.map((e) => [e.event, e.decision, e.tool, e.details?.["permissionLevel"], e.actor, e.policyVersion]),
    ).toEqual([
      ["permission.revoked", "revoked", "refund", "read", "root", 4],
      ["permission.granted", "granted", "refund", "read", null, 3],
      ["permission.granted", "granted", "refund", "write", "root", 2],
    ]);
  });

  it("keeps a grant until it expires, given as a Date or in milliseconds", () => {
    const { manager, advance, now } = make();
    manager.grantToolPermission({
      userId: "alice",
      toolName: "refund",
      permissionLevel: "write",
      expiry: new Date(now() + 1_000),
    });
    manager.grantToolPermission({ userId: "bob", toolName: "refund", permissionLevel: "write", expiry: now() + 2_000 });
    advance(999);
    expect([allowed(manager, "alice"), allowed(manager, "bob")]).toEqual([true, true]);
    advance(1);
    expect([allowed(manager, "alice"), allowed(manager, "bob")]).toEqual([false, true]);
    advance(1_000);
    expect(allowed(manager, "bob")).toBe(false);
  });

  it("admits by the permission of one moment, however long it takes to tell the method", async () => {
    let advance = (_ms: number): void => undefined;
    const slow = new ToolRules(new Map([["refund", { method: () => (advance(1), "create") }]]));
    const made = make({ rules: slow });
    ({ advance } = made);
    const { manager, now } = made;
    manager.grantToolPermission({
      userId: "alice",
      toolName: "refund",
      permissionLevel: "write",
      notBefore: now() + 2,
    });
    const { allowed: may } = manager.admitToolExecution({ userId: "alice", toolName: "refund" });
    const [entry] = await manager.getAuditLog({ userId: "alice", tool: "refund", limit: 1 });
    expect([may, entry?.decision]).toEqual([false, "denied"]);
  });

  it("does not remember who was asked about", () => {
    const { manager } = make();
    for (let i = 0; i < 1_000; i++) {
      allowed(manager, `user-${i}`);
      expect(manager.getUserPermissions({ userId: `user-${i}` }).permissions).toEqual([]);
    }
    expect(manager.policyVersion).toBe(1);
    expect(manager.getSecurityStats()).toMatchObject({ totalEvents: 0, permissions: 0, principals: 0 });
  });

  it("refuses to drop a right: expired grants make room, others do not", () => {
    const { manager, advance, now } = make({ maxGrants: 2 });
    const give = (userId: string, expiry?: number) =>
      manager.grantToolPermission({
        userId,
        toolName: "refund",
        permissionLevel: "write",
        ...(expiry === undefined ? {} : { expiry }),
      });
    give("a");
    give("b", now() + 10);
    expect(caught(() => give("c")).code).toBe("GRANT_LIMIT_REACHED");
    expect(allowed(manager, "c")).toBe(false);
    give("a");
    advance(10);
    give("c");
    expect([allowed(manager, "a"), allowed(manager, "b"), allowed(manager, "c")]).toEqual([true, false, true]);
    expect(caught(() => give("d")).message).toContain("2 permissions are in force");
  });

  it("judges by declared levels, and for a service by both it and its user", () => {
    const { manager } = make({ rules: new ToolRules(new Map([["search", { level: "read" as const }]])) });
    manager.grantToolPermission({ service: "nightly", tenantId: "acme", toolName: "search", permissionLevel: "admin" });
    manager.grantToolPermission({ userId: "alice", tenantId: "acme", toolName: "search", permissionLevel: "read" });
    const ask = (onBehalfOf: { userId: string; tenantId?: string | undefined }) =>
      manager.authorizeToolExecution({ service: "nightly", tenantId: "acme", toolName: "search", onBehalfOf });
    expect(ask({ userId: "alice" })).toMatchObject({ allowed: true, requiredLevel: "read", grantIds: ["g-1", "g-2"] });
    // As a run judges it: a tenant that is there and undefined is the service's too.
    expect(ask({ userId: "alice", tenantId: undefined }).allowed).toBe(true);
    expect(ask({ userId: "alice", tenantId: "globex" }).allowed).toBe(false);
    expect(ask({ userId: "bob" }).allowed).toBe(false);
    const own = manager.authorizeToolExecution({
      userId: "alice",
      tenantId: "acme",
      toolName: "other",
      metadata: { permissionLevel: "read" },
    });
    expect(own).toMatchObject({ allowed: false, requiredLevel: "read", cause: "no-grant" });
  });

  it("reads the log of the last hours, newest first, and counts it", async () => {
    const { manager, advance } = make();
    manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
    advance(2 * 3_600_000);
    manager.grantToolPermission({ userId: "alice", tenantId: "acme", toolName: "refund", permissionLevel: "write" });
    expect(await manager.getAuditLog({ hours: 1 })).toHaveLength(1);
    expect((await manager.getAuditLog()).map(({ tenantId }) => tenantId)).toEqual(["acme", null]);
    expect(await manager.getAuditLog({ limit: 1, hours: 24 })).toHaveLength(1);
    expect(manager.getSecurityStats()).toMatchObject({ granted: 2, deniedAttempts: 0, policyVersion: 3 });
    expect(manager.getSecurityStats({ tenantId: "acme" }).granted).toBe(1);
    expect(manager.getSecurityStats({ hours: 1 }).granted).toBe(1);
  });

  const grants: [string, unknown, string][] = [
    ["nothing", undefined, "argument"],
    ["nobody", { toolName: "t", permissionLevel: "read" }, "give exactly one of userId, service and role"],
    ["two principals", { userId: "a", service: "b", toolName: "t", permissionLevel: "read" }, "give exactly one"],
    ["an empty user", { userId: "", toolName: "t", permissionLevel: "read" }, "userId"],
    ["an empty tenant", { userId: "a", tenantId: "", toolName: "t", permissionLevel: "read" }, "tenantId"],
    ["a pattern", { userId: "a", toolName: "*", permissionLevel: "read" }, "patterns are not supported"],
    ["an unknown level", { userId: "a", toolName: "t", permissionLevel: "root" }, "permissionLevel"],
    ["an inherited level", { userId: "a", toolName: "t", permissionLevel: "constructor" }, "permissionLevel"],
    ["an unknown key", { userId: "a", toolName: "t", permissionLevel: "read", rateLimits: 5 }, "rateLimits"],
    [
      "seconds for milliseconds",
      { userId: "a", toolName: "t", permissionLevel: "read", expiry: 1_767_225_600 },
      "not seconds",
    ],
    [
      "an expiry that is no number",
      { userId: "a", toolName: "t", permissionLevel: "read", expiry: Number.NaN },
      "expiry",
    ],
    ["an expiry without end", { userId: "a", toolName: "t", permissionLevel: "read", expiry: Infinity }, "expiry"],
    ["an invalid date", { userId: "a", toolName: "t", permissionLevel: "read", expiry: new Date("no") }, "expiry"],
    ["a date as text", { userId: "a", toolName: "t", permissionLevel: "read", expiry: "2030-01-01" }, "expiry"],
  ];
  it.each(grants)("refuses to grant %s", (_name, input, why) => {
    const { manager, changes } = make();
    const error = caught(() => manager.grantToolPermission(input as never));
    expect([error.code, error.plugin]).toEqual(["GRANT_INVALID", "security"]);
    expect(error.message).toContain(why);
    expect(manager.policyVersion).toBe(1);
    expect(changes).toEqual([]);
  });

  it("grants to roles, in a tenant or in all, lists what they hold, and takes it away", () => {
    const { manager } = make();
    const give = (where: object) =>
      manager.grantToolPermission({ role: "support", ...where, toolName: "refund", permissionLevel: "write" } as never);
    const ids = (where: object) =>
      manager.getRolePermissions({ role: "support", ...where }).map(({ id, anyTenant }) => [id, anyTenant]);
    give({});
    give({ tenantId: "acme" });
    give({ anyTenant: true });
    expect([ids({}), ids({ tenantId: "acme" }), ids({ anyTenant: true }), ids({ tenantId: "globex" })]).toEqual([
      [["g-1", false]],
      [["g-2", false]],
      [["g-3", true]],
      [],
    ]);
    const ask = (tenantId?: string) =>
      manager.authorizeToolExecution({
        userId: "u",
        roles: ["support"],
        toolName: "refund",
        ...(tenantId === undefined ? {} : { tenantId }),
      }).grantIds[0];
    expect([ask(), ask("acme"), ask("globex")]).toEqual(["g-1", "g-2", "g-3"]);
    expect(manager.revokeToolPermission({ role: "support", anyTenant: true, toolName: "refund" })).toBe(true);
    expect([ask(), ask("acme"), ask("globex")]).toEqual(["g-1", "g-2", undefined]);
    for (const odd of [
      { userId: "u", anyTenant: true },
      { role: "r", tenantId: "t", anyTenant: true },
      { role: "r", userId: "u" },
      { role: "" },
    ])
      expect(
        caught(() => manager.grantToolPermission({ ...odd, toolName: "t", permissionLevel: "read" } as never)).code,
      ).toBe("GRANT_INVALID");
    expect(caught(() => manager.getRolePermissions({} as never)).code).toBe("SECURITY_QUERY_INVALID");
  });

  it("refuses limits, methods and times that cannot be meant", () => {
    const { manager, now } = make();
    const give = (terms: object) => () =>
      manager.grantToolPermission({ userId: "a", toolName: "t", permissionLevel: "read", ...terms } as never);
    const odd: [object, string][] = [
      [{ rateLimit: -1 }, "rateLimit"],
      [{ rateLimit: 1.5 }, "rateLimit"],
      [{ rateLimit: Number.NaN }, "rateLimit"],
      [{ rateLimit: "10" }, "rateLimit"],
      [{ rateLimit: [] }, "rateLimit"],
      [{ rateLimit: { limit: 1, windowMs: 0 } }, "rateLimit"],
      [{ rateLimit: { limit: 1, perHour: true } }, "rateLimit"],
      [{ rateLimit: { limit: 1, windowMs: 32 * 86_400_000 } }, "rateLimit"],
      [{ allowedMethods: "read" }, "allowedMethods"],
      [{ allowedMethods: [""] }, "allowedMethods"],
      [{ allowedMethods: [7] }, "allowedMethods"],
      [{ notBefore: now() + 10, expiry: now() + 10 }, "notBefore"],
      [{ notBefore: "tomorrow" }, "notBefore"],
    ];
    for (const [terms, where] of odd) {
      const error = caught(give(terms));
      expect([error.code, error.message.includes(where)], JSON.stringify(terms)).toEqual(["GRANT_INVALID", true]);
    }
    expect(
      give({ rateLimit: [{ limit: 1 }, { limit: 0, windowMs: 5 }], allowedMethods: new Set(["b", "a"]) })(),
    ).toMatchObject({
      rateLimit: [
        { limit: 1, windowMs: 3_600_000 },
        { limit: 0, windowMs: 5 },
      ],
      allowedMethods: ["b", "a"],
    });
  });

  it("refuses other calls that are wrong, and names no value in the error", async () => {
    const { manager } = make();
    const secret = "s3cret-value";
    const errors = [
      caught(() => manager.revokeToolPermission({ toolName: "t" } as never)),
      caught(() => manager.revokeToolPermission({ userId: "a", toolName: "t", [secret.slice(0, 1)]: secret } as never)),
      caught(() => manager.authorizeToolExecution({ userId: "a" } as never)),
      caught(() => manager.authorizeToolExecution({ userId: "a", toolName: "t", methods: secret } as never)),
      caught(() => manager.getUserPermissions({ userId: "" })),
      caught(() => manager.getSecurityStats({ hours: 0 })),
    ];
    const codes = [
      "REVOKE_INVALID",
      "REVOKE_INVALID",
      "AUTHORIZE_INVALID",
      "AUTHORIZE_INVALID",
      "SECURITY_QUERY_INVALID",
      "SECURITY_QUERY_INVALID",
    ];
    expect(errors.map(({ code }) => code)).toEqual(codes);
    for (const error of errors) expect(error.message).not.toContain(secret);
    for (const query of [
      { userId: "" },
      { hours: -1 },
      { hours: Number.NaN },
      { limit: 0 },
      { decision: "maybe" },
      { user: "a" },
    ])
      await expect(manager.getAuditLog(query as never)).rejects.toMatchObject({ code: "SECURITY_QUERY_INVALID" });
    for (const code of new Set(codes)) expect(Object.keys(errorCatalog)).toContain(code);
  });

  it("takes __proto__ and constructor for names like any other", () => {
    const { manager } = make();
    const poisoned = JSON.parse(
      '{"__proto__": {"userId": "alice"}, "toolName": "refund", "permissionLevel": "admin"}',
    ) as never;
    expect(caught(() => manager.grantToolPermission(poisoned)).code).toBe("GRANT_INVALID");
    manager.grantToolPermission({
      userId: "__proto__",
      tenantId: "constructor",
      toolName: "__proto__",
      permissionLevel: "write",
    });
    const ask = (userId: string, tenantId: string, toolName: string) =>
      manager.authorizeToolExecution({ userId, tenantId, toolName }).allowed;
    expect(ask("__proto__", "constructor", "__proto__")).toBe(true);
    expect(ask("constructor", "constructor", "__proto__")).toBe(false);
    expect(ask("__proto__", "__proto__", "__proto__")).toBe(false);
    expect(ask("__proto__", "constructor", "toString")).toBe(false);
  });
});
