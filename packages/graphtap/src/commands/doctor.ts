import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GraphTapError } from "@graphtap/kernel";
import type { Call, Command, Outcome } from "../cli/command.js";
import { type Check, finding, note, ok } from "../doctor/check.js";
import { checkEnvironment, isStrict } from "../doctor/environment.js";
import { checkGraph, graphFacts } from "../doctor/graphs.js";
import { findCopies, findInstalled, projectOf } from "../doctor/installed.js";
import { report } from "../doctor/report.js";
import { checkCopies, checkNode, checkPackages } from "../doctor/runtime.js";
import { checkServer, readServerConfig, type ServerConfig } from "../doctor/server.js";
import { callersOf, checkBoot, checkStack } from "../doctor/stack.js";
import { SINGLE } from "../doctor/supported.js";
import { findGraph, type GraphLike, graphsOf } from "../stack/graphs.js";
import { demandReference, type Opened, referenceOf, withStack } from "../stack/open.js";

export const doctor: Command = {
  name: "doctor",
  summary: "look for what is wrong: versions, duplicates, langgraph.json, the stack, exported graphs",
  args: [],
  options: {
    boot: { type: "boolean", doc: "say where the time of a start went; the stack must be there" },
    graph: {
      type: "string",
      value: "graph",
      multiple: true,
      doc: "look at this graph too: path#export, or an export of the stack's module",
    },
    strict: { type: "boolean", doc: "count notes as findings, as GRAPHTAP_STRICT=1 does" },
  },
  async run(call): Promise<Outcome> {
    const { flags, io, paint } = call;
    const reference =
      flags.on("boot") || flags.texts("graph").length > 0 ? demandReference(io, flags) : referenceOf(io, flags);
    const project = projectOf(io.cwd);
    const server = serverConfigIn(io.cwd);
    const checks: Check[] = [
      checkNode(io.node),
      ...checkPackages((name) => findInstalled(name, project)),
      ...checkCopies(SINGLE, findCopies(SINGLE, project)),
    ];
    if (reference === null) {
      checks.push(
        note(
          "stack",
          "STACK_NOT_FOUND",
          "no stack was named and there is no graphtap.config.ts: only the installation was looked at",
        ),
      );
      if (server !== null) checks.push(...checkServer(server, existsSync, null));
    } else {
      try {
        checks.push(...(await withStack(io, reference, (opened) => checksOf(opened, server, call))));
      } catch (error) {
        // A stack that does not start is what a doctor is called for; the other checks may say why.
        if (!GraphTapError.isInstance(error)) throw error;
        const [first = ""] = error.message.split("\n", 1);
        checks.push({
          ...finding("stack", "STACK_LOAD_FAILED", `${first.replace(/^\[\w+\] /, "")}\n${whyOf(error)}`),
          code: error.code,
          do: error.hint,
        });
        if (server !== null) checks.push(...checkServer(server, existsSync, null));
      }
    }
    checks.push(...checkEnvironment(io.env, reference));
    return report(checks, flags.on("strict") || isStrict(io.env), paint);
  },
};

async function checksOf(opened: Opened, server: ServerConfig | null, { flags, io }: Call): Promise<readonly Check[]> {
  const { stack, module, took } = opened;
  const inspection = stack.inspect();
  const checks: Check[] = [...checkStack(inspection)];
  if (flags.on("boot")) checks.push(...checkBoot(took, inspection.plugins));
  if (server !== null) checks.push(...checkServer(server, existsSync, callersOf(inspection)));

  const served = server?.graphs ?? [];
  const places = { folder: io.cwd, module, served, modules: io.modules };
  const found = new Map<GraphLike, { readonly name: string; readonly served: boolean }>();
  for (const { id, path, export: key } of served.filter((graph) => existsSync(graph.path))) {
    const graph = await findGraph(`${path}#${key}`, places).catch((error: unknown) => {
      if (!GraphTapError.isInstance(error)) throw error;
      checks.push({
        ...finding("graph", "GRAPH_INVALID", `graph "${id}" of langgraph.json: ${whyOf(error)}`),
        code: error.code,
        do: error.hint,
      });
      return null;
    });
    if (graph !== null) found.set(graph, { name: id, served: true });
  }
  // What the module exports besides is seen too: an unwrapped graph beside the wrapped one is how plugins are bypassed.
  for (const name of [...flags.texts("graph"), ...graphsOf(module)]) {
    const graph = await findGraph(name, places);
    if (!found.has(graph)) found.set(graph, { name, served: false });
  }
  for (const [graph, { name, served: isServed }] of found)
    checks.push(...checkGraph(graphFacts(stack, name, graph, isServed)));
  if (found.size === 0)
    checks.push(
      ok("graph", "no graph was looked at: none is exported beside the stack; --graph path#export looks at one"),
    );
  return checks;
}

function serverConfigIn(folder: string): ServerConfig | null {
  const path = join(folder, "langgraph.json");
  return existsSync(path) ? readServerConfig(readFileSync(path, "utf8"), folder) : null;
}

const whyOf = (error: GraphTapError): string =>
  /\n {2}Why: ([\s\S]*?)\n {2}Do: /.exec(error.message)?.[1]?.replaceAll(/\n +/g, "\n") ?? "";
