import { definePlugin, deny, hooks } from "@graphtap/langgraph";
import { z } from "zod";
import { within } from "./hours.js";

/**
 * Closes tools at certain hours. The model is told when they open again.
 *
 * @example createStack({ plugins: [quietHours({ from: 22, to: 6, tools: ["refund"] })] });
 */
export const quietHours = definePlugin({
  name: "acme-quiet-hours",
  version: "1.0.0",
  options: z.object({
    /** First closed hour, 0 to 23, UTC. */
    from: z.number().int().min(0).max(23),
    /** First open hour, 0 to 23, UTC. */
    to: z.number().int().min(0).max(23),
    /** Names of the tools to close. */
    tools: z.array(z.string()).min(1),
  }),
  setup(api, { from, to, tools }) {
    const closed = new Set(tools);
    api.tap(hooks.tool.authorize, (call) => {
      if (!closed.has(call.name) || !within({ from, to }, api.clock.now())) return;
      return deny("QUIET_HOURS", `"${call.name}" is closed from ${from}:00 to ${to}:00 UTC.`);
    });
    api.tap(hooks.tool.denied, (denial, run) => {
      if (denial.code === "QUIET_HOURS") api.log.info("refused in quiet hours", { tool: denial.name, run: run.runId });
    });
  },
});
