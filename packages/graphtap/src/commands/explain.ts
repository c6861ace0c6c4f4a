import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../cli/command.js";
import { readServerConfig } from "../doctor/server.js";
import { findGraph } from "../stack/graphs.js";
import { demandReference, withStack } from "../stack/open.js";

export const explain: Command = {
  name: "explain",
  summary: "what the stack governs in a graph, node by node, and what it cannot see",
  args: ["graph"],
  options: {},
  notes:
    "<graph> is an export of the stack's module, a graph of langgraph.json, or path#export.\nExit code 1 when what is exported is not wrapped by the stack.",
  run: ({ args, io, flags }) =>
    withStack(io, demandReference(io, flags), async ({ stack, module }) => {
      const [name = ""] = args;
      const file = join(io.cwd, "langgraph.json");
      const served = existsSync(file) ? readServerConfig(readFileSync(file, "utf8"), io.cwd).graphs : [];
      const graph = await findGraph(name, { folder: io.cwd, module, served, modules: io.modules });
      const explanation = stack.explain(graph);
      const wrapped = (stack.wrap as (value: object) => object)(graph) === graph;
      const remark = `\n"${name}" is exported unwrapped: run as it is, nothing of this applies.  [GRAPH_NOT_WRAPPED]`;
      return {
        exit: wrapped ? 0 : 1,
        text: `${explanation.toString()}${wrapped ? "" : remark}`,
        data: { wrapped, ...(explanation.toJSON() as object) },
      };
    }),
};
