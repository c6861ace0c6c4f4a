import type { AnyHookDef, Plugin } from "@graphtap/kernel";
import { allHooks, type RunContext, type Stack } from "@graphtap/langgraph";
import type { HookEvent, HookRecorder } from "../record/record-hooks.js";
import { isControlFlow } from "./signals.js";

/** One firing of a hook the plugin taps: as it was seen, or made up where the kit's graph never fires it. */
export interface Firing {
  readonly def: AnyHookDef;
  readonly value: unknown;
  readonly context: unknown;
}

/** Hooks that the plugin taps, among those this kit knows: the binding's and the plugins' own. */
export function tappedHooks(
  stack: Pick<Stack, "inspect">,
  plugin: Plugin,
  plugins: readonly Plugin[],
): readonly AnyHookDef[] {
  const known = new Map([...allHooks, ...plugins.flatMap(({ hooks }) => hooks)].map((def) => [def.name, def]));
  return stack
    .inspect()
    .hooks.filter(({ taps }) => taps.some((tap) => tap.plugin === plugin.id))
    .flatMap(({ name }) => known.get(name) ?? []);
}

/** The first recorded firing of each hook. */
export function firingsOf(defs: readonly AnyHookDef[], seen: HookRecorder): readonly Firing[] {
  const context = seen.events().find((event) => event.context?.runId !== undefined)?.context;
  return defs.flatMap((def) => {
    const event: HookEvent | undefined = seen.of(def.name)[0];
    return event === undefined ? [] : [{ def, value: event.value, context: event.context ?? context }];
  });
}

/** The work around which an `around` tap goes, when the kit fires the hook itself. */
function coreOf(def: AnyHookDef): () => unknown {
  const streams = def.name === "run.call" || def.name === "model.stream";
  return streams ? () => (async function* () {})() : () => Promise.resolve({});
}

export type Outcome =
  | { readonly kind: "answered"; readonly answer: unknown }
  | { readonly kind: "threw"; readonly error: unknown };

interface Fires {
  call(def: AnyHookDef, value: unknown, context?: unknown, core?: unknown): unknown;
}

/** Fires a hook and reads its answer to the end. */
export async function fire(target: Fires, def: AnyHookDef, value: unknown, context: unknown): Promise<Outcome> {
  try {
    const answer = await (def.kind === "around"
      ? target.call(def, value, context, coreOf(def))
      : target.call(def, value, context));
    if (def.kind === "around" && isAsyncIterable(answer)) for await (const _ of answer);
    return { kind: "answered", answer };
  } catch (error) {
    if (isControlFlow(error)) return { kind: "answered", answer: undefined };
    return { kind: "threw", error };
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as { [Symbol.asyncIterator]?: unknown } | null)?.[Symbol.asyncIterator] === "function";

/** A context as taps get it, for hooks that were not seen with one. */
export function plainContext(stack: Pick<Stack, "clock">): RunContext {
  const slots = new Map<object, unknown>();
  return Object.freeze({
    runId: "kit",
    rootRunId: "kit",
    parentRunId: null,
    threadId: null,
    resumedFrom: null,
    principal: null,
    workflow: "kit",
    node: null,
    taskId: null,
    ns: "",
    attempt: 1,
    signal: undefined,
    clock: stack.clock,
    route: "direct" as const,
    data: {
      get: <T>(key: object) => slots.get(key) as T | undefined,
      set: (key: object, value: unknown) => void slots.set(key, value),
      has: (key: object) => slots.has(key),
    },
  });
}
