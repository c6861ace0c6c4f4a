import { parseArgs } from "node:util";
import type { CliCommand } from "@graphtap/langgraph";
import type { WorkflowSecurityManager } from "./manager.js";

const USAGE = `graphtap can <user> <tool>[.method] [--tenant ID] [--role NAME]... [--args JSON] [--at TIME] [--service]
  Whether a user may call a tool: the decision, the grants that made it, what would change it. Counts nothing.
  --service   the first argument is a service, not a user
  --at        an ISO time: permissions as they are then
  Exit code 1 when it is denied, 2 when the arguments are wrong.`;

const options = {
  tenant: { type: "string" },
  role: { type: "string", multiple: true },
  args: { type: "string" },
  at: { type: "string" },
  service: { type: "boolean" },
} as const;

/**
 * `can`, for the command line. Levels and methods that only a tool's own metadata declares are not known to it.
 *
 * @param isTool whether something is granted or declared about a name: names may have dots, as methods are named after one
 */
export function canCommand(manager: WorkflowSecurityManager, isTool: (name: string) => boolean): CliCommand {
  return {
    name: "can",
    summary: "whether a user may call a tool, and why",
    run(args, io) {
      const wrong = (why: string): number => {
        io.err(`${why}\n\n${USAGE}`);
        return 2;
      };
      let parsed;
      try {
        parsed = parseArgs({ args: [...args], options, allowPositionals: true });
      } catch (error) {
        return wrong((error as Error).message);
      }
      const { values, positionals } = parsed;
      const [name, asked, ...others] = positionals;
      if (name === undefined || asked === undefined || others.length > 0) return wrong("a user and a tool are needed.");
      const at = values.at === undefined ? undefined : new Date(values.at).getTime();
      if (Number.isNaN(at)) return wrong(`"${values.at}" is no time.`);
      let parameters: unknown;
      try {
        parameters = values.args === undefined ? undefined : (JSON.parse(values.args) as unknown);
      } catch {
        return wrong("--args is no JSON.");
      }
      const dot = isTool(asked) ? -1 : asked.lastIndexOf(".");
      const explanation = manager.explain({
        ...(values.service === true ? { service: name } : { userId: name }),
        ...(values.tenant === undefined ? {} : { tenantId: values.tenant }),
        ...(values.role === undefined ? {} : { roles: values.role }),
        toolName: dot < 1 ? asked : asked.slice(0, dot),
        ...(dot < 1 ? {} : { method: asked.slice(dot + 1) }),
        ...(parameters === undefined ? {} : { parameters }),
        ...(at === undefined ? {} : { at }),
      });
      const { text, ...data } = explanation;
      io.out(io.json ? JSON.stringify(data, null, 2) : text);
      return explanation.decision.allowed ? 0 : 1;
    },
  };
}
