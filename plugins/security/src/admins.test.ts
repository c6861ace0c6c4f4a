import { createStack } from "@graphtap/langgraph";
import { scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { admins } from "./admins.js";
import { security } from "./index.js";

const who = (roles: readonly string[] | undefined, tenantId: string | null = null) => ({
  userId: "u",
  service: null,
  tenantId,
  roles,
  onBehalfOf: null,
});

describe("admins", () => {
  it("are those with the role, of its tenant", () => {
    const isAdmin = admins([
      { role: "root", tenantId: null, anyTenant: false },
      { role: "admin", tenantId: "acme", anyTenant: false },
      { role: "staff", tenantId: null, anyTenant: true },
    ]);
    const table: [readonly string[] | undefined, string | null, boolean][] = [
      [["root"], null, true],
      [["other", "root"], null, true],
      [["root"], "acme", false],
      [["admin"], "acme", true],
      [["admin"], "globex", false],
      [["admin"], null, false],
      [["staff"], "globex", true],
      [["staff"], null, true],
      [["Root", "root "], null, false],
      [[], null, false],
      [undefined, null, false],
    ];
    for (const [roles, tenantId, expected] of table)
      expect(isAdmin(who(roles, tenantId)), JSON.stringify([roles, tenantId])).toBe(expected);
    expect(admins([])(who(["root"]))).toBe(false);
  });

  it("are told by the roles of whoever runs it, and everything else of theirs is still looked at", async () => {
    await using stack = createStack({
      plugins: [
        security({ adminRoles: ["root", { role: "admin", tenantId: "acme" }], tools: { t: { level: "admin" } } }),
      ],
    });
    const tool = scriptedTool("t", "ran");
    const guarded = stack.wrapTool(tool);
    const call = (identity: Parameters<typeof stack.as>[0]) =>
      guarded.invoke({}, stack.as(identity)).then(
        () => "ran",
        (error: { code?: string }) => error.code,
      );
    expect(await call({ userId: "a", roles: ["root"] })).toBe("ran");
    expect(await call({ userId: "a", roles: ["root"], tenantId: "globex" })).toBe("PERMISSION_NOT_GRANTED");
    expect(await call({ userId: "a", roles: ["admin"], tenantId: "acme" })).toBe("ran");
    // An administrator who acts for somebody may do what that somebody may do.
    expect(await call({ service: "s", roles: ["root"], onBehalfOf: { userId: "a" } })).toBe("PERMISSION_NOT_GRANTED");
    expect(await call({ service: "s", roles: ["root"], onBehalfOf: { userId: "a", roles: ["root"] } })).toBe("ran");
    expect(tool.callCount).toBe(3);
  });

  it.each([
    ["text for a list", { adminRoles: "root" }],
    ["a role without a tenant or all", { adminRoles: [{ role: "admin" }] }],
    ["a role of one tenant and of all", { adminRoles: [{ role: "admin", tenantId: "a", anyTenant: true }] }],
    ["a role without a name", { adminRoles: [""] }],
    ["a loop without an end", { loop: { maxCalls: 0 } }],
    ["an unknown limit of loops", { loop: { max: 5 } }],
    ["a limit that is no number", { tools: { t: { rateLimit: "5" } } }],
    ["a method that nobody can tell by", { tools: { t: { method: 5 } } }],
    ["a method that needs nothing", { tools: { t: { methods: { list: "none" } } } }],
    ["no room to count", { maxRateEntries: 0 }],
  ])("options refuse %s", (_name, options) => {
    expect(() => security(options as never)).toThrow("[PLUGIN_OPTIONS_INVALID]");
  });
});
