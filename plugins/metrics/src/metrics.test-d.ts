import { createStack, definePlugin } from "@graphtap/langgraph";
import { Metrics, metrics } from "./index.js";

const stack = createStack({ plugins: [metrics({ maxHistory: 100 })] });
stack.get(metrics).report({ hours: 24 }).tokens.input satisfies number | null;
stack.get(Metrics).getWorkflowStats({ hours: 24 }).successRate satisfies number | null;
metrics();

// @ts-expect-error no such option
metrics({ history: 100 });
// @ts-expect-error no such filter
stack.get(metrics).report({ user: "alice" });
// @ts-expect-error a workflow has a type
stack.get(metrics).startWorkflowTracking({ userId: "alice" });

const needy = definePlugin({
  name: "acme-needy",
  version: "1.0.0",
  requires: [Metrics],
  setup: (api) => void api.get(Metrics).health.active,
});
createStack({ plugins: [needy(), metrics()] });
// @ts-expect-error nothing provides the metrics it requires
createStack({ plugins: [needy()] });
