import { Histogram } from "@graphtap/values";

/** Figures of one lazy tool. */
export interface ToolLoadStats {
  readonly name: string;
  readonly loaded: boolean;
  /** Whether the last attempt to load it failed. */
  readonly failing: boolean;
  readonly loads: number;
  readonly failures: number;
  /** Milliseconds of the last load; null before the first. */
  readonly lastLoadMs: number | null;
  /** Calls through `lazy()`. */
  readonly calls: number;
}

/** Figures of a loader since it was made. */
export interface LoaderStats {
  readonly registered: number;
  readonly loaded: number;
  readonly maxTools: number;
  /** Loads that ended well. */
  readonly loads: number;
  /** Loads that failed after all retries. */
  readonly failures: number;
  readonly retries: number;
  /** Asked for a tool that failed a moment ago: refused without trying. */
  readonly negativeHits: number;
  /** Asked for a tool that was loaded already. */
  readonly hits: number;
  readonly unloads: number;
  /** Calls of `onLoad` that threw; nothing else came of it. */
  readonly listenersFailed: number;
  readonly loadMs: { readonly p50: number | null; readonly p95: number | null };
  /** Slowest last load first. */
  readonly tools: readonly ToolLoadStats[];
}

/** Counts of one loader. */
export class LoaderCounts {
  failures = 0;
  retries = 0;
  negativeHits = 0;
  hits = 0;
  unloads = 0;
  listenersFailed = 0;
  readonly took = new Histogram();
}
