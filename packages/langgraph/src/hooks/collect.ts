import { defineHook } from "@graphtap/kernel";
import type { Principal } from "../identity/principal.js";

/** Who asks for panels: a user's own view, or the whole system. */
export type DashboardScope =
  | { readonly kind: "user"; readonly userId: string; readonly tenantId: string | null }
  | { readonly kind: "system" };
/** One panel of a dashboard, plain JSON data. */
export interface DashboardPanel {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
}
export interface HealthCheck {
  readonly id: string;
  readonly status: "ok" | "degraded" | "failing" | "unknown";
  readonly detail?: string;
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
