import type { MemorySaver } from "@langchain/langgraph";

/** A run config as LangGraph takes it. */
export type RunConfig = Record<string, unknown> & { configurable?: Record<string, unknown> };

/** What every example's graph can do; structural, for compiled graphs and createAgent agents differ in class. */
export interface GalleryGraph {
  invoke(input: unknown, config?: RunConfig): Promise<unknown>;
  stream(input: unknown, config?: RunConfig): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, config: RunConfig & { version: "v1" | "v2" | "v3" }): unknown;
  /** Missing on createAgent agents. */
  batch?(
    inputs: unknown[],
    config?: RunConfig | RunConfig[],
    options?: { returnExceptions?: boolean },
  ): Promise<unknown[]>;
  withConfig(config: RunConfig): GalleryGraph;
  /** Missing on createAgent agents of some versions. */
  getState?(config: RunConfig, options?: { subgraphs?: boolean }): Promise<unknown>;
  getStateHistory?(config: RunConfig): AsyncIterable<unknown>;
}

/** One call on the thread: the input, a resume or the next message. */
export interface Turn {
  /** `input` starts or continues a conversation, `resume` continues a paused run (a Command or null). */
  readonly kind: "input" | "resume";
  readonly input: unknown;
  /** Merged over the example's config for this turn only. */
  readonly config?: RunConfig;
}

/** What passes through a stack on its way into a graph; the identity functions leave everything as it is. */
export interface Through {
  model<M extends object>(model: M): M;
  tool<T extends object>(tool: T): T;
}

export const asIs: Through = { model: (model) => model, tool: (tool) => tool };

/** A fresh graph and how to run it. Nothing in it is shared with another `make`. */
export interface Made {
  readonly graph: GalleryGraph;
  /** In order, on one thread; later turns need what the earlier ones stored. */
  readonly turns: readonly Turn[];
  /** For every turn; `configurable.thread_id` is set where there is a checkpointer. */
  readonly config: RunConfig;
  /** Where the graph stores its checkpoints; absent when it has no checkpointer. */
  readonly savers: readonly MemorySaver[];
  /** What nodes and tools did to the world outside, in order. */
  readonly effects: readonly unknown[];
}

export type Tag =
  | "agent"
  | "branch"
  | "cache"
  | "checkpointer"
  | "command"
  | "context"
  | "custom-stream"
  | "entrypoint"
  | "errors"
  | "interrupts"
  | "limit"
  | "loop"
  | "middleware"
  | "model"
  | "multi-agent"
  | "parallel"
  | "retries"
  | "send"
  | "store"
  | "subgraph"
  | "tools";

/** Ways of running a graph that a consumer of the gallery may go through. */
export type Way = "invoke" | "stream" | "events-v1" | "events-v2" | "events-v3" | "batch" | "state";

/** One deterministic graph. */
export interface Example {
  readonly name: string;
  readonly tags: readonly Tag[];
  /** Builds everything anew. `through` receives each model and tool before the graph is built around it. */
  make(through?: Through): Made;
  /** Ways that LangGraph itself cannot run this graph in, with the reason. */
  readonly unable?: Partial<Record<Way, string>>;
}
