import type { Core } from "../core.js";
import type { Config } from "../identity/envelope.js";
import type { Principal } from "../identity/principal.js";
import type { Frame } from "../run/scope.js";
import { leavesOf } from "../graph/parts.js";
import { isPregel, type PregelLike } from "../graph/pregel.js";
import { isTool } from "../tool/guard.js";
import { isToolNode } from "../tool/node.js";

type Key = readonly [namespace: readonly string[], key: string];
interface Entry {
  readonly key: Key;
  readonly value: unknown;
}

/** LangGraph's cache of what nodes and tasks wrote. */
interface NodeCache {
  get(keys: readonly Key[]): Promise<readonly Entry[]>;
  set(pairs: readonly Entry[]): Promise<void>;
  clear(namespaces: readonly (readonly string[])[]): Promise<void>;
}

const isCache = (value: unknown): value is NodeCache =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as NodeCache).get === "function" &&
  typeof (value as NodeCache).set === "function";

/** One text per principal and its rights. */
function whoOf(principal: Principal | null): unknown {
  if (principal === null) return null;
  const { tenantId, userId, service, roles, onBehalfOf } = principal;
  return [tenantId, userId, service, roles.toSorted(), whoOf(onBehalfOf)];
}

/** Whether what one principal was given may not be given to another. */
const personal = ({ scope: { dispatch } }: Frame): boolean =>
  dispatch.needsIdentity || dispatch.controlsTools || dispatch.controlsModels;

/**
 * The graph with a cache of nodes that no guard is passed by: a hit runs no node, and so asks nobody. While a plugin
 * guards anything, each principal has entries of its own, and while one guards tools, nodes of tools have none. A view
 * and not a change: a server sets `cache` on the graph.
 */
export function withGovernedCache<G extends PregelLike>(core: Core, graph: G): G {
  const { cache } = graph as { cache?: unknown };
  return isCache(cache)
    ? (Object.create(graph, { cache: { value: viewOf(core, graph, cache), writable: true } }) as G)
    : graph;
}

/** The same for a cache that comes with the call. */
export function configWithGovernedCache(core: Core, graph: PregelLike, config: Config | undefined): Config | undefined {
  const cache: unknown = config?.["cache"];
  return isCache(cache) ? { ...config, cache: viewOf(core, graph, cache) } : config;
}

function viewOf(core: Core, graph: PregelLike, cache: NodeCache): NodeCache {
  let tools: ReadonlySet<string> | undefined;
  /** The key under which it is kept; null where it is not. */
  const keptAs = ([namespace, key]: Key): Key | null => {
    const frame = core.frames.getStore();
    if (frame === undefined) return null;
    if (!personal(frame)) return [namespace, key];
    if (frame.scope.dispatch.controlsTools && namespace.some((name) => (tools ??= nodesOfTools(graph)).has(name)))
      return null;
    return [[...namespace, JSON.stringify(whoOf(frame.ctx.principal))], key];
  };
  const get = async (keys: readonly Key[]): Promise<readonly Entry[]> => {
    const asked = new Map<string, Key>();
    const kept: Key[] = [];
    for (const key of keys) {
      const as = keptAs(key);
      if (as === null) continue;
      kept.push(as);
      asked.set(JSON.stringify(as), key);
    }
    if (kept.length === 0) return [];
    const found = await cache.get(kept);
    return found.flatMap(({ key, value }) => {
      const as = asked.get(JSON.stringify(key));
      return as === undefined ? [] : [{ key: as, value }];
    });
  };
  const set = async (pairs: readonly Entry[]): Promise<void> => {
    const kept = pairs.flatMap((pair) => {
      const key = keptAs(pair.key);
      return key === null ? [] : [{ ...pair, key }];
    });
    if (kept.length > 0) await cache.set(kept);
  };
  /** Nothing is anybody's own: then the cache's own promises, for a run that waits a turn more may tell other chunks. */
  const common = (): boolean => {
    const frame = core.frames.getStore();
    return frame !== undefined && !personal(frame);
  };
  return Object.create(cache, {
    get: { value: (keys: readonly Key[]) => (common() ? cache.get(keys) : get(keys)) },
    set: { value: (pairs: readonly Entry[]) => (common() ? cache.set(pairs) : set(pairs)) },
    clear: { value: (namespaces: readonly (readonly string[])[]) => cache.clear(namespaces) },
  }) as NodeCache;
}

/** Nodes that run tools, or graphs, which may. */
function nodesOfTools({ nodes }: PregelLike): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [name, { bound }] of Object.entries(nodes)) {
    const inner = (bound as { inner?: typeof bound }).inner ?? bound;
    const leaf = (part: typeof bound): boolean => isPregel(part) || isToolNode(part) || isTool(part);
    if (leavesOf(inner, leaf).some(leaf)) found.add(name);
  }
  return found;
}
