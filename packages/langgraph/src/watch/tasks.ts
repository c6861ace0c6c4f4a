import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Core } from "../core.js";
import type { Config } from "../identity/envelope.js";
import { given } from "./handed.js";
import { watched } from "./inject.js";
import { WatchManager } from "./manager.js";
import type { Watcher } from "./watcher.js";

type Code = (...args: unknown[]) => unknown;
type CallTask = (code: Code, ...rest: unknown[]) => unknown;

/** Where LangGraph keeps what runs a `task()`. */
const CALL = "__pregel_call";

/**
 * Has the tasks that a node calls watched as the node is. LangGraph runs each in a sequence of its own, without the node's
 * callbacks: the watcher would join it like every handler, and LangChain would announce all that the task does, and name
 * messages after those announcements. In place: LangGraph makes this object for one attempt of one node.
 */
export function watchTasks(core: Core, watcher: Watcher, config: Config | undefined): void {
  const configurable = config?.configurable as Record<string, unknown> | undefined;
  const call = configurable?.[CALL];
  const { callbacks } = config ?? {};
  if (
    configurable === undefined ||
    typeof call !== "function" ||
    !(callbacks instanceof WatchManager && callbacks.alone)
  )
    return;
  const callTask: CallTask = (code, ...rest) =>
    core.frames.quietly(() =>
      (call as CallTask)((...args) => core.frames.aloud(() => run(core, watcher, code, args)), ...rest),
    );
  configurable[CALL] = Object.defineProperty(callTask, "name", { value: call.name });
}

function run(core: Core, watcher: Watcher, code: Code, args: unknown[]): unknown {
  const config = AsyncLocalStorageProviderSingleton.getRunnableConfig() as Config | undefined;
  const { runName } = config ?? {};
  const { scope, ctx } = watcher.frame;
  let inner = watched({ watcher }, config);
  if (scope.showsConfigs && runName !== undefined) inner = given(inner, { runName, ns: ctx.ns });
  watchTasks(core, watcher, inner);
  return AsyncLocalStorageProviderSingleton.runWithConfig(inner, () => code(...args));
}
