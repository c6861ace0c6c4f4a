export type { WorkflowMetricsCollector } from "./collector.js";
export { errorCatalog, type MetricsErrorCode } from "./errors.js";
export type { MetricsQuery, TrackingFinish, TrackingStart, TrackingUpdate } from "./input.js";
export { Metrics } from "./keys.js";
export { metrics } from "./plugin.js";
export type { RunFailure, RunKind, RunStatus, WorkflowMetrics } from "./record.js";
export type { DenialRow, MetricsReport, ModelRow, RunCounts, ToolRow } from "./report.js";
export type { WorkflowStats } from "./stats.js";
export type { Tokens } from "./tally.js";
