import type { Runnable } from "@langchain/core/runnables";
import { stepOf } from "../graph/lean.js";
import { classOfInvoke, mapParts } from "../graph/parts.js";
import type { Config } from "../identity/envelope.js";
import { type Handed, Unannounced, WatchManager } from "./manager.js";

type Code = (input: unknown, config?: Config, ...rest: unknown[]) => unknown;

const watcherIn = (config: Config | undefined): WatchManager | null => {
  const callbacks: unknown = config?.callbacks;
  return callbacks instanceof WatchManager && callbacks.alone ? callbacks : null;
};

/**
 * What a node runs, with its own code given a config that knows which run name it is short of: what the code hands on is
 * told from what LangChain hands on by itself, which never has that name.
 */
export function handing(inner: Runnable, handed: Handed): Runnable {
  const parts = mapParts(inner, (part) => handing(part, handed));
  if (parts !== null) return parts;
  const entry = entryOf(inner);
  if (entry === null) return inner;
  const code = (inner as unknown as Record<string, unknown>)[entry];
  const run: Code = (input, config, ...rest) =>
    (code as Code).call(stepOf(inner), input, given(config, handed), ...rest);
  return Object.create(inner, { [entry]: { value: run } }) as Runnable;
}

/** The config as the node's own code gets it. */
export function given<C extends Config | undefined>(config: C, handed: Handed): C {
  const manager = config?.runName === undefined ? watcherIn(config) : null;
  return manager === null ? config : { ...config, callbacks: manager.short(handed) };
}

/** LangGraph's and LangChain's runnables around a function. Agents have their own, with private fields, which a derived object lacks. */
const AROUND_CODE = new Set(["RunnableCallable", "RunnableLambda"]);

/** Where the code of a node gets its config. A tool has a `func` as well, but its `invoke` makes the config. */
function entryOf(inner: Runnable): "invoke" | "func" | null {
  if ("schema" in inner) return "invoke";
  return "func" in inner && !("getState" in inner) && AROUND_CODE.has(classOfInvoke(inner) ?? "") ? "func" : null;
}

/**
 * The config for a call that passed the gate, where nobody but the watcher listens and LangChain's own code leads to the
 * judged code without handing it the config: the call goes unannounced, and LangChain spares what announcing costs. Null
 * where it has to be announced.
 */
export function unannounced(config: Config | undefined): Config | null {
  if ((config?.callbacks as unknown) instanceof Unannounced) return config ?? null;
  const manager = watcherIn(config);
  return manager === null ? null : { ...config, callbacks: new Unannounced(manager) };
}

/** Whether a config is one for a call that goes unannounced. */
export const isUnannounced = (config: Config | undefined): boolean =>
  (config?.callbacks as unknown) instanceof Unannounced;

/**
 * The config for the code of a governed tool: what it starts on its own is watched. Without other callbacks LangChain
 * leaves the tool's own name in it, and would announce every tool that the code calls under that.
 */
export function inTool(config: unknown): unknown {
  const given = config as Config | undefined;
  const callbacks: unknown = given?.callbacks;
  const manager = callbacks instanceof Unannounced ? callbacks.instead : watcherIn(given);
  if (manager === null) return config;
  const { handed } = manager;
  return { ...given, runName: handed?.runName, callbacks: handed === null ? manager : manager.short(null) };
}
