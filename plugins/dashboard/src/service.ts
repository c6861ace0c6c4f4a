import type { Collected } from "@graphtap/kernel";
import type { DashboardPanel, DashboardScope, HealthCheck } from "@graphtap/langgraph";
import { z } from "zod";
import { userInvalid } from "./errors.js";
import { gather } from "./gather.js";
import { checkedAnswers } from "./health/answer.js";
import { healthScore } from "./health/score.js";
import type { DashboardService, DashboardUser, RenderOptions, SystemHealth, UserDashboard } from "./keys.js";
import { render } from "./text/render.js";

/** Sections by the plugin that fills them. */
const USER_SECTIONS = {
  metrics: "workflowMetrics",
  security: "permissions",
  audit: "recentActivity",
  performance: "performance",
  content: "contentFilter",
} as const;
const SYSTEM_SECTIONS = {
  metrics: "workflowMetrics",
  security: "security",
  audit: "audit",
  performance: "performance",
  content: "contentFilter",
  composition: "composition",
} as const;

const id = z.string().min(1).max(512);
const userSchema = z.union([
  id.transform((userId) => ({ userId, tenantId: null, roles: [] as readonly string[] })),
  z.strictObject({
    userId: id,
    tenantId: id
      .nullable()
      .optional()
      .transform((tenantId) => tenantId ?? null),
    roles: z.array(id).max(64).default([]),
  }),
]);

/** What the service asks the stack. */
export interface Sources {
  now(): number;
  panels(scope: DashboardScope): Promise<readonly Collected<DashboardPanel>[]>;
  checks(at: number): Promise<readonly Collected<HealthCheck>[]>;
}

/** Gathers dashboards from whichever plugins answer. Keeps nothing. */
export class Dashboards implements DashboardService {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async getUserDashboard(user: DashboardUser): Promise<UserDashboard> {
    const parsed = userSchema.safeParse(user);
    if (!parsed.success)
      throw userInvalid(
        `Expected a user id or { userId, tenantId }, got ${typeof user === "string" ? `"${user}"` : typeof user}.`,
      );
    const { userId, tenantId, roles } = parsed.data;
    const at = this.#sources.now();
    const { panels, sections, unavailable } = gather(
      await this.#sources.panels({ kind: "user", userId, tenantId, roles }),
      USER_SECTIONS,
    );
    return { version: 1, userId, tenantId, generatedAt: new Date(at).toISOString(), ...sections, panels, unavailable };
  }

  async getSystemHealth(): Promise<SystemHealth> {
    const at = this.#sources.now();
    const [answers, checked] = await Promise.all([this.#sources.panels({ kind: "system" }), this.#sources.checks(at)]);
    const { panels, sections, unavailable } = gather(answers, SYSTEM_SECTIONS);
    const { answers: known, reports, unavailable: unheard } = checkedAnswers(checked);
    const { score, ...health } = healthScore(known);
    return {
      version: 1,
      generatedAt: new Date(at).toISOString(),
      healthScore: score,
      ...health,
      checks: reports,
      ...sections,
      panels,
      unavailable: [...unavailable, ...unheard],
    };
  }

  render(dashboard: UserDashboard | SystemHealth, options: RenderOptions = {}): string {
    return render(dashboard, options);
  }
}
