import { describe, expect, it, vi } from "vitest";
import { fakeClock } from "@graphtap/testkit";
import { classify } from "./category.js";
import { WorkflowMetricsCollector } from "./collector.js";
import { Failures } from "./failures.js";
import { makeLedger } from "./fixtures/ledger.js";
import { LiveEvents } from "./live.js";
import { Rolling } from "./rolling.js";

function make() {
  const clock = fakeClock();
  const now = (): number => clock.now();
  const monotonic = (): number => clock.monotonic();
  const rolling = new Rolling(500, monotonic);
  const live = new LiveEvents();
  const ledger = makeLedger({ now, monotonic, rolling, live, maxActive: 1_000, maxHistory: 1_000 });
  return { clock, live, collector: new WorkflowMetricsCollector({ ledger, rolling, live, now, monotonic }) };
}
const hostile = (): Error => {
  const error = new Error("trap");
  for (const key of ["name", "code", "cause", "errors", "status"])
    Object.defineProperty(error, key, {
      get() {
        throw new Error("getter");
      },
    });
  return error;
};

describe("failures of runs side by side", () => {
  it("are one each, though 1,000 runs that are interleaved throw the same error object", () => {
    const failures = new Failures();
    const runs = Array.from({ length: 1_000 }, () => ({}));
    const shared = new Error("one rejected promise for all");
    const count = (): number => runs.filter((run) => failures.isNew(run, shared)).length;
    // First the model of each tells of it, then each run.
    expect([count(), count()]).toEqual([1_000, 0]);
  });

  it("are one when they come up together in an AggregateError", () => {
    const failures = new Failures();
    const run = {};
    const [a, b] = [new Error("a"), new Error("b")];
    expect([failures.isNew(run, a), failures.isNew(run, b)]).toEqual([true, true]);
    expect(failures.isNew(run, new AggregateError([a, b], "both"))).toBe(false);
    expect(failures.isNew(run, new Error("around", { cause: new AggregateError([a]) }))).toBe(false);
  });
});

describe("the category of a failure", () => {
  it("is what fetch was refused for, and not the TypeError around it", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    expect(classify(new TypeError("fetch failed", { cause: refused }), "model")).toEqual({
      category: "network",
      retryable: true,
      blame: "network",
    });
    expect(classify(new TypeError("x is not a function"), "model").category).toBe("internal");
  });

  it("is told whatever an error does when it is read", () => {
    const { collector } = make();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    const odd = Object.assign(new Error("odd"), { name: 42, code: {} });
    for (const error of [hostile(), odd, new Proxy({}, { get: () => expect.unreachable() }), Symbol("no")])
      collector.updateWorkflowMetrics(id, { error });
    const done = collector.finishWorkflowTracking(id);
    expect(done).toMatchObject({ status: "error", errorCount: 4 });
    expect(done?.errors.map(({ type }) => type)).toEqual([null, null, null, null]);
  });

  it("is counted beyond the failures that one run keeps", () => {
    const { collector } = make();
    const id = collector.startWorkflowTracking({ workflowType: "rag" });
    for (let one = 0; one < 250; one++)
      collector.updateWorkflowMetrics(id, { error: Object.assign(new Error("slow down"), { status: 429 }) });
    collector.finishWorkflowTracking(id);
    expect(collector.getWorkflowStats()).toMatchObject({ errorCount: 250, errorsByCategory: { rate_limited: 250 } });
  });
});

describe("recent errors", () => {
  it("are the newest, also when all of them happened in one moment", () => {
    const { collector } = make();
    for (let one = 0; one < 20; one++) {
      const id = collector.startWorkflowTracking({ workflowType: `w${one}` });
      collector.updateWorkflowMetrics(id, { error: new Error("no") });
      collector.finishWorkflowTracking(id);
    }
    expect(collector.getRecentErrors({ limit: 3 }).map(({ workflow }) => workflow)).toEqual(["w19", "w18", "w17"]);
  });
});

describe("listeners", () => {
  it("may be async and fail: it is counted, and the process lives", async () => {
    const { collector } = make();
    const unhandled = vi.fn<(reason: unknown) => void>();
    process.on("unhandledRejection", unhandled);
    try {
      collector.on("run.ended", async () => {
        throw new Error("listener");
      });
      collector.finishWorkflowTracking(collector.startWorkflowTracking({ workflowType: "rag" }));
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
      expect(collector.health.listenersFailed).toBe(1);
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });
});

describe("names in windows", () => {
  it("make room when they have had no figures for a day: a flood of them is not for ever", () => {
    let now = 0;
    const rolling = new Rolling(3, () => now);
    const ok = { status: "ok", durationMs: 1 } as const;
    for (let one = 0; one < 10; one++) rolling.record("tool", `flood-${one}`, ok);
    now = 3_600_000;
    rolling.record("tool", "search", ok);
    expect(rolling.names("tool")).not.toContain("search");
    for (now = 86_400_000; now < 100_000_000; now += 600_000) rolling.record("tool", "search", ok);
    expect(rolling.names("tool").filter((name) => name.startsWith("flood"))).toEqual([]);
    expect(rolling.names("tool")).toContain("search");
    expect(rolling.series).toBe(1);
  });
});
