import type { Clock } from "./clock.js";
import type { Epoch } from "./epoch.js";
import type { Bus } from "./events.js";
import type { AnyHookDef, ValueOf } from "./hook.js";
import type { Inspection } from "./inspect.js";
import type { Log, Logger } from "./logger.js";
import type { CallRest, CallResult } from "./plugin-api.js";
import type { PluginInput } from "./plugin-list.js";
import type { Plugin } from "./plugin.js";
import type { Profile } from "./profile.js";
import type { AnyServiceKey, ServiceOf } from "./service.js";

/** Options of `createKernel` besides the plugins. */
export interface KernelOptions {
  /** Shown in errors and `inspect()`. Default `kernel`. */
  readonly name?: string;
  /** Hooks the host itself fires; taps on hooks nobody declares show as dead in `inspect()`. */
  readonly hooks?: readonly AnyHookDef[];
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Milliseconds one plugin's setup may take. Default 10,000. */
  readonly setupTimeoutMs?: number;
  /** Milliseconds one disposer or flush handler may take. Default 10,000. */
  readonly disposeTimeoutMs?: number;
  /** Milliseconds a removed plugin, or dispose, waits for the runs that hold it. Default 30,000. */
  readonly drainTimeoutMs?: number;
  /** Faults in a row after which an observer's tap is no longer called; 0: never. Default 5. */
  readonly quarantineAfter?: number;
  /** What is thrown but is no error. Default: LangGraph's bubble-ups. */
  readonly isControlFlow?: (error: unknown) => boolean;
  /** What a tap throws to refuse, where its hook lets it: the answer of the plugin, and no fault. Default: nothing. */
  readonly isRefusal?: (error: unknown) => boolean;
  /** Looks at what was set up, once, before anything runs; what it throws fails the boot. */
  readonly verify?: (inspection: Inspection) => void;
}

export type KernelState = "starting" | "ready" | "failed" | "disposing" | "disposed";

/** What `get` and `find` take: a key, or the factory of the plugin that provides it. */
export type Gettable = AnyServiceKey | { readonly pluginName: string; readonly provides: readonly AnyServiceKey[] };

/** The service behind a key, or a factory's first service. */
export type ServiceFrom<G> = G extends { readonly provides: readonly [infer First, ...unknown[]] }
  ? ServiceOf<First>
  : ServiceOf<G>;

/** Plugins, their hooks and services, from start to dispose. */
export interface Kernel {
  readonly name: string;
  readonly state: KernelState;
  readonly events: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when all setups are done; rejects with the boot error, after what had started was rolled back. */
  ready(): Promise<void>;
  /** True when all setups are done; at once after `createKernel` if they are all synchronous. */
  isReady(): boolean;
  /** Runs every plugin's onFlush handlers; rejects with FLUSH_FAILED after all have run. */
  flush(): Promise<void>;
  /** Waits for held epochs (up to `drainTimeoutMs`), flushes, disposes last started first. Idempotent. DISPOSE_FAILED gathers errors. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  /** A service; SERVICE_NOT_FOUND when nothing provides it. */
  get<G extends Gettable>(key: G): ServiceFrom<G>;
  /** A service, or undefined when nothing provides it. */
  find<G extends Gettable>(key: G): ServiceFrom<G> | undefined;
  /** Fires a hook with the taps of the moment. */
  call<D extends AnyHookDef>(def: D, value: ValueOf<D>, ...rest: CallRest<D>): CallResult<D>;
  /** True when somebody taps the hook now. */
  isTapped(def: AnyHookDef): boolean;
  /**
   * Adds a plugin; runs that start later see it, with a synchronous setup also those that start before this resolves. If
   * its setup fails nothing has changed.
   */
  use(plugin: Plugin): Promise<void>;
  /** Removes a plugin by instance id; resolves when it is disposed, that is when the runs that hold it have ended. */
  remove(id: string): Promise<void>;
  /** Replaces the plugin with the same id, and starts anew those that use its services. Resolves as `remove` does. */
  replace(plugin: Plugin): Promise<void>;
  /** The taps of the moment, for one run. Release it when the run has ended. */
  pin(): Epoch;
  /** Plugins, order of every hook, faults, dead taps, pending actions. */
  inspect(): Inspection;
  /** `true` starts timing taps (a new epoch), `false` stops; gives what was measured so far. Costs nothing when off. */
  profile(on?: boolean): Profile;
}

type ProvidedIds<P> = P extends Plugin<infer Ids, string> ? Ids : never;
/** A plugin typed only as `Plugin` requires nothing the compiler could check; boot checks it. */
type RequiredIds<P> = P extends Plugin<string, infer Ids> ? (string extends Ids ? never : Ids) : never;
/** Ids of services that are required and that no plugin of the list provides. */
export type Missing<List extends readonly PluginInput[]> = Exclude<
  RequiredIds<List[number]>,
  ProvidedIds<List[number]>
>;

/** Makes a list with a missing service a compile error that names the service. */
export type Complete<List extends readonly PluginInput[]> = [Missing<List>] extends [never]
  ? unknown
  : { readonly plugins: { readonly "missing service, add a plugin that provides": Missing<List> } };
