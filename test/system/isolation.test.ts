import { audit, composition, content, dashboard, metrics, perf, security } from "graphtap";
import { expect, it } from "vitest";
import { ask, makeParts, NAMES, stackOf } from "./all.js";

const TENANTS = ["acme", "globex"] as const;
const USERS = ["ann", "ben", "cyn", "dan", "eve"] as const;
const RUNS = 1_000;
/** A word of one user of one tenant: wherever it shows, it must be theirs. */
const canary = (tenantId: string, userId: string): string => `canary-${tenantId}-${userId}`;
const all = TENANTS.flatMap((tenantId) =>
  USERS.map((userId) => ({ tenantId, userId, word: canary(tenantId, userId) })),
);
const foreign = (word: string): readonly string[] => all.map((one) => one.word).filter((other) => other !== word);

it("1,000 interleaved runs of two tenants over one cached graph and one composite show nobody anything foreign", async () => {
  await using stack = stackOf(NAMES);
  await stack.ready();
  const { llm, tools } = makeParts();
  const permissions = stack.get(security);
  // Ben may pay back in one tenant only, and everybody may search there and here.
  for (const tenantId of TENANTS)
    for (const userId of USERS)
      permissions.grantToolPermission({ userId, tenantId, toolName: "search", permissionLevel: "read" });
  permissions.grantToolPermission({ userId: "ben", tenantId: "acme", toolName: "refund", permissionLevel: "write" });

  const desk = () => stack.createWorkflow({ name: "desk", mode: "tools", llm, tools, enableMemory: true });
  const both = await stack.get(composition).createCompositeWorkflow({
    name: "both",
    llm,
    enableMemory: true,
    executionStrategy: "sequential",
    workflows: [
      { name: "first", workflow: { mode: "tools", tools: [...tools] } },
      { name: "second", workflow: { mode: "plain" } },
    ],
  });

  const seen = new Map<string, string[]>();
  const run = async (at: number): Promise<void> => {
    const who = all[at % all.length] as (typeof all)[number];
    const { tenantId, userId, word } = who;
    const config = stack.as({ userId, tenantId, conversationId: `${word}-${Math.floor(at / 30)}` });
    // Two in ten ask for what is denied to all but one; three in ten go through the composite.
    const text = at % 10 < 2 ? `refund ${word}` : `search ${word}`;
    const graph = at % 10 >= 7 ? both : await desk();
    const state = (await graph.invoke(ask(text) as never, config as never)) as { messages: { text: string }[] };
    const texts = state.messages.map((message) => message.text);
    for (const other of foreign(word)) for (const one of texts) expect(one).not.toContain(other);
    if (text.startsWith("refund"))
      expect(texts.at(-1)?.includes(`paid back ${word}`)).toBe(userId === "ben" && tenantId === "acme");
    seen.set(word, [...(seen.get(word) ?? []), text]);
  };
  // Each user one thing at a time, all users at once: LangGraph's MemorySaver does not bear two runs on one thread.
  await Promise.all(
    all.map(async (_user, first) => {
      for (let at = first; at < RUNS; at += all.length) await run(at);
    }),
  );
  expect([...seen.values()].reduce((sum, texts) => sum + texts.length, 0)).toBe(RUNS);
  expect(stack.get(perf).workflows.stats().misses).toBeLessThanOrEqual(3);

  const collector = stack.get(metrics);
  const log = stack.get(audit);
  for (const { tenantId, userId, word } of all) {
    const mine = { userId, tenantId };
    const shown = JSON.stringify([
      await stack.get(dashboard).getUserDashboard(mine),
      collector.getWorkflowStats(mine),
      collector.report(mine),
      collector.getRecentErrors(mine),
      log.query({ ...mine, limit: 10_000 }).entries,
      await permissions.getAuditLog({ ...mine, limit: 10_000 }),
      permissions.getUserPermissions(mine),
      stack.get(content).stats(mine),
    ]);
    const others = all.filter((other) => other.word !== word);
    for (const other of others) expect(shown).not.toContain(other.word);
    for (const name of USERS.filter((other) => other !== userId)) expect(shown).not.toContain(`"${name}"`);
    for (const tenant of TENANTS.filter((other) => other !== tenantId)) expect(shown).not.toContain(`"${tenant}"`);
    expect(collector.getWorkflowStats(mine).totalExecutions).toBe(RUNS / all.length);
  }
  for (const tenantId of TENANTS) {
    const shown = JSON.stringify([
      collector.getWorkflowStats({ tenantId }),
      log.query({ tenantId, limit: 10_000 }).entries,
      permissions.getSecurityStats({ tenantId }),
    ]);
    for (const other of TENANTS.filter((one) => one !== tenantId)) expect(shown).not.toContain(other);
    expect(collector.getWorkflowStats({ tenantId }).totalExecutions).toBe(RUNS / 2);
  }
  expect((await log.verify()).ok).toBe(true);
  expect(collector.health).toMatchObject({ active: 0, unmatched: 0, dropped: 0 });
}, 120_000);
