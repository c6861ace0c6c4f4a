import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { createStack, isDenied, type PermissionLevel as Level, PermissionLevel, security } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, DAY, failure, HOUR, keeper, START } from "./parts.js";

const keep = keeper();
const TOOLS = {
  file_manager: { level: "read", method: "method" },
  calculator: { level: "read" },
  web_search: { level: "read" },
} as const;
function desk(options: Parameters<typeof security>[0] = { tools: TOOLS }) {
  const clock = fakeClock(START);
  const stack = keep(createStack({ name: "desk", plugins: [security(options)], clock }));
  return { clock, stack, manager: stack.get(security) };
}
const fileManager = { userId: "user123", toolName: "file_manager", permissionLevel: PermissionLevel.READ };

describe("TestWorkflowSecurity", () => {
  it("runs the document's usage example", async () => {
    const { clock, stack, manager: workflowSecurityManager } = desk();

    // Grant tool permission
    const permission = workflowSecurityManager.grantToolPermission({
      userId: "user123",
      toolName: "file_manager",
      permissionLevel: PermissionLevel.READ,
      allowedMethods: new Set(["read", "list"]),
      rateLimit: 10, // per hour
      expiry: new Date(clock.now() + 7 * DAY),
    });
    // Authorize tool execution
    const authorized = workflowSecurityManager.authorizeToolExecution({
      userId: "user123",
      workflowId: "workflow456",
      workflowType: "rag",
      toolName: "file_manager",
      method: "read",
      parameters: { path: "/safe/path" },
    });
    // The same question is asked by the stack itself when the tool is called.
    const read = stack.wrapTool(scriptedTool("file_manager", "3 files"));
    const files = await read.invoke({ method: "read", path: "/safe/path" }, stack.as({ userId: "user123" }));
    // Get audit log
    const auditEntries = await workflowSecurityManager.getAuditLog({ userId: "user123", hours: 24 });

    expect(permission).toMatchObject({
      permissionLevel: "read",
      allowedMethods: ["read", "list"],
      rateLimit: [{ limit: 10, windowMs: HOUR }],
      expiry: Date.parse(START) + 7 * DAY,
    });
    expect(authorized).toMatchObject({
      allowed: true,
      method: "read",
      requiredLevel: "read",
      grantIds: [permission.id],
      rate: { limit: 10, remaining: 10, windowMs: HOUR },
    });
    expect(files).toBe("3 files");
    expect(auditEntries.map(({ event, tool, method, userId }) => [event, tool, method, userId])).toEqual([
      ["tool.allowed", "file_manager", "read", "user123"],
      ["permission.granted", "file_manager", null, "user123"],
    ]);
  });

  it("decides, takes quota and writes the log in one call, for tools that no stack runs", async () => {
    const { manager } = desk();
    manager.grantToolPermission({ ...fileManager, rateLimit: 1 });
    const question = { userId: "user123", workflowId: "workflow456", workflowType: "rag", toolName: "file_manager" };
    for (let i = 0; i < 3; i++) expect(manager.authorizeToolExecution(question).allowed).toBe(true);
    expect(await manager.getAuditLog({ userId: "user123", tool: "file_manager" })).toHaveLength(1);
    expect([1, 2].map(() => manager.admitToolExecution(question).allowed)).toEqual([true, false]);
    const entries = await manager.getAuditLog({ userId: "user123" });
    expect(entries.map(({ event, runId, workflow, code }) => [event, runId, workflow, code])).toEqual([
      ["tool.denied", "workflow456", "rag", "RATE_LIMIT_EXCEEDED"],
      ["tool.allowed", "workflow456", "rag", null],
      ["permission.granted", null, null, null],
    ]);
  });

  it("denies by default: what nobody granted, to whom nobody granted it", () => {
    const { manager } = desk();
    manager.grantToolPermission(fileManager);
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager" }).allowed).toBe(true);
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "calculator" })).toMatchObject({
      allowed: false,
      code: "PERMISSION_NOT_GRANTED",
      cause: "no-grant",
    });
    expect(manager.authorizeToolExecution({ userId: "demo_user", toolName: "file_manager" })).toMatchObject({
      allowed: false,
      cause: "no-grant",
    });
  });

  it("orders the levels: a grant covers its own level and all below it, none covers nothing", () => {
    const levels: readonly Level[] = ["none", "read", "write", "execute", "admin"];
    const needed = ["read", "write", "execute", "admin"] as const;
    const { manager } = desk({ tools: Object.fromEntries(needed.map((level) => [`needs_${level}`, { level }])) });
    const table = levels.map((permissionLevel) =>
      needed.map((level) => {
        manager.grantToolPermission({ userId: permissionLevel, toolName: `needs_${level}`, permissionLevel });
        return manager.authorizeToolExecution({ userId: permissionLevel, toolName: `needs_${level}` }).allowed;
      }),
    );
    expect(table).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [true, true, false, false],
      [true, true, true, false],
      [true, true, true, true],
    ]);
  });

  it("lets a permission expire, to the millisecond", () => {
    const { clock, manager } = desk();
    manager.grantToolPermission({ ...fileManager, expiry: new Date(clock.now() + 7 * DAY) });
    const allowed = () => manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager" });
    clock.advance(7 * DAY - 1);
    expect(allowed().allowed).toBe(true);
    clock.advance(1);
    expect(allowed()).toMatchObject({ allowed: false, cause: "expired" });
    expect(allowed().reason).toContain("expired at 2026-03-08T12:00:00.000Z");
  });

  it("allows the methods of the grant, and no other", async () => {
    const { stack, manager } = desk();
    manager.grantToolPermission({ ...fileManager, allowedMethods: ["read", "list"] });
    const ask = (method: string | null, toolName = "file_manager") =>
      manager.authorizeToolExecution({ userId: "user123", toolName, method });
    expect([ask("read").allowed, ask("list").allowed]).toEqual([true, true]);
    expect(ask("delete")).toMatchObject({ allowed: false, code: "PERMISSION_NOT_GRANTED", cause: "method" });
    expect(ask(null)).toMatchObject({ allowed: false, cause: "method-unknown" });
    expect(ask("read", "web_search")).toMatchObject({ allowed: false, cause: "no-grant" });
    const files = scriptedTool("file_manager", "3 files");
    const guarded = stack.wrapTool(files);
    const call = (args: Record<string, unknown>) => guarded.invoke(args, stack.as({ userId: "user123" }));
    await call({ method: "list" });
    expect(await failure(call({ method: "delete" }))).toMatchObject({ code: "PERMISSION_NOT_GRANTED" });
    expect(await failure(call({}))).toMatchObject({ code: "PERMISSION_NOT_GRANTED" });
    expect(files.callCount).toBe(1);
  });

  it("limits calls per user and tool: two in an hour, the third is denied", async () => {
    const { clock, stack, manager } = desk();
    manager.grantToolPermission({ ...fileManager, rateLimit: 2 });
    manager.grantToolPermission({ ...fileManager, userId: "demo_user", rateLimit: 2 });
    manager.grantToolPermission({ ...fileManager, toolName: "calculator", rateLimit: 2 });
    const files = stack.wrapTool(scriptedTool("file_manager", "3 files"));
    const sums = stack.wrapTool(scriptedTool("calculator", "4"));
    const call = (userId = "user123", tool: typeof files = files) => tool.invoke({}, stack.as({ userId }));
    await call();
    await call();
    const error = await failure(call());
    expect(error).toMatchObject({ code: "RATE_LIMIT_EXCEEDED" });
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager" })).toMatchObject({
      allowed: false,
      rate: { limit: 2, remaining: 0, resetAt: clock.now() + HOUR, retryAfterMs: HOUR },
    });
    // Others, and other tools, are counted on their own.
    await call("demo_user");
    await call("user123", sums);
    clock.advance(HOUR);
    expect(await call()).toBe("3 files");
  });

  it("grants demo_user the calculator, 10 per hour", async () => {
    const { stack, manager } = desk();
    manager.grantToolPermission({
      userId: "demo_user",
      toolName: "calculator",
      permissionLevel: PermissionLevel.READ,
      rateLimit: 10,
    });
    const sums = scriptedTool("calculator", "4");
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(calling(...new Array<string>(12).fill("calculator"))),
      tools: [sums],
    });
    const { messages } = await workflow.invoke(ask("add up"), stack.as({ userId: "demo_user" }));
    expect(sums.callCount).toBe(10);
    expect(messages.filter(isDenied).map(({ text }) => text)).toEqual(
      new Array(2).fill(
        'RATE_LIMIT_EXCEEDED: "calculator" was called as often as is allowed; not before 1 h from now.',
      ),
    );
  });

  it("lists what one user may use, and takes it away", () => {
    const { manager } = desk();
    manager.grantToolPermission(fileManager);
    manager.grantToolPermission({
      userId: "user123",
      toolName: "calculator",
      permissionLevel: "write",
      grantedBy: "root",
    });
    expect(manager.getUserPermissions({ userId: "user123" })).toMatchObject({
      userId: "user123",
      tenantId: null,
      permissions: [
        { toolName: "file_manager", permissionLevel: "read", expiry: null, grantedBy: null },
        { toolName: "calculator", permissionLevel: "write", grantedBy: "root" },
      ],
    });
    expect(manager.revokeToolPermission({ userId: "user123", toolName: "file_manager" })).toBe(true);
    expect(manager.revokeToolPermission({ userId: "user123", toolName: "file_manager" })).toBe(false);
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager" }).allowed).toBe(false);
  });

  it("is checked before a tool runs in a graph: the denied one does not run, and the run goes on", async () => {
    const { stack, manager } = desk();
    manager.grantToolPermission(fileManager);
    const files = scriptedTool("file_manager", "3 files");
    const sums = scriptedTool("calculator", "4");
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(calling("file_manager", "calculator")),
      tools: [files, sums],
    });
    const { messages } = await workflow.invoke(
      ask("list my files"),
      stack.as({ userId: "user123", conversationId: "conv456" }),
    );
    expect(files.calls.map(({ args }) => args)).toEqual([{ path: "/safe/path" }]);
    expect(sums.callCount).toBe(0);
    expect(messages.filter(isDenied).map(({ name, text }) => [name, text])).toEqual([
      ["calculator", 'PERMISSION_NOT_GRANTED: "calculator" is not available to you; do not retry, answer without it.'],
    ]);
    expect(messages.at(-1)?.type).toBe("ai");
  });

  it("logs each decision with who, what, where and why, and no arguments", async () => {
    const { stack, manager } = desk();
    manager.grantToolPermission({ ...fileManager, grantedBy: "root" });
    const workflow = await stack.createWorkflow({
      name: "files",
      mode: "tools",
      llm: scriptedModel(calling("file_manager", "calculator")),
      tools: [scriptedTool("file_manager", "3 files"), scriptedTool("calculator", "4")],
    });
    await workflow.invoke(ask("list my files"), stack.as({ userId: "user123", conversationId: "conv456" }));
    const log = await manager.getAuditLog({ userId: "user123", hours: 24 });
    const place = { workflow: "files", node: "tools", threadId: "conv456", userId: "user123", at: Date.parse(START) };
    expect(log.find((entry) => entry.event === "tool.denied")).toMatchObject({
      ...place,
      tool: "calculator",
      code: "PERMISSION_NOT_GRANTED",
      reason: 'no grant of "calculator" for user "user123" (default deny, policy v2)',
      plugin: "security",
    });
    expect(log.find((entry) => entry.event === "tool.allowed")).toMatchObject({
      ...place,
      tool: "file_manager",
      code: null,
    });
    expect(log.find((entry) => entry.event === "permission.granted")).toMatchObject({
      actor: "root",
      details: { permissionLevel: "read" },
    });
    expect(log.map(({ seq }) => seq).toSorted((a, b) => b - a)).toEqual(log.map(({ seq }) => seq));
    expect(JSON.stringify(log)).not.toContain("/safe/path");
  });

  it("counts events, denials and executions of a time", async () => {
    const { clock, stack, manager } = desk();
    manager.grantToolPermission(fileManager);
    const files = stack.wrapTool(scriptedTool("file_manager", "3 files"));
    const call = (userId: string) => files.invoke({}, stack.as({ userId })).catch(() => null);
    await call("user123");
    await call("user123");
    await call("demo_user");
    manager.revokeToolPermission({ userId: "user123", toolName: "file_manager" });
    await call("user123");
    expect(manager.getSecurityStats({ hours: 24 })).toMatchObject({
      totalEvents: 6,
      authorizedExecutions: 2,
      deniedAttempts: 2,
      granted: 1,
      revoked: 1,
      topCodes: [{ name: "PERMISSION_NOT_GRANTED", count: 2 }],
      topDeniedTools: [{ name: "file_manager", count: 2 }],
    });
    clock.advance(DAY + 1);
    expect(manager.getSecurityStats({ hours: 24 }).totalEvents).toBe(0);
    expect(manager.getSecurityStats({ hours: 48 }).totalEvents).toBe(6);
  });
});
