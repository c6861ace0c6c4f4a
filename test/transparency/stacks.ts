import { allHooks, createStack, definePlugin, type HookDef, type PluginApi, type Stack } from "@graphtap/langgraph";
import type { RunConfig, Through } from "../gallery/index.js";

/** Must never be seen outside of the stack that was given it. */
export const CANARY = "alice-canary";

type AnyDef = HookDef<"series" | "sync", unknown, unknown, unknown>;

/** Counts what observers were told, so that a recording cannot pass because nobody watched. */
export type Seen = Map<string, number>;

const count = (seen: Seen, name: string): void => void seen.set(name, (seen.get(name) ?? 0) + 1);

function tapSeries(
  api: PluginApi,
  tap: (name: string) => (value: unknown, ctx: unknown) => void | Promise<void>,
): void {
  for (const def of allHooks as readonly { kind: string; name: string }[])
    if (def.kind === "series") api.tap(def as AnyDef as never, tap(def.name) as never);
}

const observing = definePlugin({
  name: "observer",
  version: "1.0.0",
  identity: "none",
  setup(api: PluginApi) {
    tapSeries(api, (name) => () => count(seenBy(api.id), name));
    for (const def of allHooks as readonly { kind: string; name: string }[])
      if (def.kind === "sync") api.tap(def as AnyDef as never, (() => count(seenBy(api.id), def.name)) as never);
  },
});

/** Waits in every tap. Every wait is as long as any other, or the waits would decide which of two parallel branches is first. */
const waiting = definePlugin({
  name: "waiting-observer",
  version: "1.0.0",
  identity: "none",
  setup(api: PluginApi) {
    tapSeries(api, (name) => async () => {
      count(seenBy(api.id), name);
      await Promise.resolve();
      await Promise.resolve();
    });
  },
});

const registry = new Map<string, Seen>();
let serial = 0;
/** Instances are told apart by their key: `observer:3`. */
function seenBy(id: string): Seen {
  const key = id.slice(id.indexOf(":") + 1);
  let seen = registry.get(key);
  if (seen === undefined) registry.set(key, (seen = new Map()));
  return seen;
}

/** Control taps of every kind that let everything through as it is. */
const allowing = definePlugin({
  name: "allowing",
  version: "1.0.0",
  identity: "none",
  setup(api: PluginApi) {
    const pass: Record<string, unknown> = {
      around: (request: unknown, next: (request: unknown) => unknown) => next(request),
      guard: () => undefined,
      reserve: () => ({ settle: () => undefined, release: () => undefined }),
      waterfall: () => undefined,
    };
    for (const def of allHooks as readonly { kind: string; name: string }[]) {
      // A tap on model.result alone holds a stream back until it is whole; beside model.stream it does not.
      const tap = pass[def.kind];
      if (tap !== undefined) api.tap(def as never, tap as never);
    }
  },
});

/** A stack and what a run through it needs. */
export interface Variant {
  readonly name: string;
  /** Whether somebody must be told of every run. */
  readonly observes: boolean;
  /** Whether nothing at all is forgiven: nobody has to be waited for. */
  readonly exact: boolean;
  /** A fresh stack for one recording. */
  make(): {
    readonly stack: Stack;
    readonly seen: Seen;
    readonly identify: (config: RunConfig) => RunConfig;
    readonly through?: Through;
  };
}

const plain = (config: RunConfig): RunConfig => config;
const as =
  (stack: Stack) =>
  (config: RunConfig): RunConfig =>
    stack.as(
      { userId: CANARY, tenantId: `${CANARY}-tenant`, roles: [`${CANARY}-role`] },
      config as never,
    ) as unknown as RunConfig;

function observed(factories: readonly ("sync" | "async")[]): { readonly stack: Stack; readonly seen: Seen } {
  const key = String(++serial);
  const stack = createStack({
    plugins: factories.map((kind) => (kind === "sync" ? observing : waiting)(undefined as never, { key })) as never,
  }) as unknown as Stack;
  return { stack, seen: seenBy(`x:${key}`) };
}

export const bare: Variant = {
  name: "no plugins",
  observes: false,
  exact: true,
  make: () => ({ stack: createStack({ plugins: [] }) as unknown as Stack, seen: new Map(), identify: plain }),
};
export const syncObservers: Variant = {
  name: "synchronous observers",
  observes: true,
  exact: true,
  make: () => ({ ...observed(["sync"]), identify: plain }),
};
export const asyncObservers: Variant = {
  name: "asynchronous observers",
  observes: true,
  exact: false,
  make: () => ({ ...observed(["async"]), identify: plain }),
};
export const identified: Variant = {
  name: "observers and an identity",
  observes: true,
  exact: true,
  make() {
    const { stack, seen } = observed(["sync"]);
    return { stack, seen, identify: as(stack) };
  },
};
export const governed: Variant = {
  name: "observers, an identity, models and tools wrapped one by one",
  observes: true,
  exact: false,
  make() {
    const { stack, seen } = observed(["sync", "async"]);
    return {
      stack,
      seen,
      identify: as(stack),
      through: { model: (model) => stack.wrapModel(model), tool: (tool) => stack.wrapTool(tool) },
    };
  },
};
export const controlled: Variant = {
  name: "control taps that allow everything, models and tools wrapped",
  observes: false,
  exact: false,
  make() {
    const stack = createStack({
      ungated: "report",
      plugins: [allowing(undefined as never)] as never,
    }) as unknown as Stack;
    return {
      stack,
      seen: new Map(),
      identify: as(stack),
      through: { model: (model) => stack.wrapModel(model), tool: (tool) => stack.wrapTool(tool) },
    };
  },
};

export const variants = [bare, syncObservers, asyncObservers, identified, governed, controlled] as const;
