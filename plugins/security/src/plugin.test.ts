import { readFile } from "node:fs/promises";
import { createStack, definePlugin, deny, hooks, isDenied } from "@graphtap/langgraph";
import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import type { StructuredToolInterface } from "@langchain/core/tools";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { afterEach, describe, expect, it } from "vitest";
import { type PermissionChange, security, securityHooks, type ToolRule } from "./index.js";

const user = (content: string) => ({ messages: [{ role: "user", content }] });
/** Calls the tool that the user names, once, then answers with what came back. */
function agent(tools: StructuredToolInterface[]) {
  const model = scriptedModel((messages) =>
    messages.at(-1)?.type === "human"
      ? { call: { name: messages.at(-1)?.text ?? "" } }
      : { say: `Result: ${messages.at(-1)?.text}` },
  ).bindTools(tools);
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode(tools))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile({ checkpointer: new MemorySaver() });
}
const open: { dispose(): Promise<void> }[] = [];
function stackOf(
  options: Parameters<typeof security>[0] = {},
  more: Parameters<typeof createStack>[0]["plugins"] = [],
  rest: object = {},
) {
  const stack = createStack({ name: "desk", plugins: [security(options), ...more] as const, ...rest });
  open.push(stack);
  return { stack, manager: stack.get(security) };
}
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.dispose();
});

describe("security, around a graph", () => {
  it("denies what is not granted, in invoke and stream, and the tool does not run", async () => {
    const refund = scriptedTool("refund", "done");
    const { stack, manager } = stackOf();
    const graph = stack.wrap(agent([refund]));
    const out = await graph.invoke(user("refund"), stack.as({ userId: "bob", conversationId: "1" }));
    expect(out.messages.at(-1)?.text).toBe(
      'Result: PERMISSION_NOT_GRANTED: "refund" is not available to you; do not retry, answer without it.',
    );
    expect(out.messages.filter(isDenied)).toHaveLength(1);
    for await (const _ of await graph.stream(
      user("refund"),
      stack.as({ userId: "bob", conversationId: "2" }, { streamMode: "messages" }),
    ));
    expect(refund.calls).toHaveLength(0);
    const log = await manager.getAuditLog({ decision: "denied" });
    expect(log.map((e) => [e.tool, e.code, e.plugin, e.userId, e.threadId, e.node])).toEqual([
      ["refund", "PERMISSION_NOT_GRANTED", "security", "bob", "2", "tools"],
      ["refund", "PERMISSION_NOT_GRANTED", "security", "bob", "1", "tools"],
    ]);
    expect(new Set(log.map((e) => e.executionId)).size).toBe(2);
  });

  it("sees a grant, a revocation and an expiry at the next call, also inside a run under way", async () => {
    const clock = fakeClock();
    const refund = scriptedTool("refund", "done");
    const { stack, manager } = stackOf({}, [], { clock });
    const graph = stack.wrap(agent([refund]));
    let runs = 0;
    const run = async () =>
      (
        await graph.invoke(user("refund"), stack.as({ userId: "alice", conversationId: `c-${++runs}` }))
      ).messages.filter(isDenied).length;
    expect(await run()).toBe(1);
    manager.grantToolPermission({
      userId: "alice",
      toolName: "refund",
      permissionLevel: "write",
      expiry: clock.now() + 1_000,
    });
    expect(await run()).toBe(0);
    clock.advance(1_000);
    expect(await run()).toBe(1);
    manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });

    // Two calls one after the other in one node of one run; the right goes in between.
    const wrapped = stack.wrapTool(refund);
    const twice = new StateGraph(MessagesAnnotation)
      .addNode("both", async (_state, config) => {
        await wrapped.invoke({}, config);
        manager.revokeToolPermission({ userId: "alice", toolName: "refund" });
        await wrapped.invoke({}, config);
        return {};
      })
      .addEdge(START, "both")
      .compile();
    await expect(stack.wrap(twice).invoke(user("x"), stack.as({ userId: "alice" }))).rejects.toMatchObject({
      code: "PERMISSION_NOT_GRANTED",
    });
    expect(refund.calls).toHaveLength(2);
  });

  it("asks for the level that options or the tool's metadata declare", async () => {
    const tools = [
      scriptedTool("search", "found"),
      scriptedTool("look", "seen", { metadata: { permissionLevel: "read" } }),
      scriptedTool("odd", "x", { metadata: { permissionLevel: "root" } }),
      scriptedTool("plain", "y"),
    ];
    const { stack, manager } = stackOf({ tools: { search: { level: "read" } } });
    const graph = stack.wrap(agent(tools));
    for (const { name } of tools)
      manager.grantToolPermission({ userId: "a", toolName: name, permissionLevel: name === "odd" ? "admin" : "read" });
    const ran: string[] = [];
    for (const { name } of tools) {
      const out = await graph.invoke(user(name), stack.as({ userId: "a", conversationId: name }));
      if (!out.messages.some(isDenied)) ran.push(name);
    }
    expect(ran).toEqual(["search", "look"]);
    expect((await manager.getAuditLog({ decision: "denied" })).map(({ reason }) => reason)).toEqual([
      'grant g-4 of "plain" for user "a" allows read, write is required (policy v5)',
      'the metadata of "odd" asks for a level that does not exist (default deny, policy v5)',
    ]);
  });

  it("gives a service no more than both it and its user may do, and logs both", async () => {
    const refund = scriptedTool("refund", "done");
    const { stack, manager } = stackOf();
    const graph = stack.wrap(agent([refund]));
    const run = async (conversationId: string) =>
      (
        await graph.invoke(
          user("refund"),
          stack.as({ service: "nightly", onBehalfOf: { userId: "alice" }, conversationId }),
        )
      ).messages.some(isDenied);
    manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
    expect(await run("1")).toBe(true);
    manager.grantToolPermission({ service: "nightly", toolName: "refund", permissionLevel: "write" });
    expect(await run("2")).toBe(false);
    manager.revokeToolPermission({ userId: "alice", toolName: "refund" });
    expect(await run("3")).toBe(true);
    const [last] = await manager.getAuditLog({ userId: "alice", decision: "denied" });
    expect(last).toMatchObject({
      service: "nightly",
      userId: null,
      onBehalfOf: { userId: "alice", tenantId: null },
      reason: 'no grant of "refund" for user "alice", for whom service "nightly" acts (default deny, policy v4)',
    });
    expect(JSON.parse(JSON.stringify(last))).toEqual(last);
  });

  it("refuses a run without identity before its first node, and logs it", async () => {
    const refund = scriptedTool("refund", "done");
    const { stack, manager } = stackOf();
    await expect(
      stack.wrap(agent([refund])).invoke(user("refund"), { configurable: { thread_id: "t" } }),
    ).rejects.toMatchObject({ code: "IDENTITY_MISSING" });
    expect(await manager.getAuditLog()).toMatchObject([
      { event: "run.denied", decision: "denied", tool: null, code: "IDENTITY_MISSING", userId: null },
    ]);
  });

  it("denies every tool to a run that nobody runs, where such runs are let in", async () => {
    const refund = scriptedTool("refund", "done");
    const { stack, manager } = stackOf({}, [], { anonymous: "no-tools" });
    const out = await stack.wrap(agent([refund])).invoke(user("refund"), { configurable: { thread_id: "t" } });
    expect(out.messages.filter(isDenied)).toHaveLength(1);
    expect(refund.calls).toHaveLength(0);
    expect(await manager.getAuditLog()).toMatchObject([
      { event: "tool.denied", code: "IDENTITY_MISSING", userId: null },
    ]);
  });

  it("keeps parallel users apart", async () => {
    const refund = scriptedTool("refund", "done", { delayMs: 1 });
    const { stack, manager } = stackOf();
    const graph = stack.wrap(agent([refund]));
    for (let i = 0; i < 20; i += 2)
      manager.grantToolPermission({ userId: `u${i}`, toolName: "refund", permissionLevel: "write" });
    const denied = await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        (await graph.invoke(user("refund"), stack.as({ userId: `u${i}`, conversationId: `c${i}` }))).messages.some(
          isDenied,
        ),
      ),
    );
    expect(denied).toEqual(Array.from({ length: 20 }, (_, i) => i % 2 === 1));
    const log = await manager.getAuditLog({ decision: "allowed" });
    expect(log).toHaveLength(10);
    expect(new Set(log.map(({ userId }) => userId))).toEqual(
      new Set(Array.from({ length: 10 }, (_, i) => `u${2 * i}`)),
    );
  });

  it("logs the denials of other guards, and not as allowed what one of them refused", async () => {
    const closed = definePlugin({
      name: "acme-closed",
      version: "1.0.0",
      setup: (api) => void api.tap(hooks.tool.authorize, () => deny("CLOSED", "closed today", { reason: "a holiday" })),
    });
    const refund = scriptedTool("refund", "done");
    const { stack, manager } = stackOf({}, [closed()]);
    manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
    await stack
      .wrapTool(refund)
      .invoke({}, stack.as({ userId: "alice" }))
      .catch(() => undefined);
    expect((await manager.getAuditLog()).map((e) => [e.event, e.code, e.plugin, e.reason])).toEqual([
      ["tool.denied", "CLOSED", "acme-closed", "a holiday"],
      ["permission.granted", null, null, null],
    ]);
  });

  it("tells its own hooks of changes, and stands by them when an observer fails", async () => {
    const seen: [string, PermissionChange][] = [];
    const watcher = definePlugin({
      name: "acme-watcher",
      version: "1.0.0",
      setup(api) {
        api.tap(securityHooks.granted, (change) => void seen.push(["granted", change]));
        api.tap(securityHooks.revoked, async (change) => {
          seen.push(["revoked", change]);
          throw new Error("broken observer");
        });
      },
    });
    const { stack, manager } = stackOf({}, [watcher()]);
    const permission = manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
    expect(manager.revokeToolPermission({ userId: "alice", toolName: "refund", revokedBy: "root" })).toBe(true);
    await stack.flush();
    expect(
      seen.map(
        ([
          kind,
          {
            permission: { id },
            by,
            policyVersion,
          },
        ]) => [kind, id, by, policyVersion],
      ),
    ).toEqual([
      ["granted", permission.id, null, 2],
      ["revoked", permission.id, "root", 3],
    ]);
    expect(stack.inspect().toJSON()).toMatchObject({ name: "desk" });
  });
});

it("carries the version of its package", async () => {
  const file = new URL("../package.json", import.meta.url);
  expect(security.version).toBe((JSON.parse(await readFile(file, "utf8")) as { version: string }).version);
});

it.each(["at once", "later"])("lets no observer that interrupts, %s, undo or hide a change", async (when) => {
  const logged: string[] = [];
  const interrupt = Object.assign(new Error("pause"), { is_bubble_up: true });
  const pauser = definePlugin({
    name: "acme-pauser",
    version: "1.0.0",
    setup: (api) =>
      void api.tap(securityHooks.granted, () => {
        if (when === "at once") throw interrupt;
        return Promise.reject(interrupt);
      }),
  });
  const logger = { log: (level: string, text: string) => void logged.push(`${level} ${text}`) };
  const { stack, manager } = stackOf({}, [pauser()], { logger });
  manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
  expect(manager.authorizeToolExecution({ userId: "alice", toolName: "refund" }).allowed).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(logged).toContain("error an observer of security.granted failed");
  expect(stack.isReady()).toBe(true);
});

describe("options of security", () => {
  const wrong: [string, unknown, string][] = [
    ["an unknown key", { tool: {} }, "tool"],
    ["a list of tools", { tools: ["refund"] }, "tools"],
    ["a level that does not exist", { tools: { refund: { level: "root" } } }, "tools.refund.level"],
    ["a tool that needs nothing", { tools: { refund: { level: "none" } } }, "tools.refund.level"],
    ["an unknown key of a tool", { tools: { refund: { levels: "read" } } }, "tools.refund"],
    ["a rule that is text", { tools: { refund: "read" } }, "tools.refund"],
    ["a prototype for a rule", { tools: Object.create({ refund: { level: "read" } }) as object }, "tools"],
    ["no level by default", { defaultLevel: "none" }, "defaultLevel"],
    ["room for no grant", { maxGrants: 0 }, "maxGrants"],
    ["half an entry", { maxAuditEntries: 1.5 }, "maxAuditEntries"],
  ];
  it.each(wrong)("refuse %s", (_name, options, where) => {
    let error: unknown;
    try {
      security(options as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "PLUGIN_OPTIONS_INVALID" });
    expect(String((error as Error).message)).toContain(where);
  });

  it("keep the rule of a tool called __proto__", async () => {
    const { stack, manager } = stackOf({
      tools: JSON.parse('{"__proto__": {"level": "admin"}}') as Record<string, ToolRule>,
    });
    manager.grantToolPermission({ userId: "a", toolName: "__proto__", permissionLevel: "execute" });
    expect(manager.authorizeToolExecution({ userId: "a", toolName: "__proto__" })).toMatchObject({
      allowed: false,
      requiredLevel: "admin",
    });
    expect(stack.isReady()).toBe(true);
  });

  it("keep no more entries and grants than they say", async () => {
    const { stack, manager } = stackOf({ maxAuditEntries: 2, maxGrants: 1, defaultLevel: "read" });
    manager.grantToolPermission({ userId: "a", toolName: "t", permissionLevel: "read" });
    expect(manager.authorizeToolExecution({ userId: "a", toolName: "t" }).allowed).toBe(true);
    expect(() => manager.grantToolPermission({ userId: "b", toolName: "t", permissionLevel: "read" })).toThrow(
      "[GRANT_LIMIT_REACHED]",
    );
    const tool = stack.wrapTool(scriptedTool("t", "x"));
    for (let i = 0; i < 5; i++) await tool.invoke({}, stack.as({ userId: "b" })).catch(() => undefined);
    await tool.invoke({}, stack.as({ userId: "a" }));
    expect(manager.getSecurityStats()).toMatchObject({
      deniedAttempts: 2,
      authorizedExecutions: 1,
      granted: 1,
      dropped: { denials: 3, allows: 0, changes: 0 },
    });
    expect(manager.getSecurityStats().topDenied).toEqual([{ name: 'user "b"', count: 2 }]);
  });
});
