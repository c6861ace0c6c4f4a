import type { Clock } from "./clock.js";
import type { RunnerOf } from "./dispatch/runner.js";
import type { Bus } from "./events.js";
import type { AnyHookDef, ContextOf, HookDef, TapFn, ValueOf } from "./hook.js";
import type { Log } from "./logger.js";
import type { AnyServiceKey, ServiceOf } from "./service.js";
import type { TapOptions } from "./tap.js";

/** Gives something back; may be asynchronous. */
export type Disposer = () => void | Promise<void>;

/** What follows the value when a hook is called: its context, and for `around` the core. */
export type CallRest<D> =
  D extends HookDef<"around", infer V, infer C, infer R>
    ? [ctx: C, core: (request: V, ctx: C) => R]
    : undefined extends ContextOf<D>
      ? [ctx?: ContextOf<D>]
      : [ctx: ContextOf<D>];

/** What calling a hook gives. */
export type CallResult<D> = RunnerOf<D> extends { call(...args: never[]): infer Result } ? Result : never;

/** What `setup` gets. Services it may use are typed by `provides`, `requires` and `optional`. */
export interface PluginApi<
  Provides extends AnyServiceKey = AnyServiceKey,
  Requires extends AnyServiceKey = AnyServiceKey,
  Optional extends AnyServiceKey = AnyServiceKey,
> {
  /** The plugin's name. */
  readonly name: string;
  /** The instance's id: the name, or `name:key`. */
  readonly id: string;
  readonly clock: Clock;
  /** Logs with the plugin's id on every line. */
  readonly log: Log;
  /** Aborted when this plugin is disposed. */
  readonly signal: AbortSignal;
  readonly events: Bus;
  /**
   * Registers `fn` on a hook; returns the function that takes it off again. Runs under way keep the taps they started with.
   * @example api.tap(hooks.tool.authorize, (call) => (call.name === "rm" ? deny("NO_RM", "rm is closed.") : undefined), { stage: "pre" });
   */
  tap<D extends AnyHookDef>(def: D, fn: TapFn<D>, options?: TapOptions): () => void;
  /** Offers a service; the key must be in `provides`. */
  provide<K extends Provides>(key: K, value: ServiceOf<K>): void;
  /** A service from `requires`; it is there by the time `setup` runs. */
  get<K extends Requires>(key: K): ServiceOf<K>;
  /** A service from `optional`, or undefined when nothing provides it. */
  find<K extends Optional | Requires>(key: K): ServiceOf<K> | undefined;
  /** Runs when the plugin is disposed; the last registered runs first. */
  onDispose(fn: Disposer): void;
  /** Runs on `flush()` and before dispose: write out what is queued. */
  onFlush(fn: Disposer): void;
  /** Fires a hook with the taps of the moment. */
  call<D extends AnyHookDef>(def: D, value: ValueOf<D>, ...rest: CallRest<D>): CallResult<D>;
  /** True when somebody taps the hook now. */
  isTapped(def: AnyHookDef): boolean;
}
