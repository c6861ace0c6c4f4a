import type { Clock, RunData } from "@graphtap/kernel";
import type { Principal } from "../identity/principal.js";

/** How a run, a node, a model call or a tool call was reached. */
export type Route = "graph" | "direct";

/**
 * What every tap gets beside its event: who runs what, and where. Frozen; one object per run, and one more per
 * attempt of each node.
 */
export interface RunContext {
  /** Unique per execution; a resume has its own. */
  readonly runId: string;
  /** The outermost run this one is nested in; equal to `runId` at the root. */
  readonly rootRunId: string;
  readonly parentRunId: string | null;
  /** `configurable.thread_id`; null without one. */
  readonly threadId: string | null;
  /** The paused run that this one continues; null when unknown (another process paused it) or not a resume. */
  readonly resumedFrom: string | null;
  /** Who runs it; null when nobody said so. Cannot be forged by data. */
  readonly principal: Principal | null;
  /** The graph's name, or the tool's or model's for a direct call. */
  readonly workflow: string;
  readonly node: string | null;
  readonly taskId: string | null;
  /** Checkpoint namespace; empty at the root. */
  readonly ns: string;
  /** 1 for the first attempt of a node. */
  readonly attempt: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  /** Typed per-run data, shared by all taps of one run (see `runKey`). */
  readonly data: RunData;
  readonly route: Route;
}

/** Tokens as the provider reported them; a part nobody reported is null, never 0. */
export interface Usage {
  /** All input tokens, cached ones included. */
  readonly input: number | null;
  /** All output tokens, reasoning included. */
  readonly output: number | null;
  readonly total: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
}

/** How something ended. A pause is an interrupt or a drain; a break or an abort is `cancelled`. */
export type EndStatus = "ok" | "error" | "cancelled" | "paused" | "denied";

/** What every `*.end` event carries. */
export interface EndFields {
  readonly status: EndStatus;
  /** Error or denial code where there is one. */
  readonly code: string | null;
  readonly error: unknown;
  /** Milliseconds, monotonic. */
  readonly durationMs: number;
  /** True when it ended after its run's own end (an early break, an abort). */
  readonly late: boolean;
}

/** Why something was refused. `message` is written for the model, `reason` for the developer. */
export interface DenialFields {
  readonly code: string;
  readonly message: string;
  readonly reason: string | null;
  /** The plugin that refused; null when the stack itself did. */
  readonly plugin: string | null;
  readonly hook: string | null;
  /** What the developer can do about it, where the plugin says so. */
  readonly fix?: string;
}
