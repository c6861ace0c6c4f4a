import { definePlugin, hooks } from "@graphtap/langgraph";
import { WorkflowMetricsCollector } from "./collector.js";
import { Configs } from "./configs.js";
import { Metrics } from "./keys.js";
import { RunLedger } from "./ledger.js";
import { LiveEvents } from "./live.js";
import { options } from "./options.js";
import { indicatorsOf, systemPanel, userPanel } from "./panel.js";
import { Rolling } from "./rolling.js";

/** Failures that a dashboard shows. */
const RECENT_ERRORS = 5;

/**
 * Records what runs, models and tools did: tokens, durations, errors, denials. Sees everything, changes nothing.
 *
 * @example
 * const stack = createStack({ plugins: [metrics()] });
 * console.log(stack.get(metrics).report({ hours: 24 }));
 */
export const metrics = definePlugin({
  name: "metrics",
  version: "0.0.0",
  options,
  provides: [Metrics],
  identity: "none",
  setup(api, { maxHistory, maxActive, maxSeries, retrievalNodes, latencyTargetMs }) {
    const now = (): number => api.clock.now();
    const monotonic = (): number => api.clock.monotonic();
    const rolling = new Rolling(maxSeries, monotonic);
    const live = new LiveEvents();
    const configs = new Configs();
    const configOf = (workflow: string): ReturnType<Configs["get"]> => configs.get(workflow);
    const ledger = new RunLedger({ now, monotonic, rolling, live, configOf, maxHistory, maxActive });
    const collector = new WorkflowMetricsCollector({ ledger, rolling, live, now, monotonic });
    api.provide(Metrics, collector);
    api.onDispose(() => live.clear());

    api.tap(hooks.workflow.define, ({ name, spec }) => void configs.add(name, spec));
    api.tap(hooks.run.start, (_start, run) => ledger.began(run));
    api.tap(hooks.run.error, (failure, run) => ledger.failed(run, failure));
    api.tap(hooks.run.end, (end) => ledger.ended(end.runId, end));
    api.tap(hooks.model.start, (_start, run) => ledger.modelStarted(run));
    api.tap(hooks.model.end, (end, run) => ledger.modelEnded(run, end));
    api.tap(hooks.model.denied, (denial, run) => ledger.modelDenied(run, denial));
    api.tap(hooks.tool.start, ({ executionId }, run) => ledger.toolStarted(run, executionId));
    api.tap(hooks.tool.end, (end, run) => ledger.toolEnded(run, end));
    api.tap(hooks.tool.denied, (denial, run) => ledger.toolDenied(run, denial));
    if (retrievalNodes.length > 0)
      api.tap(hooks.node.end, (end, run) => {
        if (retrievalNodes.includes(end.name)) ledger.retrieved(run, end);
      });

    api.tap(hooks.dashboard.collect, (scope) => {
      const of = scope.kind === "user" ? { userId: scope.userId, tenantId: scope.tenantId } : {};
      const stats = collector.getWorkflowStats(of);
      const report = collector.report(of);
      const errors = collector.getRecentErrors({ ...of, limit: RECENT_ERRORS });
      const data =
        scope.kind === "user"
          ? userPanel(stats, report, errors, report.runs.running)
          : systemPanel(stats, report, errors, collector.getLiveStats());
      return { id: "metrics", title: "Workflows, last 24 hours", version: 1, data: { ...data } };
    });
    api.tap(hooks.health.check, () => ({
      id: "metrics",
      status: "ok" as const,
      indicators: indicatorsOf(rolling, ledger.records(), now(), latencyTargetMs),
    }));
  },
});
