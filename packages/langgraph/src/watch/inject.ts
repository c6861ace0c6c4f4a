import type { CallbackManager } from "@langchain/core/callbacks/manager";
import type { Core } from "../core.js";
import type { Config } from "../identity/envelope.js";
import type { Frame } from "../run/scope.js";
import { WatchManager } from "./manager.js";
import { Watcher } from "./watcher.js";

interface ManagerLike {
  readonly handlers: readonly unknown[];
  copy(): CallbackManager;
}

/** The watcher of a node around this one, of the same stack: this node's takes its place. */
const outdated = (core: Core, handler: unknown): boolean => handler instanceof Watcher && handler.core === core;

/** A place with a watcher of its own. */
export function underWatch(core: Core, place: Frame): Frame & { readonly watcher: Watcher } {
  const frame = { ...place } as Frame & { watcher: Watcher };
  frame.watcher = Watcher.in(core, frame);
  return frame;
}

/** The config of a node with the watcher among its callbacks. */
export function watched({ watcher }: { readonly watcher: Watcher }, config: Config | undefined): Config {
  const { core } = watcher;
  const callbacks = config?.callbacks as readonly unknown[] | ManagerLike | undefined;
  if (
    callbacks === undefined ||
    ("copy" in callbacks && callbacks.handlers.every((handler) => outdated(core, handler)))
  ) {
    if (watcher.ignores("tool")) return { ...config, callbacks: new WatchManager(watcher) };
    // Without callbacks LangChain leaves the node's own name in the config, and would announce every tool under it.
    const { runName: _node, ...rest } = config ?? {};
    return Object.assign<Config, Config>(rest, { callbacks: new WatchManager(watcher) });
  }
  if (!("copy" in callbacks))
    return { ...config, callbacks: [...callbacks.filter((handler) => !outdated(core, handler)), watcher] as never };
  const copy = callbacks.copy();
  for (const handler of copy.handlers.filter((h) => outdated(core, h))) copy.removeHandler(handler);
  copy.addHandler(watcher, true);
  return { ...config, callbacks: copy };
}
