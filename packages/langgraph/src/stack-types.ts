import type {
  AnyHookDef,
  CallRest,
  CallResult,
  Complete,
  Epoch,
  Gettable,
  Inspection,
  Kernel,
  KernelOptions,
  Plugin,
  PluginInput,
  Profile,
  ServiceFrom,
  ValueOf,
} from "@graphtap/kernel";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { z } from "zod";
import type { Explanation } from "./graph/explain.js";
import type { Wrappable } from "./graph/wrap.js";
import type { IdentityResolver } from "./identity/server.js";
import type { Who } from "./identity/who.js";
import type { WorkflowsPlugin } from "./workflow/service.js";
import type { AnyWorkflowSpec, Workflow, WorkflowIssue, WorkflowSpec } from "./workflow/spec.js";

/** Options of {@link createStack} besides the plugins. */
export interface StackOptions<Facts extends z.ZodType = z.ZodType> extends Omit<
  KernelOptions,
  "isControlFlow" | "isRefusal"
> {
  /** Facts about a user that `as` takes beside the identity: for conditions and metrics, never for permissions. */
  readonly facts?: Facts;
  /** Turns a server's config into an identity; `as` wins over it. */
  readonly identity?: IdentityResolver;
  /** What happens to a run that nobody runs, where a guard is installed. Default `refuse` (IDENTITY_MISSING); `no-tools` lets it run and denies every tool. */
  readonly anonymous?: "refuse" | "no-tools";
  /** What happens when a node reaches a tool or a model around the gate, while a plugin controls them. Default `deny`. */
  readonly ungated?: "deny" | "report";
  /**
   * Whose a thread is, where a guard is installed. Default `owned`: whoever writes to it first (for an approver or a
   * service, the user behind it), THREAD_NOT_YOURS for others; remembered in this process for the last 100,000 threads.
   * `open`: everybody may use a thread whose id they know.
   */
  readonly threads?: "owned" | "open";
  /** Milliseconds for which an identity may start runs. Default 900,000 (15 minutes); services never expire. */
  readonly identityTtlMs?: number;
}

/** Removes `readonly` one level deep: LangGraph refuses a readonly streamMode tuple. */
export type Mutable<C> = { -readonly [K in keyof C]: C[K] extends readonly [...infer T] ? [...T] : C[K] };

/** A run config that carries an identity. */
export interface Identified {
  configurable: Record<string, unknown>;
}

type FactsOf<F> = F extends z.ZodType ? z.input<F> : never;
/** What `as` takes: an identity, with the stack's facts beside it. */
export type WhoWith<Facts> = unknown extends FactsOf<Facts> ? Who : Who & FactsOf<Facts>;

/** RemoteGraph runs elsewhere: wrapping it is a compile error whose text says where to go. */
export type NotRemote<G> = G extends { readonly graphId: string; readonly lg_is_pregel: boolean }
  ? { readonly "wrap the graph in the server's source, not the RemoteGraph": never }
  : unknown;

/** Plugins around any LangGraph graph. */
export interface Stack<Facts extends z.ZodType = z.ZodType> {
  readonly name: string;
  /**
   * The same kind of graph, with every hook of the stack around it. The host's graph stays as it is; the same graph gives
   * the same object.
   *
   * @throws GraphTapError WRAP_UNSUPPORTED, WRAP_REMOTE, WRAP_FOREIGN_STACK
   */
  wrap<G extends Wrappable>(graph: G & NotRemote<G>): G;
  /** Builds a wrapped graph from a specification; see `docs` of {@link WorkflowSpec}. */
  createWorkflow(spec: WorkflowSpec): Promise<Workflow>;
  /** All issues of a specification at once, without building anything. */
  validate(spec: AnyWorkflowSpec): readonly WorkflowIssue[];
  /** The governed form of a chat model, or of a binding around one. */
  wrapModel<M extends object>(model: M): M;
  /** The governed form of a tool. A refused ToolCall becomes an error ToolMessage; refused bare arguments throw DeniedError. */
  wrapTool<T extends object>(tool: T): T;
  /** {@link Stack.wrapTool} for a list; the tuple's type stays. */
  wrapTools<const T extends readonly object[]>(tools: T): { -readonly [K in keyof T]: T[K] };
  /**
   * Who runs it, as a run config. Per request: it expires. The second argument merges; spreading the result and giving
   * another `configurable` would lose the identity.
   *
   * @throws GraphTapError IDENTITY_INVALID, IDENTITY_THREAD_CONFLICT
   * @example graph.invoke(input, stack.as({ userId: "alice", conversationId: "c-1" }, { signal }));
   */
  as<const C extends object = {}>(
    who: WhoWith<Facts>,
    config?: C & Partial<RunnableConfig>,
  ): Mutable<NoInfer<C>> & Identified;
  /** What is governed in a graph and what is only observed. */
  explain(graph: object): Explanation;
  /** A service, by key or by the factory of the plugin that provides it first. */
  get<G extends Gettable>(key: G): ServiceFrom<G>;
  find<G extends Gettable>(key: G): ServiceFrom<G> | undefined;
  /** Fires a hook of the host's own. */
  call<D extends AnyHookDef>(def: D, value: ValueOf<D>, ...rest: CallRest<D>): CallResult<D>;
  isTapped(def: AnyHookDef): boolean;
  inspect(): Inspection;
  profile(on?: boolean): Profile;
  ready(): Promise<void>;
  isReady(): boolean;
  flush(): Promise<void>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  use(plugin: Plugin): Promise<void>;
  remove(id: string): Promise<void>;
  replace(plugin: Plugin): Promise<void>;
  readonly events: Kernel["events"];
  readonly clock: Kernel["clock"];
  readonly log: Kernel["log"];
  pin(): Epoch;
}

/** What {@link createStack} takes. */
export type StackConfig<List extends readonly PluginInput[], Facts extends z.ZodType> = StackOptions<Facts> & {
  readonly plugins: List;
} & Complete<readonly [...List, WorkflowsPlugin]>;
