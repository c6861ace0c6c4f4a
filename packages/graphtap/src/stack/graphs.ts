import { graphInvalid, graphNotFound } from "../errors.js";
import type { Modules } from "../cli/io.js";
import { nearest } from "../cli/nearest.js";
import type { ServedGraph } from "../doctor/server.js";
import { parseReference } from "./reference.js";

/** A compiled graph, or an agent around one. */
export interface GraphLike {
  readonly lg_is_pregel?: boolean;
  readonly graph?: { readonly checkpointer?: unknown };
  readonly checkpointer?: unknown;
}

export const isGraph = (value: unknown): value is GraphLike =>
  isPregel(value) || (typeof value === "object" && value !== null && isPregel((value as GraphLike).graph));

const isPregel = (value: unknown): boolean =>
  typeof value === "object" && value !== null && (value as GraphLike).lg_is_pregel === true;

/** Names of the exports that are graphs. */
export const graphsOf = (module: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(module).filter((name) => isGraph(module[name]));

/** @throws GraphTapError GRAPH_INVALID, which says what it is instead. */
function demandGraph(name: string, value: unknown): GraphLike {
  if (isGraph(value)) return value;
  if (typeof value === "function")
    throw graphInvalid(
      name,
      "It is a function. What it returns may differ from call to call, so it is not called here.",
    );
  if (typeof (value as { compile?: unknown } | null)?.compile === "function")
    throw graphInvalid(name, "It is a builder that was not compiled.");
  throw graphInvalid(
    name,
    `It is ${value === null ? "null" : typeof value === "object" ? "an object that is no compiled graph" : `a ${typeof value}`}.`,
  );
}

/** Where a graph may be found besides in a file. */
export interface GraphPlaces {
  readonly folder: string;
  /** Exports of the stack's module. */
  readonly module: Readonly<Record<string, unknown>>;
  readonly served: readonly ServedGraph[];
  readonly modules: Modules;
}

/**
 * The graph that a name means: `path#export`, an export of the stack's module, or an id in langgraph.json.
 *
 * @throws GraphTapError GRAPH_NOT_FOUND, GRAPH_INVALID, and those of loading.
 */
export async function findGraph(name: string, places: GraphPlaces): Promise<GraphLike> {
  const { folder, module, modules, served } = places;
  if (name.includes("#")) {
    const { path, export: key } = parseReference(name, folder);
    return exportedGraph(name, await modules.load(path), key ?? "default");
  }
  if (name in module) return demandGraph(name, module[name]);
  const listed = served.find(({ id }) => id === name);
  if (listed !== undefined) return exportedGraph(name, await modules.load(listed.path), listed.export);
  const known = [...graphsOf(module), ...served.map(({ id }) => id)];
  throw graphNotFound(
    name,
    "It is no export of the stack's module and no graph of langgraph.json.",
    known,
    nearest(name, known),
  );
}

function exportedGraph(name: string, module: Readonly<Record<string, unknown>>, key: string): GraphLike {
  if (key in module) return demandGraph(name, module[key]);
  const known = graphsOf(module);
  throw graphNotFound(name, `The file has no export "${key}".`, known, nearest(key, known));
}
