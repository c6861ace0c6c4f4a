import { parseArgs } from "node:util";
import { GraphTapError } from "@graphtap/kernel";
import type { CliCommand } from "@graphtap/langgraph";
import type { DashboardService } from "./keys.js";

const USAGE = "usage: graphtap dashboard [--user ID [--tenant ID]]";

/** `graphtap dashboard`: the system's health, or one user's dashboard. */
export function dashboardCommand(service: DashboardService): CliCommand {
  return {
    name: "dashboard",
    summary: "the system's health, or with --user one user's dashboard",
    async run(args, io) {
      try {
        const { values } = parseArgs({
          args: [...args],
          options: { user: { type: "string" }, tenant: { type: "string" } },
        });
        const { user, tenant } = values;
        const shown =
          user === undefined
            ? await service.getSystemHealth()
            : await service.getUserDashboard({ userId: user, tenantId: tenant });
        io.out(io.json ? `${JSON.stringify(shown)}\n` : service.render(shown, { width: process.stdout.columns }));
        return "healthScore" in shown && shown.status === "critical" ? 1 : 0;
      } catch (error) {
        io.err(`${GraphTapError.isInstance(error) ? error.message : USAGE}\n`);
        return 2;
      }
    },
  };
}
