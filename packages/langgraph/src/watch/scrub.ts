import type { CallbackManager } from "@langchain/core/callbacks/manager";
import type { Config } from "../identity/envelope.js";
import { type Layout, readChunk } from "../run/modes.js";
import { WatchManager } from "./manager.js";
import { Watcher } from "./watcher.js";

interface Shown {
  callbacks?: readonly unknown[] | CallbackManager;
  configurable?: { readonly checkpoint_ns?: unknown };
  run_name?: string;
  tags?: unknown;
}

/** Whether chunks of this layout show the config of a subgraph, and with it the callbacks of the node around it. */
export function showsCallbacks(layout: Layout): boolean {
  return (
    (layout.subgraphs || layout.encoded) && (layout.modes.includes("checkpoints") || layout.modes.includes("debug"))
  );
}

/**
 * Takes the watcher off the config that a checkpoint's chunk shows. The config was made for the chunk; the manager in it
 * is the run's own, so it is replaced and not changed.
 */
export function scrub(layout: Layout, raw: unknown): void {
  const { mode, payload } = readChunk(layout, raw);
  const shown: unknown =
    mode === "debug" ? (payload as { payload?: unknown } | null)?.payload : mode === "checkpoints" ? payload : null;
  if (typeof shown !== "object" || shown === null) return;
  const { config, parentConfig } = shown as { config?: Shown; parentConfig?: Shown };
  for (const one of [config, parentConfig]) if (one?.callbacks !== undefined) hide(one, one.callbacks);
}

/** Where LangGraph keeps the stream of a graph around this one, into which what runs here writes its chunks. */
const OUTER = "__pregel_stream";
const WRITTEN: Layout = { modes: [], tuples: true, subgraphs: true, encoded: false, protocol: false };

interface OuterStream {
  readonly modes: ReadonlySet<string>;
  push(chunk: unknown): void;
}

/** The config with a stream around it that gets its chunks scrubbed too; null where nobody around sees configs. */
export function scrubbing(config: Config | undefined): Config | null {
  const { configurable } = config ?? {};
  const outer = (configurable as Record<string, unknown> | undefined)?.[OUTER] as OuterStream | undefined;
  if (outer === undefined || !(outer.modes.has("checkpoints") || outer.modes.has("debug"))) return null;
  const push = (chunk: unknown): void => {
    scrub(WRITTEN, chunk);
    outer.push(chunk);
  };
  return { ...config, configurable: { ...configurable, [OUTER]: Object.create(outer, { push: { value: push } }) } };
}

const isWatcher = (handler: unknown): handler is Watcher => handler instanceof Watcher;

function hide(shown: Shown, callbacks: NonNullable<Shown["callbacks"]>): void {
  const handlers = "copy" in callbacks ? callbacks.handlers : callbacks;
  const watchers = handlers.filter(isWatcher);
  if (watchers.length === 0) return;
  if (watchers.length === handlers.length) {
    delete shown.callbacks;
    if (callbacks instanceof WatchManager) giveBack(shown, callbacks);
    return;
  }
  if (!("copy" in callbacks)) {
    shown.callbacks = callbacks.filter((handler) => !isWatcher(handler));
    return;
  }
  const copy = callbacks.copy();
  for (const watcher of watchers) copy.removeHandler(watcher);
  shown.callbacks = copy;
}

/** Puts the run name back that a graph was called with where nobody watches; the tags come after it. */
function giveBack(shown: Shown, { handed }: WatchManager): void {
  if (handed === null || shown.run_name !== undefined || !calledIn(handed.ns, shown.configurable?.checkpoint_ns))
    return;
  const { tags } = shown;
  delete shown.tags;
  shown.run_name = handed.runName;
  if (tags !== undefined) shown.tags = tags;
}

/** Whether a graph with this namespace was called by the node itself, as its first graph or as a further one. */
function calledIn(node: string, ns: unknown): boolean {
  return typeof ns === "string" && ns.startsWith(node) && /^(?:\|\d+)?$/.test(ns.slice(node.length));
}
