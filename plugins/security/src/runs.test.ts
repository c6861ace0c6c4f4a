import { createRunData } from "@graphtap/kernel";
import type { RunContext } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { RunLedger } from "./runs.js";

const limits = { maxCalls: 5, maxCallsPerTool: 5, maxRepeats: 5 };
const run = (runId: string, rootRunId = runId): RunContext =>
  ({ runId, rootRunId, parentRunId: runId === rootRunId ? null : rootRunId, data: createRunData() }) as RunContext;

describe("RunLedger", () => {
  it("counts nested runs with their root, and other roots on their own", () => {
    const ledger = new RunLedger(limits);
    const [root, nested, other] = [run("root"), run("nested", "root"), run("other")];
    for (const one of [root, nested, other]) ledger.begins(one);
    ledger.of(nested).take("t", null);
    ledger.of(root).take("t", null);
    expect([ledger.of(root).total, ledger.of(nested).total, ledger.of(other).total]).toEqual([2, 2, 0]);
    expect(ledger.of(nested)).toBe(ledger.of(root));
  });

  it("keeps no root that has ended, and counts what comes late with the root all the same", () => {
    const ledger = new RunLedger(limits);
    const [root, nested, late] = [run("root"), run("nested", "root"), run("late", "root")];
    ledger.begins(root);
    ledger.begins(nested);
    expect(ledger.size).toBe(1);
    ledger.ends(nested);
    expect(ledger.size).toBe(1);
    ledger.ends(root);
    expect(ledger.size).toBe(0);
    expect(ledger.of(nested)).toBe(ledger.of(root));
    ledger.begins(late);
    expect(ledger.of(late)).not.toBe(ledger.of(root));
  });

  it("counts a call without a run, or whose beginning it did not see, on its own", () => {
    const ledger = new RunLedger(limits);
    const direct = run("direct");
    ledger.of(direct).take("t", null);
    expect([ledger.of(direct).total, ledger.of(run("direct")).total, ledger.size]).toEqual([1, 0, 0]);
  });
});
