import { type CliCommand, createStack, hooks } from "@graphtap/langgraph";
import { fakeClock, scriptedTool } from "@graphtap/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { SecuritySystemPanel, SecurityUserPanel } from "./keys.js";
import { security } from "./plugin.js";

const HOUR = 3_600_000;
const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.dispose();
});

function desk(options: Parameters<typeof security>[0] = {}) {
  const clock = fakeClock("2026-03-01T12:00:00Z");
  const stack = createStack({ name: "desk", plugins: [security(options)], clock });
  open.push(stack);
  const manager = stack.get(security);
  const call = (name: string, who: Parameters<typeof stack.as>[0]) =>
    stack
      .wrapTool(scriptedTool(name, "x"))
      .invoke({}, stack.as(who))
      .catch(() => null);
  const panel = async (scope: Parameters<typeof stack.call<typeof hooks.dashboard.collect>>[1]) => {
    const [answer] = await stack.call(hooks.dashboard.collect, scope);
    if (answer?.status !== "ok") throw new Error("no panel");
    expect(JSON.parse(JSON.stringify(answer.value))).toEqual(answer.value);
    return answer.value;
  };
  const user = async (userId: string, tenantId: string | null = null) =>
    (await panel({ kind: "user", userId, tenantId })).data as unknown as SecurityUserPanel;
  const system = async () => (await panel({ kind: "system" })).data as unknown as SecuritySystemPanel;
  return { clock, stack, manager, call, user, system, panel };
}

describe("the panel of a user", () => {
  it("shows permissions with their use, what is left and until when, and recent denials", async () => {
    const { clock, manager, call, user, panel } = desk();
    const expiry = clock.now() + 7 * 24 * HOUR;
    const grant = { userId: "alice", permissionLevel: "read" } as const;
    manager.grantToolPermission({ ...grant, permissionLevel: "write", toolName: "files", rateLimit: 10, expiry });
    manager.grantToolPermission({ ...grant, toolName: "mail", allowedMethods: ["list"], notBefore: expiry });
    const at = clock.now();
    for (let i = 0; i < 3; i++) await call("files", { userId: "alice" });
    clock.advance(1_000);
    await call("refund", { userId: "alice" });
    expect((await panel({ kind: "user", userId: "alice", tenantId: null })).id).toBe("security");
    expect(await user("alice")).toEqual({
      permissions: [
        {
          toolName: "files",
          permissionLevel: "write",
          allowedMethods: null,
          notBefore: null,
          expiry,
          role: null,
          inForce: true,
          calls: 3,
          lastUsedAt: at,
          callsLeft: 7,
          limits: [{ allowed: true, limit: 10, windowMs: HOUR, remaining: 7, resetAt: at + HOUR, retryAfterMs: 0 }],
        },
        {
          toolName: "mail",
          permissionLevel: "read",
          allowedMethods: ["list"],
          notBefore: expiry,
          expiry: null,
          role: null,
          inForce: false,
          calls: 0,
          lastUsedAt: null,
          callsLeft: null,
          limits: [],
        },
      ],
      recentDenials: [{ at: at + 1_000, tool: "refund", method: null, code: "PERMISSION_NOT_GRANTED" }],
    });
    clock.advance(25 * HOUR);
    expect((await user("alice")).recentDenials).toEqual([]);
  });

  it("holds nobody else's name, and nothing of the same name in another tenant", async () => {
    const { manager, call, user } = desk();
    const names = ["canary-bob", "canary-service", "canary-root", "canary-globex"];
    for (const tenantId of ["acme", "canary-globex", undefined]) {
      const tenant = tenantId === undefined ? {} : { tenantId };
      manager.grantToolPermission({
        userId: "alice",
        ...tenant,
        toolName: tenantId === undefined ? "none" : `files-${tenantId}`,
        permissionLevel: "write",
        grantedBy: "canary-root",
      });
      await call("refund", { userId: "alice", ...tenant });
      await call("refund", { userId: "canary-bob", ...tenant });
      await call("refund", { service: "canary-service", onBehalfOf: { userId: "alice", ...tenant }, ...tenant });
      manager.kill("user:canary-bob");
    }
    for (const tenantId of ["acme", null]) {
      const data = await user("alice", tenantId);
      expect(data.permissions.map(({ toolName }) => toolName)).toEqual([tenantId === null ? "none" : "files-acme"]);
      expect(data.recentDenials).toHaveLength(2);
      for (const name of names) expect(JSON.stringify(data)).not.toContain(name);
    }
    expect(await user("nobody")).toEqual({ permissions: [], recentDenials: [] });
  });

  it("shows rights by role, with what is left of them for this user", async () => {
    const { manager, call, panel } = desk();
    manager.grantToolPermission({ role: "customer", toolName: "sum", permissionLevel: "write", rateLimit: 3 });
    manager.grantToolPermission({ role: "agent", anyTenant: true, toolName: "mail", permissionLevel: "read" });
    manager.grantToolPermission({ role: "customer", tenantId: "acme", toolName: "files", permissionLevel: "read" });
    await call("sum", { userId: "alice", roles: ["customer"] });
    await call("sum", { userId: "bob", roles: ["customer"] });
    const { data } = await panel({ kind: "user", userId: "alice", tenantId: null, roles: ["customer", "agent"] });
    const { permissions } = data as unknown as SecurityUserPanel;
    expect(permissions.map(({ toolName, role, calls, callsLeft }) => [toolName, role, calls, callsLeft])).toEqual([
      ["sum", "customer", 1, 2],
      ["mail", "agent", 0, null],
    ]);
  });

  it("shows ten denials at most", async () => {
    const { call, user } = desk();
    for (let i = 0; i < 15; i++) await call(`tool-${i}`, { userId: "alice" });
    const { recentDenials } = await user("alice");
    expect(recentDenials.map(({ tool }) => tool)).toEqual(Array.from({ length: 10 }, (_, i) => `tool-${14 - i}`));
  });
});

describe("the panel of the system", () => {
  it("counts changes, attempts by reason, violations and tools, and says what is off", async () => {
    const { clock, manager, call, system } = desk({ loop: { maxRepeats: 1 } });
    const grant = { userId: "alice", permissionLevel: "write" } as const;
    manager.grantToolPermission({ ...grant, toolName: "files", rateLimit: 2 });
    manager.grantToolPermission({ ...grant, toolName: "old", expiry: clock.now() + 1 });
    manager.grantToolPermission({ ...grant, toolName: "low", permissionLevel: "read" });
    manager.grantToolPermission({ ...grant, toolName: "listed", allowedMethods: ["x"] });
    manager.revokeToolPermission({ userId: "alice", toolName: "low" });
    manager.grantToolPermission({ ...grant, toolName: "low", permissionLevel: "read" });
    clock.advance(1);
    for (const tool of ["files", "files", "files", "files", "old", "low", "listed", "unknown"])
      await call(tool, { userId: "alice" });
    manager.kill("tool:unknown", { by: "me" });
    await call("unknown", { userId: "alice" });
    const data = await system();
    expect(data).toMatchObject({
      policyVersion: 7,
      permissions: 4,
      principals: 1,
      granted: 5,
      revoked: 1,
      attempts: { allowed: 2, denied: 7 },
      rateLimitViolations: 2,
      loopDenials: 0,
      shadowDenials: 0,
      topTools: [
        { name: "files", count: 4 },
        { name: "unknown", count: 2 },
        { name: "listed", count: 1 },
        { name: "low", count: 1 },
        { name: "old", count: 1 },
      ],
      deniedByCode: [
        { name: "PERMISSION_NOT_GRANTED", count: 4 },
        { name: "RATE_LIMIT_EXCEEDED", count: 2 },
        { name: "KILLED", count: 1 },
      ],
      kills: [{ target: "tool:unknown", at: clock.now(), source: "call" }],
      shadowUntil: null,
      dropped: { denials: 0, allows: 0, changes: 0 },
      memory: { rateEntries: 2, rateKeys: 1, rateRefusedFull: 0, usageEntries: 1, usageForgotten: 0 },
    });
    expect(Object.fromEntries(data.deniedByCause.map(({ name, count }) => [name, count]))).toEqual({
      rate: 2,
      expired: 1,
      level: 1,
      "method-unknown": 1,
      "no-grant": 1,
      killed: 1,
    });
  });

  it("is empty where nothing happened", async () => {
    const { system } = desk();
    expect(await system()).toMatchObject({ attempts: { allowed: 0, denied: 0 }, deniedByCode: [], topTools: [] });
  });
});

describe("what the plugin answers beside panels", () => {
  it("is healthy, and says where denials are not enforced or calls cannot be counted", async () => {
    const health = async (options: Parameters<typeof security>[0], act: (d: ReturnType<typeof desk>) => unknown) => {
      const one = desk(options);
      await act(one);
      const [answer] = await one.stack.call(hooks.health.check, { at: one.clock.now() });
      return answer?.status === "ok" ? answer.value : null;
    };
    expect(await health({}, () => undefined)).toEqual({ id: "security", status: "ok" });
    expect(await health({ mode: "shadow", shadowUntil: new Date("2030-01-01") }, () => undefined)).toMatchObject({
      status: "degraded",
      detail: expect.stringContaining("shadow mode"),
    });
    const full = await health({ maxRateEntries: 1 }, async ({ manager, call }) => {
      for (const userId of ["a", "b"]) {
        manager.grantToolPermission({ userId, toolName: "t", permissionLevel: "write", rateLimit: 5 });
        await call("t", { userId });
      }
    });
    expect(full).toMatchObject({ status: "degraded", detail: expect.stringContaining("maxRateEntries") });
  });

  it("adds the command `can`, which knows granted tools by their names", async () => {
    const { stack, manager } = desk();
    manager.grantToolPermission({ userId: "bob", toolName: "files.v2", permissionLevel: "write" });
    const [answer] = await stack.call(hooks.stack.commands, { version: 1 });
    const [can] = (answer?.status === "ok" ? answer.value : []) as readonly CliCommand[];
    const out: string[] = [];
    const io = { out: (t: string) => void out.push(t), err: () => undefined, json: false, principal: null };
    expect(await can?.run(["bob", "files.v2"], io)).toBe(0);
    expect(await can?.run(["bob", "files.v3"], io)).toBe(1);
    expect(out[0]).toContain("allowed");
  });
});
