import type { RunnableConfig } from "@langchain/core/runnables";

/** What LangGraph and LangChain accept as a config. */
export type Config = Partial<RunnableConfig> & Record<string, unknown>;

/** What a checkpoint says of a graph. */
export interface Snapshot {
  readonly values: Readonly<Record<string, unknown>>;
  /** Nodes that come next, or that wait. */
  readonly next: readonly string[];
  /** The nodes of `next` and those beside them; `state` says where a graph within one keeps its own checkpoints. */
  readonly tasks: readonly { readonly name: string; readonly state?: Config }[];
  readonly config: Config;
  readonly parentConfig?: Config;
}

/** A compiled graph, as far as a composition needs it. Structural: versions and copies of LangGraph differ in class. */
export interface GraphLike {
  readonly lg_is_pregel: boolean;
  readonly nodes: unknown;
  readonly channels: Readonly<Record<string, unknown>>;
  readonly outputChannels: string | readonly string[];
  readonly checkpointer?: unknown;
  getName(): string;
  invoke(input: unknown, config?: Config): Promise<unknown>;
  getState(config: Config): Promise<Snapshot>;
  getStateHistory(config: Config, options: { readonly limit: number }): AsyncIterable<Snapshot>;
}

/** What users give: any compiled graph of LangGraph, whatever its types. */
export interface AnyGraph {
  readonly lg_is_pregel: boolean;
  readonly nodes: unknown;
  invoke(input: never, config?: never): Promise<unknown>;
}

export const isGraph = (value: unknown): value is GraphLike =>
  typeof value === "object" &&
  value !== null &&
  (value as GraphLike).lg_is_pregel === true &&
  typeof (value as GraphLike).channels === "object";

/** Channels of a graph that hold its state, and not its own affairs. */
export const channelsOf = (graph: GraphLike): readonly string[] =>
  Object.keys(graph.channels).filter((name) => !name.startsWith("__") && !name.includes(":"));

/** Channels that are part of what a graph gives. */
export const outputsOf = ({ outputChannels }: GraphLike): readonly string[] =>
  typeof outputChannels === "string" ? [outputChannels] : outputChannels;
