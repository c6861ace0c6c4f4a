import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { createStack, definePlugin, deny, hooks, isDenied, type PluginInput, security, securityHooks } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, failure, HOUR, keeper, START } from "./parts.js";

const keep = keeper();
function desk(options: Parameters<typeof security>[0] = {}, ...more: PluginInput[]) {
  const clock = fakeClock(START);
  const stack = keep(createStack({ name: "desk", plugins: [security(options), ...more] as const, clock }));
  return { clock, stack, manager: stack.get(security) };
}
const plugin = (name: string, setup: Parameters<typeof definePlugin>[0]["setup"]) =>
  definePlugin({ name, version: "1.0.0", setup })();

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: security", () => {
  it("nothing was checked unless somebody passed a user id", async () => {
    const { stack, manager } = desk();
    const drop = scriptedTool("drop_table", "gone");
    const llm = scriptedModel(calling("drop_table"));
    const workflow = await stack.createWorkflow({ mode: "tools", llm, tools: [drop] });
    const routes = [
      () => workflow.invoke(ask("clean up")),
      async () => {
        for await (const _ of await workflow.stream(ask("clean up"), { streamMode: "messages" })) continue;
      },
      () => workflow.batch([ask("clean up")]),
      () => workflow.invoke(ask("clean up"), { configurable: { user_id: "root", userId: "root" } }),
    ];
    for (const route of routes) expect(await failure(route())).toMatchObject({ code: "IDENTITY_MISSING" });
    expect([llm.callCount, drop.callCount]).toEqual([0, 0]);
    expect((await manager.getAuditLog()).map(({ event, code }) => [event, code])).toEqual(
      new Array(routes.length).fill(["run.denied", "IDENTITY_MISSING"]),
    );
  });

  it("a part that failed to load switched security off, in silence", async () => {
    const broken = plugin("broken", async () => Promise.reject(new Error("cannot read the policy")));
    const stack = keep(createStack({ plugins: [security(), broken] }));
    const drop = stack.wrapTool(scriptedTool("drop_table", "gone"));
    expect((await failure(stack.ready())).message).toContain("cannot read the policy");
    expect((await failure(drop.invoke({}, stack.as({ userId: "user123" })))).message).toContain(
      "cannot read the policy",
    );
    await expect(stack.createWorkflow({ llm: scriptedModel([]) })).rejects.toThrow("cannot read the policy");
  });

  it("READ, WRITE and ADMIN were the same: a READ grant ran drop_table", async () => {
    const { stack, manager } = desk({ tools: { drop_table: { level: "admin" } } });
    const drop = scriptedTool("drop_table", "gone");
    const guarded = stack.wrapTool(drop);
    for (const permissionLevel of ["none", "read", "write", "execute"] as const) {
      manager.grantToolPermission({ userId: "user123", toolName: "drop_table", permissionLevel });
      expect(await failure(guarded.invoke({}, stack.as({ userId: "user123" })))).toMatchObject({
        code: "PERMISSION_NOT_GRANTED",
      });
    }
    expect(drop.callCount).toBe(0);
    // A tool about which nothing is declared asks for more than reading.
    manager.grantToolPermission({ userId: "user123", toolName: "undeclared", permissionLevel: "read" });
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "undeclared" })).toMatchObject({
      allowed: false,
      requiredLevel: "write",
      cause: "level",
    });
  });

  it("a global ADMIN was always denied, for a rate limit nobody had set", async () => {
    const { stack, manager } = desk({
      adminRoles: ["admin"],
      tools: { drop_table: { level: "admin" }, calculator: { rateLimit: 2 } },
    });
    const root = stack.as({ userId: "root", roles: ["admin"] });
    const drop = stack.wrapTool(scriptedTool("drop_table", "gone"));
    for (let call = 0; call < 100; call++) expect(await drop.invoke({}, root)).toBe("gone");
    expect(manager.authorizeToolExecution({ userId: "root", roles: ["admin"], toolName: "mailer" })).toMatchObject({
      allowed: true,
      reason: 'user "root" is an administrator (policy v1)',
    });
    // Nobody else is one by being called like it, and a limit that was set holds.
    expect(await failure(drop.invoke({}, stack.as({ userId: "admin" })))).toMatchObject({
      code: "PERMISSION_NOT_GRANTED",
    });
    const sums = stack.wrapTool(scriptedTool("calculator", "4"));
    await sums.invoke({}, root);
    await sums.invoke({}, root);
    expect(await failure(sums.invoke({}, root))).toMatchObject({ code: "RATE_LIMIT_EXCEEDED" });
    // A permission of the level admin is one as well.
    manager.grantToolPermission({ userId: "user123", toolName: "drop_table", permissionLevel: "admin" });
    expect(await drop.invoke({}, stack.as({ userId: "user123" }))).toBe("gone");
  });

  it("2 per hour with a call each 59 minutes: allowed, allowed, denied, for an hour of silence after two calls", async () => {
    const { clock, stack, manager } = desk();
    manager.grantToolPermission({ userId: "user123", toolName: "web_search", permissionLevel: "write", rateLimit: 2 });
    const search = stack.wrapTool(scriptedTool("web_search", "found"));
    const call = () =>
      search.invoke({}, stack.as({ userId: "user123" })).then(
        () => true,
        () => false,
      );
    const slow: boolean[] = [];
    for (let i = 0; i < 8; i++, clock.advance(59 * 60_000)) slow.push(await call());
    expect(slow).toEqual(new Array(8).fill(true));
    // Nor are there more in any hour, wherever it begins.
    clock.advance(HOUR);
    const fast: number[] = [];
    for (let minute = 0; minute < 240; minute++, clock.advance(60_000)) if (await call()) fast.push(minute);
    expect(fast).toEqual([0, 1, 60, 61, 120, 121, 180, 181]);
  });

  it("no method named, no list asked: method null ran everything", async () => {
    const { stack, manager } = desk({ tools: { file_manager: { method: "action" } } });
    const grant = { userId: "user123", permissionLevel: "admin", allowedMethods: ["read", "list"] } as const;
    manager.grantToolPermission({ ...grant, toolName: "file_manager" });
    manager.grantToolPermission({ ...grant, toolName: "mailer" });
    const files = scriptedTool("file_manager", "x");
    const mailer = scriptedTool("mailer", "x");
    const as = stack.as({ userId: "user123" });
    for (const args of [{}, { action: null }, { action: "delete" }, { action: ["read"] }, { method: "read" }])
      expect(await failure(stack.wrapTool(files).invoke(args, as))).toMatchObject({ code: "PERMISSION_NOT_GRANTED" });
    // Nobody said how to tell the method of this one: none of its calls is known to be on the list.
    expect(await failure(stack.wrapTool(mailer).invoke({ method: "read" }, as))).toMatchObject({
      code: "PERMISSION_NOT_GRANTED",
    });
    expect([files.callCount, mailer.callCount]).toEqual([0, 0]);
    await stack.wrapTool(files).invoke({ action: "read" }, as);
    expect(files.callCount).toBe(1);
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager", method: null })).toMatchObject(
      { allowed: false, cause: "method-unknown" },
    );
  });

  it("an empty list of methods meant all of them", () => {
    const { manager } = desk();
    const ask = (method?: string) =>
      manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager", method }).allowed;
    manager.grantToolPermission({
      userId: "user123",
      toolName: "file_manager",
      permissionLevel: "admin",
      allowedMethods: [],
    });
    expect([ask(), ask("read")]).toEqual([false, false]);
    // Left out, it means all.
    manager.grantToolPermission({ userId: "user123", toolName: "file_manager", permissionLevel: "admin" });
    expect([ask(), ask("read")]).toEqual([true, true]);
  });

  it("a limit of 0 meant unlimited", async () => {
    const { clock, stack, manager } = desk();
    manager.grantToolPermission({ userId: "user123", toolName: "web_search", permissionLevel: "write", rateLimit: 0 });
    const search = scriptedTool("web_search", "found");
    for (let i = 0; i < 5; i++, clock.advance(HOUR))
      expect(await failure(stack.wrapTool(search).invoke({}, stack.as({ userId: "user123" })))).toMatchObject({
        code: "RATE_LIMIT_EXCEEDED",
      });
    expect(search.callCount).toBe(0);
  });

  it("granting again began to count at zero, and each start of the demo granted again", async () => {
    const { stack, manager } = desk();
    const search = scriptedTool("web_search", "found");
    const guarded = stack.wrapTool(search);
    for (let round = 0; round < 5; round++) {
      manager.grantToolPermission({ userId: "demo_user", toolName: "web_search", permissionLevel: "read" });
      manager.revokeToolPermission({ userId: "demo_user", toolName: "web_search" });
      manager.grantToolPermission({
        userId: "demo_user",
        toolName: "web_search",
        permissionLevel: "write",
        rateLimit: 2,
      });
      await guarded.invoke({}, stack.as({ userId: "demo_user" })).catch(() => null);
    }
    expect(search.callCount).toBe(2);
  });

  it("a call that the content check refused had used up the limit", async () => {
    const check = plugin("content-check", (api) => {
      api.tap(hooks.tool.authorize, ({ parsed }) =>
        JSON.stringify(parsed).includes("s3cret") ? deny("SECRET", "Leave the secret out.") : undefined,
      );
    });
    const { stack, manager } = desk({}, check);
    manager.grantToolPermission({ userId: "user123", toolName: "web_search", permissionLevel: "write", rateLimit: 1 });
    const search = scriptedTool("web_search", "found");
    const guarded = stack.wrapTool(search);
    const as = stack.as({ userId: "user123" });
    for (let i = 0; i < 3; i++)
      expect(await failure(guarded.invoke({ q: "s3cret" }, as))).toMatchObject({ code: "SECRET" });
    expect(await guarded.invoke({ q: "weather" }, as)).toBe("found");
    expect(search.callCount).toBe(1);
  });

  it("the bare answer was yes or no, with no word on why or when", () => {
    const { clock, manager } = desk();
    manager.grantToolPermission({ userId: "user123", toolName: "web_search", permissionLevel: "write", rateLimit: 1 });
    const question = { userId: "user123", toolName: "web_search" };
    expect(manager.admitToolExecution(question)).toMatchObject({ allowed: true, rate: { limit: 1, remaining: 0 } });
    clock.advance(60_000);
    expect(manager.admitToolExecution(question)).toMatchObject({
      allowed: false,
      code: "RATE_LIMIT_EXCEEDED",
      cause: "rate",
      rate: { limit: 1, remaining: 0, retryAfterMs: 59 * 60_000, resetAt: clock.now() + 59 * 60_000 },
    });
    expect(manager.explain(question).fix).toBe("wait 59 min, or a higher rateLimit");
  });

  it("a user's dashboard named other users, and other users' figures", async () => {
    const { stack, manager } = desk();
    for (const userId of ["alice", "canary-bob"]) {
      manager.grantToolPermission({
        userId,
        toolName: "web_search",
        permissionLevel: "write",
        grantedBy: "canary-root",
      });
      await stack
        .wrapTool(scriptedTool("mailer", "x"))
        .invoke({}, stack.as({ userId }))
        .catch(() => null);
    }
    const panels = await stack.call(hooks.dashboard.collect, { kind: "user", userId: "alice", tenantId: null });
    const text = JSON.stringify(panels);
    expect(text).toContain("web_search");
    expect(text).not.toContain("canary");
    expect(panels.map((one) => (one.status === "ok" ? one.value.data["recentDenials"] : null))).toMatchObject([
      [{ tool: "mailer", code: "PERMISSION_NOT_GRANTED" }],
    ]);
  });

  it("1,000 denials made 1,000 users", async () => {
    const { stack, manager } = desk();
    const guarded = stack.wrapTool(scriptedTool("file_manager", "3 files"));
    for (let user = 0; user < 1_000; user++) {
      manager.authorizeToolExecution({ userId: `stranger-${user}`, toolName: "file_manager" });
      manager.getUserPermissions({ userId: `stranger-${user}` });
      await guarded.invoke({}, stack.as({ userId: `stranger-${user}` })).catch(() => null);
    }
    expect(manager.getSecurityStats()).toMatchObject({
      principals: 0,
      permissions: 0,
      policyVersion: 1,
      deniedAttempts: 1_000,
    });
  });

  it("10,000 events of noise erased the audit log", async () => {
    const { stack, manager } = desk();
    manager.grantToolPermission({
      userId: "user123",
      toolName: "file_manager",
      permissionLevel: "write",
      grantedBy: "root",
    });
    const files = stack.wrapTool(scriptedTool("file_manager", "3 files"));
    await files.invoke({}, stack.as({ userId: "mallory" })).catch(() => null);
    for (let call = 0; call < 10_050; call++) await files.invoke({}, stack.as({ userId: "user123" }));
    const log = await manager.getAuditLog({ limit: 100_000 });
    expect(log.filter(({ decision }) => decision === "denied").map(({ userId }) => userId)).toEqual(["mallory"]);
    expect(log.filter(({ decision }) => decision === "granted").map(({ actor }) => actor)).toEqual(["root"]);
    expect(manager.getSecurityStats().dropped).toEqual({ denials: 0, allows: 50, changes: 0 });
  });

  it("a change was stored, then failed, and was in no log", async () => {
    const angry = plugin("angry", (api) => {
      for (const hook of [securityHooks.granted, securityHooks.revoked])
        api.tap(hook, () => {
          throw new TypeError("missing 1 required positional argument");
        });
    });
    const { manager } = desk({}, angry);
    manager.grantToolPermission({
      userId: "user123",
      toolName: "file_manager",
      permissionLevel: "write",
      grantedBy: "root",
    });
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager" }).allowed).toBe(true);
    manager.revokeToolPermission({ userId: "user123", toolName: "file_manager", revokedBy: "root" });
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager" }).allowed).toBe(false);
    expect(
      (await manager.getAuditLog()).map(({ event, actor, details }) => [event, actor, details?.["permissionLevel"]]),
    ).toEqual([
      ["permission.revoked", "root", "write"],
      ["permission.granted", "root", "write"],
    ]);
  });

  it("the log of one user held everybody's, when the user was empty", async () => {
    const { manager } = desk();
    manager.grantToolPermission({ userId: "alice", toolName: "file_manager", permissionLevel: "write" });
    manager.grantToolPermission({ userId: "bob", toolName: "file_manager", permissionLevel: "write" });
    expect((await manager.getAuditLog({ userId: "alice" })).map(({ userId }) => userId)).toEqual(["alice"]);
    expect(await failure(manager.getAuditLog({ userId: "" }))).toMatchObject({ code: "SECURITY_QUERY_INVALID" });
  });

  it('every denial read "Insufficient permissions", whatever the reason', async () => {
    const quiet = plugin("quiet", (api) => {
      api.tap(hooks.tool.authorize, ({ name }) =>
        name === "web_search"
          ? deny("QUIET_HOURS", "The web is closed until 06:00.", { reason: "22:00 to 06:00" })
          : undefined,
      );
    });
    const { clock, stack, manager } = desk({ tools: { calculator: { level: "admin" } } }, quiet);
    const grant = { userId: "user123", permissionLevel: "write" } as const;
    manager.grantToolPermission({ ...grant, toolName: "web_search" });
    manager.grantToolPermission({ ...grant, toolName: "calculator" });
    manager.grantToolPermission({ ...grant, toolName: "file_manager", expiry: clock.now() + 1 });
    clock.advance(1);
    const names = ["web_search", "calculator", "file_manager", "mailer"];
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(calling(...names)),
      tools: names.map((name) => scriptedTool(name, "x")),
    });
    const { messages } = await workflow.invoke(ask("go"), stack.as({ userId: "user123" }));
    // The model learns what to do, and nothing that helps to probe the rules.
    const told = messages.filter(isDenied).map(({ text }) => text);
    expect(told[0]).toBe("QUIET_HOURS: The web is closed until 06:00.");
    expect(told.slice(1)).toEqual(
      names
        .slice(1)
        .map((name) => `PERMISSION_NOT_GRANTED: "${name}" is not available to you; do not retry, answer without it.`),
    );
    // The developer learns why.
    const reasons = new Map(
      (await manager.getAuditLog({ decision: "denied" })).map(({ tool, reason }) => [tool, reason]),
    );
    expect(reasons.get("web_search")).toBe("22:00 to 06:00");
    expect(reasons.get("calculator")).toContain("allows write, admin is required");
    expect(reasons.get("file_manager")).toContain("expired at 2026-03-01T12:00:00.001Z");
    expect(reasons.get("mailer")).toContain("no grant");
  });

  it("a date with a time zone crashed, and without one moved with the clocks", () => {
    const { clock, manager } = desk();
    // The night in which Europe's clocks go forward: 03:00 in summer time is 01:00 UTC.
    manager.grantToolPermission({
      userId: "user123",
      toolName: "file_manager",
      permissionLevel: "write",
      expiry: new Date("2026-03-29T03:00:00+02:00"),
    });
    const allowed = () => manager.authorizeToolExecution({ userId: "user123", toolName: "file_manager" }).allowed;
    clock.advance(Date.parse("2026-03-29T01:00:00Z") - clock.now() - 1);
    expect(allowed()).toBe(true);
    clock.advance(1);
    expect(allowed()).toBe(false);
    expect(clock.now() - Date.parse(START)).toBe(27.5 * 24 * HOUR + HOUR);
  });

  it("arguments that hold themselves, or are nested deeply, crashed the check", async () => {
    const { stack, manager } = desk();
    manager.grantToolPermission({ userId: "user123", toolName: "file_manager", permissionLevel: "write" });
    const files = scriptedTool("file_manager", "3 files");
    const guarded = stack.wrapTool(files);
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 100_000; level++) deep = { deep };
    for (const args of [ring, deep]) {
      const error = await failure(guarded.invoke(args, stack.as({ userId: "user123" })));
      expect(error).toMatchObject({ name: "DeniedError", code: "ARGUMENTS_UNREADABLE" });
    }
    expect(files.callCount).toBe(0);
    expect((await manager.getAuditLog({ decision: "denied" })).map(({ code }) => code)).toEqual([
      "ARGUMENTS_UNREADABLE",
      "ARGUMENTS_UNREADABLE",
    ]);
  });

  it("names that every object has were found in the tables", () => {
    const { manager } = desk({ tools: JSON.parse('{"__proto__": {"level": "admin"}}') });
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
      expect(manager.authorizeToolExecution({ userId: name, toolName: name }), name).toMatchObject({
        allowed: false,
        cause: "no-grant",
      });
      expect(manager.getUserPermissions({ userId: name }).permissions).toEqual([]);
    }
    manager.grantToolPermission({ userId: "__proto__", toolName: "__proto__", permissionLevel: "write" });
    expect(manager.authorizeToolExecution({ userId: "__proto__", toolName: "__proto__" })).toMatchObject({
      allowed: false,
      requiredLevel: "admin",
    });
    expect(manager.authorizeToolExecution({ userId: "user123", toolName: "__proto__" }).allowed).toBe(false);
    expect(({} as { level?: unknown }).level).toBe(undefined);
  });
});
