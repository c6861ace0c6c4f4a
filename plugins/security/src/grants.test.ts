import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Grants, type ToolPermission } from "./grants.js";

const grant = (part: Partial<ToolPermission>): ToolPermission => ({
  id: "g",
  userId: null,
  service: null,
  role: null,
  tenantId: null,
  anyTenant: false,
  toolName: "t",
  permissionLevel: "read",
  allowedMethods: null,
  rateLimit: [],
  notBefore: null,
  expiry: null,
  grantedBy: null,
  grantedAt: 0,
  ...part,
});
const owner = (userId: string, tenantId: string | null = null) => ({ userId, service: null, tenantId });

describe("Grants", () => {
  it("replaces the grant of one principal and tool, and raises the version with each change only", () => {
    const grants = new Grants();
    expect(grants.version).toBe(1);
    grants.put(grant({ userId: "a", permissionLevel: "read" }));
    grants.put(grant({ userId: "a", permissionLevel: "admin" }));
    expect([grants.size, grants.version]).toEqual([1, 3]);
    expect(grants.find(owner("a"), "t")?.permissionLevel).toBe("admin");
    expect(grants.remove(owner("a"), "other")).toBeUndefined();
    expect(grants.remove(owner("b"), "t")).toBeUndefined();
    expect(grants.version).toBe(3);
    expect(grants.remove(owner("a"), "t")?.permissionLevel).toBe("admin");
    expect([grants.size, grants.version]).toEqual([0, 4]);
    expect(grants.of(owner("a"))).toEqual([]);
  });

  it("answers to no name of an object's own", () => {
    const grants = new Grants();
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(grants.find(owner(name), name)).toBeUndefined();
      expect(grants.of(owner(name, name))).toEqual([]);
      grants.put(grant({ userId: name, tenantId: name, toolName: name, id: name }));
      expect(grants.find(owner(name, name), name)?.id).toBe(name);
    }
    expect(grants.size).toBe(4);
    expect(({} as Record<string, unknown>)["id"]).toBeUndefined();
  });

  it("refuses a grant of nobody and of two", () => {
    const grants = new Grants();
    expect(() => grants.put(grant({}))).toThrow(TypeError);
    expect(() => grants.put(grant({ userId: "a", service: "b" }))).toThrow(TypeError);
    expect(grants.size).toBe(0);
    grants.put(grant({ userId: "a" }));
    expect(grants.find({ userId: "a", service: "b", tenantId: null }, "t")).toBeUndefined();
    expect(grants.find({ userId: null, service: null, tenantId: null }, "t")).toBeUndefined();
  });

  it("keeps as many as a list of the last grant per principal and tool", () => {
    const names = fc.constantFrom("a", "b", "c");
    const step = fc.record({
      add: fc.boolean(),
      user: names,
      tenant: fc.constantFrom(null, "x"),
      tool: names,
      expiry: fc.constantFrom(null, 5, 50),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const grants = new Grants();
        let list: ToolPermission[] = [];
        for (const { add, user, tenant, tool, expiry } of steps) {
          list = list.filter((g) => g.userId !== user || g.tenantId !== tenant || g.toolName !== tool);
          const made = grant({ userId: user, tenantId: tenant, toolName: tool, expiry });
          if (add) {
            list.push(made);
            grants.put(made);
          } else grants.remove(owner(user, tenant), tool);
        }
        expect(grants.size).toBe(list.length);
        expect(grants.purge(10)).toBe(list.filter((g) => g.expiry === 5).length);
        const left = list.filter((g) => g.expiry !== 5);
        expect(grants.size).toBe(left.length);
        expect(grants.principals).toBe(new Set(left.map((g) => JSON.stringify([g.userId, g.tenantId]))).size);
        for (const user of ["a", "b", "c"])
          for (const tenant of [null, "x"])
            expect(grants.of(owner(user, tenant))).toEqual(
              left.filter((g) => g.userId === user && g.tenantId === tenant),
            );
      }),
    );
  });
});
