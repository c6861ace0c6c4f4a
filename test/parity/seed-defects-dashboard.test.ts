import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import {
  audit,
  composition,
  content,
  createStack,
  dashboard,
  definePlugin,
  hooks,
  metrics,
  perf,
  security,
} from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, keeper, START } from "./parts.js";

const keep = keeper();
const everything = () => [metrics(), security(), content(), audit(), perf({}), composition(), dashboard()] as const;
const desk = () => keep(createStack({ name: "desk", plugins: everything(), clock: fakeClock(START) }));

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: dashboard", () => {
  it("a system at rest had a health score of 0.00", async () => {
    const health = await desk().get(dashboard).getSystemHealth();
    expect(health).toMatchObject({ healthScore: null, status: "unknown", confidence: 0 });
  });

  it("no security event in the window raised ZeroDivisionError", async () => {
    const stack = desk();
    const llm = scriptedModel(() => ({ say: "hello" }));
    const workflow = await stack.createWorkflow({ llm });
    await workflow.invoke(ask("hi"), stack.as({ userId: "user123" }));
    const health = await stack.get(dashboard).getSystemHealth();
    expect(health.security).toBeDefined();
    expect(health.healthScore).toBe(1);
  });

  it("a perfect system scored 0.80, for the cache had no hits", async () => {
    const stack = desk();
    stack.get(security).grantToolPermission({ userId: "user123", toolName: "calculator", permissionLevel: "write" });
    for (let run = 0; run < 50; run++) {
      // Made anew each time: not one answer from the cache.
      const llm = scriptedModel(calling("calculator"));
      const workflow = await stack.createWorkflow({ mode: "tools", llm, tools: [scriptedTool("calculator", "4")] });
      await workflow.invoke(ask("2 + 2?"), stack.as({ userId: "user123" }));
    }
    const health = await stack.get(dashboard).getSystemHealth();
    expect(stack.get(perf).stats().workflows).toMatchObject({ hits: 0, misses: 50 });
    expect(health).toMatchObject({ healthScore: 1, status: "ok" });
  });

  it("attacks that were refused lowered the health score", async () => {
    const stack = desk();
    const llm = scriptedModel(() => ({ say: "hello" }));
    const workflow = await stack.createWorkflow({ llm });
    await workflow.invoke(ask("hi"), stack.as({ userId: "user123" }));
    const wipe = stack.wrapTool(scriptedTool("drop_table", "gone"));
    for (let attack = 0; attack < 200; attack++)
      await wipe.invoke({}, stack.as({ userId: "mallory" })).catch(() => undefined);
    const health = await stack.get(dashboard).getSystemHealth();
    expect(health.healthScore).toBe(1);
    expect(health.audit).toMatchObject({ denialsByCode: [{ code: "PERMISSION_NOT_GRANTED", count: 200 }] });
  });

  it("the user's view named other users (top_users), and the system's figures", async () => {
    const stack = desk();
    const tools = [scriptedTool("web_search", "found")];
    const workflow = await stack.createWorkflow({ mode: "tools", llm: scriptedModel(calling("web_search")), tools });
    const people = [
      { userId: "alice", tenantId: "acme" },
      { userId: "canary-bob", tenantId: "acme" },
      // The same name in another tenant is another user.
      { userId: "alice", tenantId: "canary-corp" },
    ];
    for (const person of people) {
      stack
        .get(security)
        .grantToolPermission({ ...person, toolName: "web_search", permissionLevel: "write", grantedBy: "canary-root" });
      const asked = person.tenantId === "acme" && person.userId === "alice" ? 1 : 3;
      for (let run = 0; run < asked; run++) await workflow.invoke(ask("find it"), stack.as({ ...person, roles: [] }));
      // What others did and may is theirs, even where no name of theirs is in it.
      const denied = stack.wrapTool(scriptedTool(asked === 1 ? "drop_table" : "canary_table", "gone"));
      await denied.invoke({}, stack.as(person)).catch(() => undefined);
    }
    const nowhere = { userId: "alice", toolName: "canary_tool", permissionLevel: "write" } as const;
    stack.get(security).grantToolPermission(nowhere);
    await stack
      .wrapTool(scriptedTool("canary_table", "gone"))
      .invoke({}, stack.as({ userId: "alice" }))
      .catch(() => undefined);
    const shown = await stack.get(dashboard).getUserDashboard({ userId: "alice", tenantId: "acme" });
    expect(JSON.stringify(shown)).not.toContain("canary");
    expect(JSON.stringify(shown)).not.toContain("top_users");
    expect(shown.workflowMetrics).toMatchObject({ totalExecutions: 1, totalToolCalls: 2 });
    expect(shown.permissions).toMatchObject({
      permissions: [{ toolName: "web_search", calls: 1 }],
      recentDenials: [{ tool: "drop_table" }],
    });
    // What is nobody's own, such as the cache, is the system's.
    expect(shown.performance).toEqual({ compression: null });
    expect(stack.get(dashboard).render(shown)).not.toContain("canary");
  });

  it("one part that failed took the whole dashboard away", async () => {
    const broken = definePlugin({
      name: "broken",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        const fail = (): never => {
          throw new TypeError("missing 1 required positional argument");
        };
        api.tap(hooks.dashboard.collect, fail);
        api.tap(hooks.health.check, fail);
      },
    })();
    const stack = keep(createStack({ plugins: [...everything(), broken], clock: fakeClock(START) }));
    const service = stack.get(dashboard);
    expect((await service.getUserDashboard("user123")).unavailable).toEqual([{ plugin: "broken", problem: "failed" }]);
    expect((await service.getSystemHealth()).workflowMetrics).toBeDefined();
  });
});
