import { definePlugin, type InstanceOptions, type Plugin } from "@graphtap/kernel";
import { bindingError } from "../errors.js";
import { hooks } from "../hooks/index.js";
import { beforeModelTap, modelCallTap } from "./model-call.js";
import { toolCallTap } from "./tool-call.js";
import type { MiddlewareLike, StateHook, WrapModelCall, WrapToolCall } from "./types.js";
import { unsupported } from "./unsupported.js";

/** Nodes, channels and tools of an agent: a plugin has none. */
const AGENT_ONLY = ["beforeAgent", "afterAgent", "stateSchema", "tools", "streamTransformers"] as const;

/**
 * A LangChain middleware as a plugin, for any graph: `wrapToolCall` and `wrapModelCall` become layers around the calls,
 * `beforeModel` rewrites what the model sees and `afterModel` what it answered. None of it adds a super-step, and none
 * of it can swallow an interrupt, a refusal or an abort.
 *
 * Differences: the state stays as it is; a reply is held back until it is whole, for a middleware sees no chunks;
 * `request.tool` and `request.model` can be read but not called or exchanged; `beforeModel` has 10 s.
 *
 * @example
 * const stack = createStack({ plugins: [fromMiddleware(toolRetryMiddleware({ maxRetries: 3 }))] });
 * @throws GraphTapError MIDDLEWARE_INVALID, and MIDDLEWARE_UNSUPPORTED naming what only an agent can do
 */
export function fromMiddleware(middleware: MiddlewareLike, instance?: InstanceOptions): Plugin {
  const { wrapToolCall, wrapModelCall } = checked(middleware);
  const before = hookOf(middleware.beforeModel);
  const after = hookOf(middleware.afterModel);
  const factory = definePlugin({
    name: pluginName(middleware.name),
    version: "1.0.0",
    identity: "none",
    setup(api) {
      if (before !== null) api.tap(hooks.model.prepare, beforeModelTap(middleware, before));
      if (wrapModelCall !== null || after !== null)
        api.tap(hooks.model.call, modelCallTap(middleware, wrapModelCall, after));
      if (wrapToolCall !== null) api.tap(hooks.tool.call, toolCallTap(middleware, wrapToolCall));
    },
  });
  return factory(undefined, instance);
}

interface Wraps {
  readonly wrapToolCall: WrapToolCall | null;
  readonly wrapModelCall: WrapModelCall | null;
}

function checked(middleware: MiddlewareLike): Wraps {
  const refuse = (why: string) => bindingError("MIDDLEWARE_INVALID", "fromMiddleware() was given no middleware.", why);
  if (
    typeof middleware !== "object" ||
    middleware === null ||
    typeof middleware.name !== "string" ||
    middleware.name === ""
  )
    throw refuse("It takes what createMiddleware() of langchain gives: an object with a name and hooks.");
  const { name, wrapToolCall, wrapModelCall, beforeModel, afterModel } = middleware;
  const present = AGENT_ONLY.filter(
    (part) => middleware[part] !== undefined && !(Array.isArray(middleware[part]) && middleware[part].length === 0),
  );
  if (present.length > 0) throw unsupported(name, present);
  if ([wrapToolCall, wrapModelCall, beforeModel, afterModel].every((hook) => hook === undefined))
    throw refuse(`"${name}" has no hook at all.`);
  const wrong = Object.entries({ wrapToolCall, wrapModelCall }).filter(
    ([, hook]) => hook !== undefined && typeof hook !== "function",
  );
  if (wrong.length > 0) throw refuse(`${wrong.map(([key]) => key).join(", ")} of "${name}" is no function.`);
  return {
    wrapToolCall: (wrapToolCall as WrapToolCall | undefined) ?? null,
    wrapModelCall: (wrapModelCall as WrapModelCall | undefined) ?? null,
  };
}

/** A hook stands alone, or beside the places it may jump to. */
function hookOf(given: unknown): StateHook | null {
  if (given === undefined) return null;
  const hook: unknown = typeof given === "function" ? given : (given as { hook?: unknown } | null)?.hook;
  if (typeof hook !== "function")
    throw bindingError(
      "MIDDLEWARE_INVALID",
      "fromMiddleware() was given a hook that is no function.",
      "beforeModel and afterModel are functions, or { hook, canJumpTo }.",
    );
  return hook as StateHook;
}

/** `toolRetryMiddleware` becomes `langchain-tool-retry-middleware`. */
function pluginName(name: string): string {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  return ["langchain", ...(words ?? [])].join("-");
}
