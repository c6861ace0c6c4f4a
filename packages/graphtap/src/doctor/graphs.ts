import { GraphTapError } from "@graphtap/kernel";
import type { Stack } from "@graphtap/langgraph";
import type { GraphLike } from "../stack/graphs.js";
import { type Check, finding, note, ok } from "./check.js";

/** What the stack says of one exported graph. */
export interface GraphFacts {
  readonly name: string;
  /** A server brings a checkpointer of its own. */
  readonly served: boolean;
  readonly wrapped: boolean;
  readonly checkpointer: boolean;
  /** Names of nodes whose code the stack cannot see into. */
  readonly opaque: readonly string[];
  /** The stack refuses to look at it: another stack's, a remote one. */
  readonly refused: { readonly code: string; readonly text: string; readonly do: string } | null;
}

/** Asks a stack about a graph. */
export function graphFacts(
  stack: Pick<Stack, "wrap" | "explain">,
  name: string,
  graph: GraphLike,
  served: boolean,
): GraphFacts {
  const inner = graph.lg_is_pregel === true ? graph : graph.graph;
  const facts = { name, served, checkpointer: Boolean(inner?.checkpointer), wrapped: false, opaque: [], refused: null };
  try {
    // A graph that this stack has wrapped is its own wrapped form.
    const wrapped = (stack.wrap as (value: object) => object)(graph) === graph;
    return {
      ...facts,
      wrapped,
      opaque: stack
        .explain(graph)
        .nodes.filter(({ opaque }) => opaque)
        .map(({ node }) => node),
    };
  } catch (error) {
    if (!GraphTapError.isInstance(error)) throw error;
    const [text = ""] = error.message.replace(/^\[\w+\] /, "").split("\n", 1);
    return { ...facts, refused: { code: error.code, text, do: error.hint } };
  }
}

export function checkGraph({ name, served, wrapped, checkpointer, opaque, refused }: GraphFacts): readonly Check[] {
  if (refused !== null)
    return [
      { id: "graph", level: "finding", code: refused.code, text: `graph "${name}": ${refused.text}`, do: refused.do },
    ];
  return [
    wrapped
      ? ok("graph", `graph "${name}" is wrapped`)
      : finding("graph", "GRAPH_NOT_WRAPPED", `graph "${name}" is exported as it is, without the stack around it`),
    ...(checkpointer || served
      ? []
      : [note("graph", "CHECKPOINTER_MISSING", `graph "${name}" has no checkpointer: approvals cannot wait`)]),
    ...(opaque.length === 0
      ? []
      : [
          note(
            "graph",
            "NODE_OPAQUE",
            `graph "${name}": the stack cannot see into ${opaque.map((node) => `"${node}"`).join(", ")}`,
          ),
        ]),
  ];
}
