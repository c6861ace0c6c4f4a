import { definePlugin, hooks } from "@graphtap/langgraph";
import { WorkflowMetricsCollector } from "./collector.js";
import { Metrics } from "./keys.js";
import { RunLedger } from "./ledger.js";
import { options } from "./options.js";

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
  setup(api, { maxHistory, maxActive }) {
    const now = (): number => api.clock.now();
    const ledger = new RunLedger({ now, maxHistory, maxActive });
    api.provide(Metrics, new WorkflowMetricsCollector({ ledger, now, monotonic: () => api.clock.monotonic() }));

    api.tap(hooks.run.start, (_start, run) => ledger.began(run));
    api.tap(hooks.run.error, (failure, run) => ledger.failed(run, failure));
    api.tap(hooks.run.end, (end) => ledger.ended(end.runId, end));
    api.tap(hooks.model.end, (end, run) => ledger.modelEnded(run, end));
    api.tap(hooks.model.denied, (denial, run) => ledger.modelDenied(run, denial));
    api.tap(hooks.tool.start, ({ executionId }, run) => ledger.toolStarted(run, executionId));
    api.tap(hooks.tool.end, (end, run) => ledger.toolEnded(run, end));
    api.tap(hooks.tool.denied, (denial, run) => ledger.toolDenied(run, denial));
  },
});
