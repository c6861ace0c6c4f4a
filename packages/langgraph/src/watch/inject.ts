import type { CallbackManager } from "@langchain/core/callbacks/manager";
import type { Dispatch } from "../dispatch.js";
import type { Config } from "../identity/envelope.js";
import type { Watcher } from "./watcher.js";

/** Whether anybody needs to know what code reaches around the gate. */
export function needsWatch(dispatch: Dispatch): boolean {
  return dispatch.anyModel || dispatch.controlsTools || dispatch.tool.start.used || dispatch.tool.end.used;
}

interface ManagerLike {
  readonly inheritableHandlers: readonly unknown[];
  copy(): CallbackManager;
}

/** The config with the watcher among its callbacks, once. */
export function watched(config: Config | undefined, watcher: Watcher): Config {
  const callbacks = config?.callbacks as readonly unknown[] | ManagerLike | undefined;
  if (callbacks === undefined) return { ...config, callbacks: watcher.manager };
  if (!("copy" in callbacks)) return callbacks.includes(watcher) ? (config as Config) : { ...config, callbacks: [...callbacks, watcher] as never };
  if (callbacks.inheritableHandlers.includes(watcher)) return config as Config;
  const copy = callbacks.copy();
  copy.addHandler(watcher, true);
  return { ...config, callbacks: copy };
}
