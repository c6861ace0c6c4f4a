import type { Runnable } from "@langchain/core/runnables";
import type { Core } from "../core.js";
import { wrapUnsupported } from "../errors.js";
import type { ModelGuards } from "../model/guard.js";
import { type Guards, isTool } from "../tool/guard.js";
import { isToolNode, type ToolNodeLike } from "../tool/node.js";
import { isRouted } from "./edge.js";
import { HookedBound } from "./node.js";
import { leavesOf } from "./parts.js";
import { isAgent, isPregel, type PregelLike } from "./pregel.js";
import { wrapperOf } from "../wrapped.js";
import type { GraphWrapper } from "./wrap.js";

/** What the stack sees of one node. */
export interface NodeCoverage {
  /** `agent`, or `parent|agent` inside a subgraph. */
  readonly node: string;
  readonly kind: "tools" | "subgraph" | "model" | "code";
  /** Tools that cannot be reached here without the gate. */
  readonly toolsGoverned: readonly string[];
  /** Tools that run elsewhere (a provider's own) or cannot be called from here. */
  readonly toolsObserved: readonly string[];
  /** `controlled`: calls pass our hooks. `observed`: a closure may call one; usage is seen, nothing can be changed. `none`: no code of the host's runs here. */
  readonly model: "controlled" | "observed" | "none";
  /** JavaScript that wrap cannot see into. */
  readonly opaque: boolean;
  /** A function of the host's decides where the run goes on from here: what that calls is only observed. */
  readonly routed: boolean;
}

/** What `stack.explain(graph)` gives. */
export interface Explanation {
  readonly graph: string;
  readonly nodes: readonly NodeCoverage[];
  /** What happens to what a node reaches around the gate. */
  readonly ungated: "deny" | "report";
  toJSON(): unknown;
  toString(): string;
}

/** Lists what is governed in a graph, node by node. */
export function explainGraph(
  core: Core,
  graphs: GraphWrapper,
  models: ModelGuards,
  tools: Guards,
  value: object,
): Explanation {
  const wrapped = wrapperOf(value) === core ? value : graphs.wrap(value);
  const graph = isAgent(wrapped) ? wrapped.graph : wrapped;
  if (!isPregel(graph))
    throw wrapUnsupported(
      "stack.explain() was given a graph that is not compiled.",
      "A StateGraph has no nodes to look into before compile().",
    );
  const nodes: NodeCoverage[] = [];
  visit(graph, "", { models, tools, nodes, seen: new Set() });
  const name = graph.getName();
  return {
    graph: name,
    nodes,
    ungated: core.ungated,
    toJSON: () => ({ graph: name, ungated: core.ungated, nodes }),
    toString: () => [`${name} (what is reached around the gate: ${core.ungated})`, ...nodes.map(line)].join("\n"),
  };
}

interface Visit {
  readonly models: ModelGuards;
  readonly tools: Guards;
  readonly nodes: NodeCoverage[];
  /** Graphs may contain themselves. */
  readonly seen: Set<object>;
}

function visit(graph: PregelLike, prefix: string, v: Visit): void {
  if (v.seen.has(graph)) return;
  v.seen.add(graph);
  for (const [name, node] of Object.entries(graph.nodes)) {
    const path = `${prefix}${name}`;
    const routed = isRouted(node.writers);
    if (!(node.bound instanceof HookedBound)) {
      if (routed) v.nodes.push({ ...START_ONLY, node: path });
      continue;
    }
    v.nodes.push({ ...coverage(path, node.bound.inner, v), routed });
    for (const sub of node.subgraphs ?? []) if (isPregel(sub)) visit(sub, `${path}|`, v);
  }
}

/** The start of a graph is no node, but a function may decide where it goes from there. */
const START_ONLY = {
  kind: "code",
  toolsGoverned: [],
  toolsObserved: [],
  model: "none",
  opaque: false,
  routed: true,
} as const;

function coverage(node: string, inner: Runnable, { models, tools }: Visit): Omit<NodeCoverage, "routed"> {
  const parts = leavesOf(inner, (part) => isPregel(part) || isToolNode(part) || isTool(part));
  const reached: unknown[] = parts.flatMap((part): unknown[] =>
    isToolNode(part) ? part.tools : isTool(part) ? [part] : [],
  );
  const names = (governed: boolean): string[] => [
    ...new Set(
      reached
        .filter((tool) => (isGoverned(tools, tool) ? governed : !governed))
        .map((tool) => (tool as { name?: string }).name ?? "?"),
    ),
  ];
  const known = (part: Runnable): boolean =>
    isPregel(part) || (isToolNode(part) ? !holdsCode(part) : isTool(part) || models.governs(part) || isData(part));
  const opaque = !parts.every(known);
  const controlled = parts.some((part) => models.governs(part));
  const kind =
    reached.length > 0
      ? "tools"
      : parts.some((part) => isPregel(part))
        ? "subgraph"
        : controlled && !opaque
          ? "model"
          : opaque
            ? "code"
            : "tools";
  return {
    node,
    kind,
    toolsGoverned: names(true),
    toolsObserved: names(false),
    model: opaque ? "observed" : controlled ? "controlled" : "none",
    opaque,
  };
}

/** What a node of tools runs besides them: a middleware around each call, or a handler of errors. */
const holdsCode = ({ wrapToolCall, handleToolErrors: handler }: ToolNodeLike): boolean =>
  wrapToolCall !== undefined || (typeof handler === "function" && handler.name !== "defaultHandleToolErrors");

/** LangChain's own prompts, parsers and the like: no code of the host's, and no model. */
const isData = (part: Runnable): boolean =>
  !["func", "transformer", "_generate", "_getRelevantDocuments"].some((code) => {
    const found: unknown = (part as unknown as Record<string, unknown>)[code];
    return typeof found === "function";
  }) &&
  Array.isArray(part.lc_namespace) &&
  part.lc_namespace[0]?.startsWith("langchain") === true;

const isGoverned = (tools: Guards, tool: unknown): boolean =>
  typeof tool === "object" && tool !== null && tools.originalOf(tool) !== undefined;

function line(n: NodeCoverage): string {
  const tools = [
    n.toolsGoverned.length > 0 ? `tools governed: ${n.toolsGoverned.join(", ")}` : "",
    n.toolsObserved.length > 0 ? `tools observed: ${n.toolsObserved.join(", ")}` : "",
  ].filter((part) => part !== "");
  const rest = n.opaque
    ? ["a closure: what it calls directly is only observed"]
    : n.model === "controlled"
      ? ["model controlled"]
      : [];
  if (n.routed) rest.push("a function decides where it goes on: what that calls is only observed");
  return `  ${n.node}: ${[n.kind, ...tools, ...rest].join("; ")}`;
}
