import { audit } from "@graphtap/audit";
import { createStack, hooks, isDenied, type PluginInput } from "@graphtap/langgraph";
import { Security, security, type WorkflowSecurityManager } from "@graphtap/security";
import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { afterEach, describe, expect, it } from "vitest";

const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.dispose();
});

describe("security beside audit", () => {
  it.each(["before", "after"])("writes nothing twice and answers from there, listed %s it", async (order) => {
    const clock = fakeClock();
    const mine = security();
    const theirs = audit();
    const stack = createStack({ name: "desk", plugins: order === "before" ? [mine, theirs] : [theirs, mine], clock });
    open.push(stack);
    const manager = stack.get(security);
    const log = stack.get(audit);
    const search = scriptedTool("search", "found");
    const refund = scriptedTool("refund", "done");
    manager.grantToolPermission({ userId: "alice", toolName: "search", permissionLevel: "write", grantedBy: "root" });
    manager.kill("tool:mail");
    const graph = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel((messages) =>
        messages.at(-1)?.type === "human" ? { calls: [{ name: "search" }, { name: "refund" }] } : { say: "done" },
      ),
      tools: [search, refund],
    });
    const out = await graph.invoke({ messages: [{ role: "user", content: "go" }] }, stack.as({ userId: "alice" }));
    expect(out.messages.filter(isDenied)).toHaveLength(1);
    const events = (await manager.getAuditLog({ hours: 24 })).map(({ event, decision, tool, actor }) => [
      event,
      decision,
      tool,
      actor,
    ]);
    expect(events).toHaveLength(4);
    expect(new Set(events.map(String))).toEqual(
      new Set(
        [
          ["kill.set", null, null, null],
          ["permission.granted", "granted", "search", "root"],
          ["tool.allowed", "allowed", "search", null],
          ["tool.denied", "denied", "refund", null],
        ].map(String),
      ),
    );
    expect(log.query({ event: "tool.denied" }).entries).toHaveLength(1);
    expect((await log.verify()).ok).toBe(true);
    expect(manager.getSecurityStats()).toMatchObject({
      granted: 1,
      authorizedExecutions: 1,
      deniedAttempts: 1,
      totalEvents: 4,
      dropped: { denials: 0, allows: 0, changes: 0 },
    });
    expect(await manager.getAuditLog({ userId: "bob" })).toEqual([]);
    const panels = await stack.call(hooks.dashboard.collect, { kind: "user", userId: "alice", tenantId: null });
    const panel = panels.flatMap((one) => (one.status === "ok" && one.value.id === "security" ? one.value.data : []));
    expect(panel).toMatchObject([
      { permissions: [{ toolName: "search", calls: 1 }], recentDenials: [{ tool: "refund" }] },
    ]);
  });

  it("says as much of a call as security alone does: method, policy and arguments", async () => {
    const entries = async (plugins: PluginInput[]) => {
      const stack = createStack({ name: "desk", plugins, clock: fakeClock() });
      open.push(stack);
      const manager = stack.find(Security) as WorkflowSecurityManager;
      manager.grantToolPermission({
        userId: "alice",
        toolName: "files",
        permissionLevel: "read",
        allowedMethods: ["list"],
      });
      const files = stack.wrapTool(scriptedTool("files", "3 files"));
      for (const action of ["list", "drop"])
        await files.invoke({ action }, stack.as({ userId: "alice" })).catch(() => undefined);
      const log = await manager.getAuditLog({ userId: "alice", tool: "files" });
      return log.map(({ event, method, policyVersion, argsHash }) => ({ event, method, policyVersion, argsHash }));
    };
    const guard = () => security({ tools: { files: { level: "read", method: "action" } } });
    const together = await entries([audit(), guard()]);
    expect(together).toEqual(await entries([guard()]));
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    expect(together.slice(0, 2)).toEqual([
      { event: "tool.denied", method: "drop", policyVersion: 2, argsHash: digest },
      { event: "tool.allowed", method: "list", policyVersion: 2, argsHash: digest },
    ]);
  });

  it("reads as many entries as are asked for, over several pages", async () => {
    const stack = createStack({ name: "desk", plugins: [security(), audit()], clock: fakeClock() });
    open.push(stack);
    const manager = stack.get(security);
    for (let i = 0; i < 300; i++)
      manager.grantToolPermission({ userId: `u${i}`, toolName: "t", permissionLevel: "write" });
    for (let i = 0; i < 300; i++) manager.admitToolExecution({ userId: `u${i}`, toolName: "t" });
    const log = await manager.getAuditLog({ limit: 500 });
    expect(log).toHaveLength(500);
    expect(log.map(({ seq }) => seq)).toEqual(log.map(({ seq }) => seq).toSorted((a, b) => b - a));
    expect((await manager.getAuditLog({ limit: 7, userId: "u3" })).map(({ event }) => event)).toEqual([
      "tool.allowed",
      "permission.granted",
    ]);
    expect(manager.getSecurityStats()).toMatchObject({ granted: 300, authorizedExecutions: 300 });
  });
});
