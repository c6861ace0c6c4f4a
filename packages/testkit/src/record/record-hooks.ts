import { type AnyHookDef, definePlugin, type Plugin, type PluginApi, type ValueOf } from "@graphtap/kernel";
import { allHooks, type RunContext } from "@graphtap/langgraph";
import { createLog } from "../log.js";

/** What recording needs of a stack; a kernel fits too. */
export interface Recordable {
  use(plugin: Plugin): Promise<void>;
  remove(id: string): Promise<void>;
}

/** One firing of a hook. */
export interface HookEvent<V = unknown> {
  /** Name of the hook. */
  readonly hook: string;
  /** What the taps got; the very object. */
  readonly value: V;
  /** Undefined for hooks that have none. */
  readonly context: RunContext | undefined;
  /** Number of the firing, from 0, over all recorded hooks. */
  readonly index: number;
  /** Epoch milliseconds of the stack's clock. */
  readonly at: number;
}

export interface RecordOptions {
  /**
   * Which hooks: `observers` (default) are those whose taps change nothing; `all` taps every hook of the binding, which
   * turns on what a stack does only when a hook is tapped (the gate for tools reached through a closure, held-back
   * streams, the checkpointer in between). Or a list, for hooks of your own.
   */
  readonly hooks?: "observers" | "all" | readonly AnyHookDef[];
  /** How many firings are remembered; older ones are dropped. Default 10,000. */
  readonly keep?: number;
}

/** What `recordHooks` gives. */
export interface HookRecorder {
  /**
   * Resolves when recording is on. Runs that start after `recordHooks` are recorded without waiting for it, unless another
   * plugin is being added at that moment. Rejects if recording cannot begin.
   */
  readonly ready: Promise<void>;
  /** Names of the fired hooks, in order. */
  names(): readonly string[];
  events(): readonly HookEvent[];
  /** Firings of one hook, by name or by definition; a definition types the values. */
  of<D extends AnyHookDef>(hook: D): readonly HookEvent<ValueOf<D>>[];
  of(hook: string): readonly HookEvent[];
  /** Tools, models and runs that were refused, in order. */
  denials(): readonly { readonly name: string; readonly code: string }[];
  /** How many firings there were since the last `clear()`, forgotten ones included. */
  readonly total: number;
  clear(): void;
  /** Takes the recorder off again; what was recorded stays. */
  stop(): Promise<void>;
}

interface Denial {
  readonly code: string;
  readonly name?: string;
  readonly model?: string | null;
}

const OBSERVERS = new Set(["series", "collect"]);
const DENIALS = new Set(["tool.denied", "model.denied", "run.denied"]);
const counts = new WeakMap<Recordable, number>();

function chosen(hooks: RecordOptions["hooks"]): readonly AnyHookDef[] {
  if (hooks === undefined || hooks === "observers") return allHooks.filter(({ kind }) => OBSERVERS.has(kind));
  return hooks === "all" ? allHooks : hooks;
}

/** A tap that notes and lets everything pass, for a hook of any kind. */
export function tapped(
  api: PluginApi,
  def: AnyHookDef,
  note: (def: AnyHookDef, value: unknown, context: unknown) => void,
): void {
  const tap: (...args: never[]) => unknown =
    def.kind === "around"
      ? (request: unknown, next: (request?: unknown) => unknown, context: unknown) => {
          note(def, request, context);
          return next(request);
        }
      : (value: unknown, context: unknown) => void note(def, value, context);
  api.tap(def, tap as never, { stage: "pre" });
}

/**
 * Records every firing of a stack's hooks, in order.
 *
 * @example
 * const seen = recordHooks(stack);
 * await refund.invoke({}, stack.as({ userId: "bob" })).catch(() => undefined);
 * seen.denials(); // [{ name: "refund", code: "QUIET_HOURS" }]
 */
export function recordHooks(stack: Recordable, options: RecordOptions = {}): HookRecorder {
  const log = createLog<HookEvent>(options.keep ?? 10_000);
  const number = (counts.get(stack) ?? 0) + 1;
  counts.set(stack, number);
  const recorder = definePlugin({
    name: "testkit-recorder",
    version: "0.0.0",
    // It judges nobody, so nobody has to be known because of it.
    identity: "none",
    setup(api) {
      const note = (def: AnyHookDef, value: unknown, context: unknown): void =>
        log.add({
          hook: def.name,
          value,
          context: context as RunContext | undefined,
          index: log.total,
          at: api.clock.now(),
        });
      for (const def of chosen(options.hooks)) tapped(api, def, note);
    },
  })(undefined, { key: String(number) });
  const ready = stack.use(recorder);
  // Whoever awaits it gets the error; a recorder that nobody awaits must not end the process.
  ready.catch(() => undefined);
  const of = (hook: string | AnyHookDef): readonly HookEvent[] => {
    const name = typeof hook === "string" ? hook : hook.name;
    return log.items.filter((event) => event.hook === name);
  };
  return {
    ready,
    names: () => log.items.map(({ hook }) => hook),
    events: () => [...log.items],
    of: of as HookRecorder["of"],
    denials: () =>
      log.items
        .filter(({ hook }) => DENIALS.has(hook))
        .map(({ value, context }) => {
          const { code, name, model } = value as Denial;
          return { name: name ?? model ?? context?.workflow ?? "", code };
        }),
    get total() {
      return log.total;
    },
    clear: () => log.clear(),
    stop: () => stack.remove(recorder.id),
  };
}
