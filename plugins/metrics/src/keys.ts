import { defineService } from "@graphtap/kernel";
import type { WorkflowMetricsCollector } from "./collector.js";

/** What runs used and how they ended. */
export const Metrics = defineService<WorkflowMetricsCollector>()("metrics");

export type { MetricsSystemPanel, MetricsUserPanel } from "./panel.js";
