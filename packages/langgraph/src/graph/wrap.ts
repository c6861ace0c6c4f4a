import type { Runnable } from "@langchain/core/runnables";
import type { Core } from "../core.js";
import { wrapRemote, wrapUnsupported } from "../errors.js";
import type { Config, Issued } from "../identity/envelope.js";
import type { ModelGuards } from "../model/guard.js";
import { described } from "../workflow/issue.js";
import { governToolNode, isToolNode, type ToolNodeLike } from "../tool/node.js";
import { type Guards, isTool } from "../tool/guard.js";
import { hookedWriters } from "./edge.js";
import { lean } from "./lean.js";
import { madeOnce } from "./sequence.js";
import { HookedBound } from "./node.js";
import {
  type AgentLike,
  isAgent,
  isBuilder,
  isPregel,
  isRemote,
  type NodeLike,
  type PregelClass,
  type PregelLike,
} from "./pregel.js";
import { leavesOf, mapParts } from "./parts.js";
import { assertNotForeign, WRAPPED_BY, wrapperOf } from "../wrapped.js";
import { governedClass, IDENTITY } from "./subclass.js";

/** What a stack can wrap: a compiled graph, a StateGraph, an entrypoint or a createAgent agent. Structural on purpose. */
export type Wrappable =
  | { readonly lg_is_pregel: boolean; readonly nodes: unknown }
  | { compile(...args: never[]): unknown }
  | { readonly graph: unknown };

/**
 * A node with some fields of its own. Constructed and then given the very fields of the original: put together field by
 * field it would be a dictionary to V8, which LangGraph's every look at it would pay for.
 */
function copyOf(node: NodeLike, changes: Partial<NodeLike>): NodeLike {
  const Node = node.constructor as new (fields: object) => NodeLike;
  const made = Object.assign(new Node({ ...node }), node, changes);
  madeOnce(made);
  return made;
}

const noGraph = (value: unknown): Error =>
  wrapUnsupported(
    `stack.wrap() was given something it cannot run plugins in: ${
      typeof value === "function"
        ? `function "${value.name || "anonymous"}"`
        : value instanceof Promise
          ? "a promise"
          : described(value)
    }.`,
    "It takes a compiled graph, a StateGraph, an entrypoint or a createAgent agent.",
  );

/** Without what may be a secret: user, password, query. */
function addressOf(url: unknown): string | null {
  if (typeof url !== "string" || !URL.canParse(url)) return null;
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname === "/" ? "" : pathname}`;
}

/** Wraps graphs for one stack. The same graph gives the same object. */
export class GraphWrapper {
  readonly #wrapped = new WeakMap<object, object>();
  readonly #classes = new WeakMap<object, PregelClass>();

  constructor(
    readonly core: Core,
    readonly tools: Guards,
    readonly models: ModelGuards,
  ) {}

  /** @throws GraphTapError WRAP_UNSUPPORTED, WRAP_REMOTE, WRAP_FOREIGN_STACK */
  wrap(value: unknown): object {
    if (typeof value !== "object" || value === null) throw noGraph(value);
    if (wrapperOf(value) === this.core) return value;
    assertNotForeign("graph", value, this.core);
    const known = this.#wrapped.get(value);
    if (known !== undefined) return known;
    const made = this.#make(value);
    this.#wrapped.set(value, made);
    return made;
  }

  #make(value: object): object {
    if (isRemote(value)) {
      // The SDK's client keeps the address in its parts.
      const remote = value as { graphId?: string; name?: string; client?: { runs?: { apiUrl?: unknown } } };
      throw wrapRemote(remote.graphId ?? remote.name ?? "?", addressOf(remote.client?.runs?.apiUrl));
    }
    if (isPregel(value)) return this.#pregel(value);
    if (isAgent(value)) return this.#agent(value);
    if (isBuilder(value)) return this.#builder(value);
    throw noGraph(value);
  }

  #class(Base: PregelClass): PregelClass {
    let made = this.#classes.get(Base);
    if (made === undefined) this.#classes.set(Base, (made = governedClass(this.core, Base)));
    return made;
  }

  #pregel(graph: PregelLike): PregelLike {
    const Governed = this.#class(graph.constructor as unknown as PregelClass);
    // A graph may contain itself: it must be known before its nodes are looked at. A Pregel that was not compiled (an
    // entrypoint) validates itself when it is constructed: without nodes that fails, and it was done for the host's.
    const made = new Governed({ ...graph, nodes: {}, autoValidate: false });
    this.#wrapped.set(graph, made);
    Object.assign(made, { nodes: this.#nodes(graph), autoValidate: graph.autoValidate });
    return made;
  }

  #nodes(graph: PregelLike): Record<string, NodeLike> {
    const nodes: Record<string, NodeLike> = {};
    for (const [name, node] of Object.entries(graph.nodes))
      nodes[name] = copyOf(node, {
        ...(name === "__start__" ? {} : this.#node(name, node)),
        ...this.#edges(graph, name, node),
      });
    return nodes;
  }

  #edges({ builder }: PregelLike, name: string, { writers }: NodeLike): Partial<NodeLike> {
    if (writers === undefined) return {};
    return { writers: hookedWriters(this.core, name, writers, builder) };
  }

  #node(name: string, node: NodeLike): Partial<NodeLike> {
    const found = node.subgraphs !== undefined && node.subgraphs.length > 0 ? node.subgraphs : subgraphsOf(node.bound);
    const bound = new HookedBound(this.core, name, this.#deep(node.bound));
    const subgraphs = found.map((candidate) => this.#deep(candidate));
    return subgraphs.length > 0 ? { bound, subgraphs } : { bound };
  }

  /** What a node runs, with the parts that can be reached governed: tool nodes, tools, subgraphs, models, in containers too. */
  #deep(bound: Runnable): Runnable {
    if (isPregel(bound)) return this.wrap(bound) as Runnable;
    if (isToolNode(bound)) return lean(this.#toolNode(bound) as unknown as Runnable);
    // Before the containers: `asTool` makes a tool that looks like one.
    if (isTool(bound)) return this.tools.guard(bound);
    return mapParts(bound, (part) => this.#deep(part)) ?? lean(this.models.guard(bound));
  }

  #toolNode(node: ToolNodeLike): ToolNodeLike {
    const known = this.#wrapped.get(node);
    if (known !== undefined) return known as ToolNodeLike;
    const made = governToolNode(this.core, this.tools, node);
    this.#wrapped.set(node, made);
    return made;
  }

  /** A view of the builder whose compile wraps; the host's own builder stays as it is. */
  #builder(builder: { compile(...args: unknown[]): PregelLike }): object {
    const wrapper = this;
    return Object.create(builder, {
      compile: {
        value(this: object, ...args: unknown[]): object {
          return wrapper.wrap(builder.compile.apply(this as never, args));
        },
        writable: true,
        configurable: true,
      },
      [WRAPPED_BY]: { value: this.core },
    }) as object;
  }

  /**
   * A second agent from the same options, with its model governed; its graph, which is nobody else's, becomes a governed
   * one in place, for an agent keeps it in a private field.
   */
  #agent(agent: AgentLike): AgentLike {
    const copy = agent.withConfig({});
    copy.options = { ...copy.options, model: this.models.guard(copy.options.model) };
    const made = copy.withConfig({});
    const { graph } = made;
    Object.assign(graph, { nodes: this.#nodes(graph) });
    Object.setPrototypeOf(graph, this.#class(graph.constructor as unknown as PregelClass).prototype as object);
    const withConfig = (config: Config): object => {
      const { config: clean, issued } = this.core.envelopes.take(config, graph.getName());
      const next = this.wrap(agent.withConfig(clean)) as AgentLike;
      const identity = issued ?? (graph as { [IDENTITY]?: Issued })[IDENTITY];
      if (identity !== undefined) Object.assign(next.graph, { [IDENTITY]: identity });
      return next;
    };
    Object.defineProperty(made, "withConfig", { value: withConfig, configurable: true });
    Object.defineProperty(made, WRAPPED_BY, { value: this.core });
    return made;
  }
}

/** Subgraphs that a node declares by being or containing them. */
const subgraphsOf = (bound: Runnable): Runnable[] =>
  leavesOf(bound, (part) => isPregel(part) || isToolNode(part) || isTool(part)).filter((part) => isPregel(part));
