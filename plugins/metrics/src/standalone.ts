import { z } from "zod";
import type { CollectorParts } from "./collector.js";
import { callInvalid } from "./errors.js";
import { RunLedger } from "./ledger.js";
import { LiveEvents } from "./live.js";
import { bounds } from "./options.js";
import { Rolling } from "./rolling.js";

/** A collector without a stack: what it keeps, and whose time it tells. */
export interface CollectorOptions {
  /** Ended runs kept. Default 10,000. */
  readonly maxHistory?: number | undefined;
  /** Runs under way that are followed. Default 10,000. */
  readonly maxActive?: number | undefined;
  /** Names told apart in the windows. Default 500. */
  readonly maxSeries?: number | undefined;
  /** Epoch milliseconds. Default: the machine's. */
  readonly now?: (() => number) | undefined;
  /** Milliseconds that never go backwards. Default: the machine's. */
  readonly monotonic?: (() => number) | undefined;
}

const clock = z.custom<() => number>((value) => typeof value === "function", "expected a function").optional();
const schema = z.strictObject({ ...bounds, now: clock, monotonic: clock });

/** @throws GraphTapError METRICS_OPTIONS_INVALID */
export function partsOf(options: CollectorOptions): CollectorParts {
  const parsed = schema.safeParse(options);
  if (!parsed.success)
    throw callInvalid("METRICS_OPTIONS_INVALID", "new WorkflowMetricsCollector", parsed.error, options);
  const { maxHistory, maxActive, maxSeries } = parsed.data;
  const { now = () => Date.now(), monotonic = () => performance.now() } = parsed.data;
  const rolling = new Rolling(maxSeries, monotonic);
  const live = new LiveEvents();
  const ledger = new RunLedger({ now, monotonic, rolling, live, configOf: () => null, maxHistory, maxActive });
  return { ledger, rolling, live, now, monotonic };
}
