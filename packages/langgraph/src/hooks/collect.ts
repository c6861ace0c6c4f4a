import { defineHook } from "@graphtap/kernel";
import type { Principal } from "../identity/principal.js";

/** Who asks for panels: a user's own view, or the whole system. */
export type DashboardScope =
  | {
      readonly kind: "user";
      readonly userId: string;
      readonly tenantId: string | null;
      /** Roles of the user, as the host knows them: rights by role are the user's too. Default: none. */
      readonly roles?: readonly string[];
    }
  | { readonly kind: "system" };
/** One panel of a dashboard, plain JSON data. */
export interface DashboardPanel {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
}
/** Good against valid events of one window, for the health score; what nobody can be blamed for is not valid. */
export interface HealthIndicator {
  /** Unique among the answers of one plugin, such as `availability`. */
  readonly id: string;
  readonly title: string;
  /** Share of good events that is aimed at, above 0 and below 1. */
  readonly objective: number;
  /** Weight beside the other indicators; above 0. */
  readonly weight: number;
  readonly windows: readonly { readonly windowMs: number; readonly good: number; readonly valid: number }[];
}
/** What a plugin knows of its own health. */
export interface HealthCheck {
  readonly id: string;
  readonly status: "ok" | "degraded" | "failing" | "unknown";
  readonly detail?: string;
  readonly indicators?: readonly HealthIndicator[];
  /** A fact that caps the score whatever the indicators say: a broken audit chain, lost data. */
  readonly gate?: { readonly cap: number; readonly reason: string };
}
/** A command that a plugin adds to the `graphtap` command line. */
export interface CliCommand {
  readonly name: string;
  readonly summary: string;
  /** Returns the exit code. */
  run(
    args: readonly string[],
    io: { out(text: string): void; err(text: string): void; json: boolean; principal: Principal | null },
  ): Promise<number> | number;
}

export const dashboard = Object.freeze({
  collect: defineHook.collect<DashboardScope, DashboardPanel>("dashboard.collect", {
    doc: "Panels from whoever answers.",
  }),
});
export const health = Object.freeze({
  check: defineHook.collect<{ readonly at: number }, HealthCheck>("health.check", {
    doc: "Health from whoever answers.",
  }),
});
export const stack = Object.freeze({
  commands: defineHook.collect<{ readonly version: 1 }, readonly CliCommand[]>("stack.commands", {
    doc: "Commands that plugins add to the command line.",
  }),
});
