import { scriptedModel } from "@graphtap/testkit";
import { audit, composition, type DashboardService, dashboard, isDenied, metrics, perf, security } from "graphtap";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ask, makeParts, NAMES, type PluginName, SECRET, stackOf } from "./all.js";

const SECTIONS = {
  metrics: "workflowMetrics",
  security: "permissions",
  audit: "recentActivity",
  content: "contentFilter",
  performance: "performance",
} as const;

/** Runs what all stacks can, and checks what each plugin of the list has to do about it, and that no other does. */
async function expectStack(names: readonly PluginName[]): Promise<void> {
  await using stack = stackOf(names);
  await stack.ready();
  const has = (name: PluginName): boolean => names.includes(name);
  const { llm, tools } = makeParts();
  const build = () => stack.createWorkflow({ name: "desk", mode: "tools", llm, tools });
  const [desk, again] = [await build(), await build()];
  expect(desk.constructor.name).toBe(again.constructor.name);
  if (has("security")) {
    const grant = { toolName: "search", permissionLevel: "read" } as const;
    stack.get(security).grantToolPermission({ userId: "alice", ...grant });
  }
  const alice = stack.as({ userId: "alice", tier: "premium" });

  const found = await desk.invoke(ask("search A-17"), alice);
  expect(found.messages.at(-1)?.text).toBe("result: found A-17");
  const refused = await desk.invoke(ask("refund A-17"), alice);
  expect(refused.messages.filter(isDenied)).toHaveLength(has("security") ? 1 : 0);
  expect(refused.messages.at(-1)?.text.includes("paid back")).toBe(!has("security"));
  let told = "";
  for await (const [message] of await desk.stream(ask(`my key is ${SECRET} ok`), { ...alice, streamMode: "messages" }))
    told += message.text;
  expect(told).toBe(`heard: my key is ${has("content") ? "[hidden:openai-key]" : SECRET} ok`);

  if (has("metrics"))
    expect(stack.get(metrics).report()).toMatchObject({
      runs: { total: 3, ok: 3, error: 0 },
      tokens: { input: 31 },
      errors: 0,
    });
  if (has("audit")) {
    const events = stack
      .get(audit)
      .query({ userId: "alice" })
      .entries.map(({ event }) => event);
    const count = (name: string): number => events.filter((event) => event === name).length;
    expect([count("run.started"), count("run.ended"), count("tool.allowed"), count("tool.denied")]).toEqual(
      has("security") ? [3, 3, 1, 1] : [3, 3, 2, 0],
    );
    expect(count("content.masked") > 0).toBe(has("content"));
    expect((await stack.get(audit).verify()).ok).toBe(true);
  }
  if (has("security")) {
    const log = await stack.get(security).getAuditLog({ decision: "denied" });
    expect(log.map(({ tool, code }) => [tool, code])).toEqual([["refund", "PERMISSION_NOT_GRANTED"]]);
  }
  if (has("performance")) expect(stack.get(perf).workflows.stats()).toMatchObject({ hits: 1, misses: 1 });
  if (has("composition")) {
    const plain = scriptedModel(() => ({ say: "a plain answer" }));
    const chosen = await stack.get(composition).createConditionalWorkflow({
      llm,
      conditions: { tier: { in: ["premium"] } },
      workflowConfigs: { tier: { mode: "tools", tools: [...tools] }, default: { mode: "plain", llm: plain } },
    });
    const said = async (who: typeof alice) => (await chosen.invoke(ask("search B-20"), who)).messages.at(-1)?.text;
    expect(await said(alice)).toBe("result: found B-20");
    expect(await said(stack.as({ userId: "alice" }))).toBe("a plain answer");
  }
  if (has("dashboard")) {
    const board: DashboardService = stack.get(dashboard);
    const user = await board.getUserDashboard("alice");
    for (const [name, section] of Object.entries(SECTIONS)) expect(section in user).toBe(has(name as PluginName));
    const health = await board.getSystemHealth();
    expect(health.unavailable).toEqual([]);
    expect(health.healthScore).toBe(has("metrics") ? 1 : null);
    expect(board.render(health)).toContain("System health");
    if (has("content")) expect(JSON.stringify([user, health])).not.toContain(SECRET);
  }
}

describe("each plugin does what it says, whoever is beside it", () => {
  it.each(NAMES)("%s alone", (name) => expectStack([name]));

  const pairs = NAMES.flatMap((a) => NAMES.filter((b) => b !== a).map((b) => [a, b] as const));
  it.each(pairs)("%s, then %s", (...names) => expectStack(names));

  it("all together, in any order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...NAMES], { minLength: NAMES.length }), (names) => expectStack(names)),
      { numRuns: 12 },
    );
  });

  it("none at all", () => expectStack([]));
});
