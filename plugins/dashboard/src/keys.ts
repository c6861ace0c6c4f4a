import { defineService } from "@graphtap/kernel";
import type { DashboardPanel } from "@graphtap/langgraph";
import type { HealthComponent, HealthGate, HealthStatus } from "./health/score.js";

/** What a plugin's panel holds: plain JSON data, with a version of its own in `panels`. */
export type PanelData = Readonly<Record<string, unknown>>;

/** Whose dashboard: a user id, or a user of a tenant, with the roles that the host knows it has. */
export type DashboardUser =
  | string
  | {
      readonly userId: string;
      readonly tenantId?: string | null | undefined;
      /** Shows rights by role among the permissions. Default: none. */
      readonly roles?: readonly string[] | undefined;
    };

/** A plugin that did not answer, and why. Its panel is missing, the others are there. */
export interface Unavailable {
  readonly plugin: string;
  readonly problem: "failed" | "timed out" | "not plain data" | "too large" | "id taken";
}

/** What both dashboards have. */
export interface DashboardFrame {
  /** Of this shape; rises when it changes in a way that readers must know. */
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly generatedAt: string;
  /** Panels of all plugins that answered, in the order of the stack. */
  readonly panels: readonly DashboardPanel[];
  readonly unavailable: readonly Unavailable[];
}

/** One user's view: nothing of anybody else is in it. A section is missing where its plugin is. */
export interface UserDashboard extends DashboardFrame {
  readonly userId: string;
  readonly tenantId: string | null;
  /** Of the metrics plugin: runs, times, tokens, tools, errors, satisfaction. */
  readonly workflowMetrics?: PanelData;
  /** Of the security plugin: what the user may use, how much of it is left, and what was refused. */
  readonly permissions?: PanelData;
  /** Of the audit plugin: what was recorded last. */
  readonly recentActivity?: PanelData;
  /** Of the performance plugin. */
  readonly performance?: PanelData;
  /** Of the content plugin: what was found in the user's texts, never the texts. */
  readonly contentFilter?: PanelData;
}

/** What a plugin says of its own state. */
export interface HealthReport {
  readonly plugin: string;
  readonly id: string;
  readonly status: "ok" | "degraded" | "failing" | "unknown";
  readonly detail: string | null;
}

/** The whole system's view. */
export interface SystemHealth extends DashboardFrame {
  /** 0 to 1; null while nothing is known. */
  readonly healthScore: number | null;
  readonly status: HealthStatus;
  /** 0 to 1: how much was seen. */
  readonly confidence: number;
  /** 0 to 1: weight of the indicators that had events. */
  readonly coverage: number;
  /** Every indicator with the points it took. Their sum, with the gates', is what is missing to 1. */
  readonly components: readonly HealthComponent[];
  readonly gates: readonly HealthGate[];
  readonly checks: readonly HealthReport[];
  readonly workflowMetrics?: PanelData;
  readonly security?: PanelData;
  readonly audit?: PanelData;
  readonly performance?: PanelData;
  readonly contentFilter?: PanelData;
  readonly composition?: PanelData;
}

/** How a dashboard is drawn. */
export interface RenderOptions {
  /** Columns of the terminal. Default 100, at least 60. */
  readonly width?: number | undefined;
  /** Default false. */
  readonly color?: boolean | undefined;
  /** Rows shown of a table. Default 8. */
  readonly rows?: number | undefined;
}

/** Both dashboards, as data and as text. */
export interface DashboardService {
  /**
   * What every plugin has to show of one user.
   *
   * @throws GraphTapError DASHBOARD_USER_INVALID
   */
  getUserDashboard(user: DashboardUser): Promise<UserDashboard>;
  /** What every plugin has to show of the system, and the health score. Never throws for a plugin that fails. */
  getSystemHealth(): Promise<SystemHealth>;
  /** A dashboard as text for a terminal. */
  render(dashboard: UserDashboard | SystemHealth, options?: RenderOptions): string;
}

/** The dashboards of a stack. */
export const Dashboard = defineService<DashboardService>()("dashboard");
