import { StateGraph } from "@langchain/langgraph";
import type { Schemas } from "../state.js";
import type { Config, GraphLike } from "./graph.js";

type Values = Readonly<Record<string, unknown>>;
export type NodeFn = (state: Values, config: Config) => Promise<Values>;
type Choose = (state: Values, config: Config) => Promise<string>;

/** LangGraph's builder, under names that are known only when it is built. */
export interface Builder {
  addNode(name: string, node: NodeFn, options?: { readonly subgraphs?: readonly GraphLike[] }): unknown;
  addEdge(from: string | readonly string[], to: string): unknown;
  addConditionalEdges(from: string, choose: Choose, to: Readonly<Record<string, string>>): unknown;
  compile(options: Readonly<Record<string, unknown>>): GraphLike;
}

export function newBuilder({ state, input, output }: Schemas): Builder {
  return new StateGraph({ stateSchema: state, input, output }) as unknown as Builder;
}

/** A node may not be called like a channel; then it is called a little differently. */
export const nodeName = (name: string, schemas: Schemas): string =>
  Object.hasOwn(schemas.state.spec, name) ? `${name}_workflow` : name;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
export const isNodeName = (name: unknown): name is string => typeof name === "string" && NAME.test(name);
export const NAME_RULE = "1 to 64 letters, digits, _ . -";
