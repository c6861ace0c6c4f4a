import type { Runnable } from "@langchain/core/runnables";
import type { EventTracer } from "../events/tracer.js";
import type { Config } from "../identity/envelope.js";

/** A node of a compiled graph, as far as wrapping needs it. */
export interface NodeLike {
  bound: Runnable;
  subgraphs?: Runnable[];
  readonly writers?: readonly Runnable[];
  readonly tracePolicy?: unknown;
  /** What a task of the node runs. */
  getNode(): Runnable | undefined;
}

/** A compiled graph, as far as wrapping needs it. Structural: versions and copies of LangGraph differ in class. */
export interface PregelLike {
  readonly lg_is_pregel: boolean;
  readonly name?: string;
  readonly nodes: Record<string, NodeLike>;
  readonly streamMode: readonly string[] | string;
  readonly outputChannels: readonly string[] | string;
  readonly config?: Config;
  readonly autoValidate?: boolean;
  readonly interruptBefore?: readonly string[] | string;
  readonly interruptAfter?: readonly string[] | string;
  checkpointer?: unknown;
  /** What a StateGraph was compiled of. */
  readonly builder?: unknown;
  getName(): string;
  stream(input: unknown, options?: Config): Promise<unknown>;
  streamEvents(input: unknown, options: Config, streamOptions?: unknown): unknown;
  withConfig(config: Config): PregelLike;
  getState(config: Config, options?: unknown): Promise<{ next: readonly string[] }>;
  getStateHistory(config: Config, options?: unknown): AsyncGenerator<{ next: readonly string[] }>;
  updateState(config: Config, ...rest: unknown[]): Promise<unknown>;
  bulkUpdateState(config: Config, ...rest: unknown[]): Promise<unknown>;
  _streamLog(input: unknown, tracer: EventTracer, ...rest: unknown[]): AsyncGenerator<unknown>;
  _streamEventsV1(input: unknown, ...rest: unknown[]): AsyncGenerator<unknown>;
  _streamEventsV2(input: unknown, ...rest: unknown[]): AsyncGenerator<unknown>;
  _streamIterator(input: unknown, options?: Config): AsyncGenerator<unknown>;
}

export type PregelClass = new (fields: object) => PregelLike;

export const isPregel = (value: unknown): value is PregelLike =>
  typeof value === "object" &&
  value !== null &&
  (value as PregelLike).lg_is_pregel === true &&
  "nodes" in value &&
  "_streamIterator" in value;

/** RemoteGraph says it is a Pregel, but its nodes run elsewhere. */
export const isRemote = (value: unknown): value is { graphId?: string; name?: string } =>
  typeof value === "object" && value !== null && (value as PregelLike).lg_is_pregel === true && !("nodes" in value);

/** A builder: it has a compile of its own and nodes to compile. */
export const isBuilder = (value: unknown): value is { compile(...args: unknown[]): PregelLike } =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { compile?: unknown }).compile === "function" &&
  "nodes" in value &&
  "channels" in value &&
  !("lg_is_pregel" in value);

/** langchain's createAgent gives an agent around a graph, not a graph. */
export interface AgentLike {
  options: { model?: unknown } & Record<string, unknown>;
  readonly graph: PregelLike;
  withConfig(config: Config): AgentLike;
}
export const isAgent = (value: unknown): value is AgentLike =>
  typeof value === "object" &&
  value !== null &&
  !("lg_is_pregel" in value) &&
  "options" in value &&
  typeof (value as AgentLike).withConfig === "function" &&
  isPregel((value as AgentLike).graph);

const list = (value: readonly string[] | string | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

interface Breakpoints {
  readonly interruptBefore?: readonly string[];
  readonly interruptAfter?: readonly string[];
}

/** Whether a run may stop at a static breakpoint, which raises no interrupt that a node could see. */
export function hasBreakpoints(graph: PregelLike, options: Config | undefined): boolean {
  const [given, bound] = [options, graph.config] as readonly (Breakpoints | undefined)[];
  return [
    given?.interruptBefore ?? bound?.interruptBefore ?? graph.interruptBefore,
    given?.interruptAfter ?? bound?.interruptAfter ?? graph.interruptAfter,
  ].some((points) => list(points).length > 0);
}

export const streamModesOf = (graph: PregelLike): readonly string[] => list(graph.streamMode);
