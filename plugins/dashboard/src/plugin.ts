import { definePlugin, hooks } from "@graphtap/langgraph";
import { z } from "zod";
import { dashboardCommand } from "./command.js";
import { Dashboard } from "./keys.js";
import { Dashboards } from "./service.js";

/**
 * A user's dashboard and the system's health, gathered from whichever plugins answer. Keeps nothing of its own.
 *
 * @example
 * const stack = createStack({ plugins: [metrics(), security(), audit(), dashboard()] });
 * const { healthScore } = await stack.get(dashboard).getSystemHealth();
 * console.log(healthScore?.toFixed(2) ?? "unknown");
 */
export const dashboard = definePlugin({
  name: "dashboard",
  version: "0.0.0",
  options: z.strictObject({}).default({}),
  provides: [Dashboard],
  identity: "none",
  setup(api) {
    const service = new Dashboards({
      now: () => api.clock.now(),
      panels: (scope) => api.call(hooks.dashboard.collect, scope),
      checks: (at) => api.call(hooks.health.check, { at }),
    });
    api.provide(Dashboard, service);
    api.tap(hooks.stack.commands, () => [dashboardCommand(service)]);
  },
});
