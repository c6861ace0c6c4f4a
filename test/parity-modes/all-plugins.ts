import type { PluginInput, Stack } from "@graphtap/langgraph";
import { audit, composition, content, dashboard, metrics, perf, security } from "graphtap";
import { expect } from "vitest";
import { type Line, label } from "./record.js";

/** Tools of the matrix; `LIMIT` is more than any cell calls, so that what is left of it says what was counted. */
const TOOLS = ["search", "wire", "refund", "broken", "wait", "stubborn"] as const;
export const LIMIT = 50;

/** All seven, with what they watch and hold back by default, and conversations compressed. */
export const allPlugins = (): readonly PluginInput[] => [
  metrics(),
  security(),
  content(),
  audit(),
  perf({ compression: { maxTokens: 2_000 } }),
  composition(),
  dashboard(),
];

/** Lets alice use every tool: what is refused in the matrix is refused by a plugin beside these. */
export function grantAll(stack: Stack): void {
  for (const toolName of TOOLS)
    stack
      .get(security)
      .grantToolPermission({ userId: "alice", toolName, permissionLevel: "execute", rateLimit: LIMIT });
}

const count = (lines: readonly Line[], hook: string): number => lines.filter((line) => line.hook === hook).length;

/** What the plugins say of one run is what was seen of it. */
export function expectTold(stack: Stack, lines: readonly Line[]): void {
  const end = lines.find(({ hook }) => hook === "run.end") as Line;
  const { runId } = end;
  const record = stack.get(metrics).getWorkflowMetrics(runId);
  expect(record).toMatchObject({
    status: end.status,
    code: end.code,
    userId: end.principal,
    tokenUsage: { input: end.usage?.input ?? null, output: end.usage?.output ?? null },
    toolCalls: count(lines, "tool.start") + count(lines, "tool.denied"),
    resumedFrom: end.resumedFrom,
  });
  expect(
    record?.models.reduce((calls, model) => calls + model.calls, 0),
    "model calls",
  ).toBe(count(lines, "model.start") + count(lines, "model.denied"));
  const { entries } = stack.get(audit).query({ runId, limit: 1_000 });
  const told = entries.map(({ event, tool, code }) => [event, tool, code].filter((part) => part !== null).join(" "));
  const AS: Readonly<Record<string, string>> = {
    "run.start": "run.started",
    "run.end": "run.ended",
    "tool.start": "tool.allowed",
    "tool.denied": "tool.denied",
    "model.denied": "model.denied",
    "run.denied": "run.denied",
  };
  const seen = lines.flatMap((line) => {
    const event = AS[line.hook];
    return event === undefined ? [] : [label({ ...line, hook: event, status: null, late: false })];
  });
  // Newest first; nothing between is left out, and nothing is told twice.
  expect(told.toReversed()).toEqual(seen);
}

/** What the plugins say of all runs together. */
export async function expectAllTold(stack: Stack, lines: readonly Line[]): Promise<void> {
  const collector = stack.get(metrics);
  expect(collector.getActiveRuns()).toEqual([]);
  expect(collector.health).toMatchObject({ active: 0, unmatched: 0, dropped: 0, abandoned: 0 });
  for (const tool of TOOLS) {
    const begun = lines.filter(({ hook, subject }) => hook === "tool.start" && subject === tool).length;
    const { rate } = stack.get(security).authorizeToolExecution({ userId: "alice", toolName: tool });
    expect(rate?.remaining, `calls of ${tool} that were counted`).toBe(LIMIT - begun);
  }
  expect((await stack.get(audit).verify()).problems).toEqual([]);
}
