import type { Clock } from "./clock.js";
import {
  disposerTimeout,
  flushTimeout,
  hookNotADefinition,
  pluginInvalid,
  pluginSetupFailed,
  pluginSetupTimeout,
  serviceDuplicate,
  serviceKeyInvalid,
  serviceNotFound,
  serviceNotProvided,
  serviceUndeclared,
  stackDisposed,
  tapInvalid,
} from "./errors.js";
import { GraphTapError } from "./error.js";
import type { Bus } from "./events.js";
import { described, misfits } from "./given.js";
import { isHookDef, type AnyHookDef } from "./hook.js";
import type { Ledger } from "./ledger.js";
import type { Log } from "./logger.js";
import type { Disposer, PluginApi } from "./plugin-api.js";
import type { IdentityNeed, Plugin } from "./plugin.js";
import { Scope } from "./scope.js";
import { isServiceKey, type AnyServiceKey, type ServiceOf } from "./service.js";
import { freshState, namesOf, TAP_OPTIONS, type Tap, type TapFunction, type TapOptions } from "./tap.js";
import { isThenable } from "./thenable.js";
import { callWithin, within } from "./wait.js";

/** What others may know about an installed plugin. */
export interface PluginInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly key: string | null;
  readonly identity: IdentityNeed;
  readonly provides: readonly string[];
  readonly requires: readonly string[];
}

export type InstanceState = "starting" | "ready" | "draining" | "disposed";

/** Services by id. */
export type Services = ReadonlyMap<string, unknown>;

/** What an instance needs of the kernel it lives in. */
export interface InstanceHost {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly setupTimeoutMs: number;
  readonly disposeTimeoutMs: number;
  logOf(plugin: string): Log;
  /** Called when a started instance's taps changed; throws when they cannot be put in order. */
  tapsChanged(): void;
  call(def: AnyHookDef, value: unknown, ctx: unknown, core: unknown): unknown;
  isTapped(def: AnyHookDef): boolean;
}

/** One plugin, started. */
export class Instance {
  readonly id: string;
  readonly name: string;
  readonly info: PluginInfo;
  state: InstanceState = "starting";
  /** Milliseconds its setup took; null until it has ended. */
  setupMs: number | null = null;
  /** What it sees through `api.get`; moves on with the kernel as long as the instance is current. */
  services: Services = new Map();
  readonly provided = new Map<string, unknown>();
  readonly #taps: Tap[] = [];
  readonly #flushers: Disposer[] = [];
  readonly #scope = new Scope();
  readonly #abort = new AbortController();

  constructor(
    readonly plugin: Plugin,
    private readonly host: InstanceHost,
  ) {
    this.id = plugin.id;
    this.name = plugin.name;
    this.info = Object.freeze({
      id: plugin.id,
      name: plugin.name,
      version: plugin.version,
      key: plugin.key,
      identity: plugin.identity,
      provides: Object.freeze(plugin.provides.map(({ id }) => id)),
      requires: Object.freeze(plugin.requires.map(({ id }) => id)),
    });
  }

  get taps(): readonly Tap[] {
    return this.#taps;
  }

  /** Runs setup; asynchronous only if setup is. Throws or rejects with the error to show the user. */
  start(): void | Promise<void> {
    const { clock, setupTimeoutMs } = this.host;
    const began = clock.monotonic();
    let result: unknown;
    try {
      result = this.plugin.setup(this.#api());
    } catch (error) {
      throw this.#setupError(error);
    }
    if (!isThenable(result)) return this.#started(result, began);
    const pending = result;
    const entry = this.host.ledger.enter(this.id, "setup");
    return within(pending, setupTimeoutMs, clock, () => {
      // Whatever a late setup hands over still has to be given back.
      pending.then(
        (late) => this.#disposeLate(late),
        () => undefined,
      );
      return pluginSetupTimeout(this.id, setupTimeoutMs);
    }).then(
      (value) => {
        this.host.ledger.leave(entry);
        this.#started(value, began);
      },
      (error: unknown) => {
        this.host.ledger.leave(entry);
        throw this.#setupError(error);
      },
    );
  }

  #started(result: unknown, began: number): void {
    if (typeof result === "function") this.#scope.add(result as Disposer);
    else if (result !== undefined)
      throw pluginInvalid(
        `setup of plugin "${this.id}" returned something unusable.`,
        "it may return a disposer (a function) or nothing.",
        "return () => socket.close();",
        this.id,
      );
    const missing = this.info.provides.filter((id) => !this.provided.has(id));
    if (missing.length > 0) throw serviceNotProvided(this.id, missing);
    this.setupMs = this.host.clock.monotonic() - began;
    this.state = "ready";
  }

  #setupError(error: unknown): unknown {
    return GraphTapError.isInstance(error) ? error : pluginSetupFailed(this.id, error);
  }

  #disposeLate(late: unknown): void {
    if (typeof late !== "function") return;
    callWithin(late as Disposer, this.host.disposeTimeoutMs, this.host.clock, () =>
      disposerTimeout(this.id, this.host.disposeTimeoutMs),
    ).catch((error: unknown) => {
      this.host.logOf(this.id).error("a late disposer failed", { error });
    });
  }

  /** Runs the onFlush handlers, all of them; gives what they threw. */
  async flush(): Promise<readonly unknown[]> {
    const { clock, disposeTimeoutMs, ledger } = this.host;
    const errors: unknown[] = [];
    for (const fn of this.#flushers) {
      const entry = ledger.enter(this.id, "flush");
      try {
        await callWithin(fn, disposeTimeoutMs, clock, () => flushTimeout(this.id, disposeTimeoutMs));
      } catch (error) {
        errors.push(error);
      } finally {
        ledger.leave(entry);
      }
    }
    return errors;
  }

  /** Aborts the signal and runs the disposers, last first; gives what they threw. Doing it twice does nothing. */
  async stop(): Promise<readonly unknown[]> {
    const { clock, disposeTimeoutMs, ledger } = this.host;
    this.state = "disposed";
    this.#abort.abort(new DOMException(`plugin "${this.id}" was disposed`, "AbortError"));
    const entry = ledger.enter(this.id, "dispose");
    const errors = await this.#scope.close(clock, disposeTimeoutMs, () => disposerTimeout(this.id, disposeTimeoutMs));
    ledger.leave(entry);
    this.#taps.length = 0;
    return errors;
  }

  #api(): PluginApi {
    const { id, host, plugin } = this;
    const alive = (asked: string): void => {
      if (this.state === "disposed") throw stackDisposed(id, asked);
    };
    const declared = (keys: readonly AnyServiceKey[], key: AnyServiceKey, use: "provide" | "get" | "find"): void => {
      if (!isServiceKey(key)) throw serviceKeyInvalid(`api.${use}`, key);
      if (!keys.some((other) => other.id === key.id)) throw serviceUndeclared(id, key.id, use);
    };
    const handler = (asked: string, fn: unknown): Disposer => {
      if (typeof fn === "function") return fn as Disposer;
      throw pluginInvalid(
        `plugin "${id}" called api.${asked} without a function.`,
        `expected a function, got ${described(fn)}.`,
        `api.${asked}(() => socket.close())`,
        id,
      );
    };
    return Object.freeze({
      name: plugin.name,
      id,
      clock: host.clock,
      log: host.logOf(id),
      signal: this.#abort.signal,
      events: host.bus,
      tap: (def: AnyHookDef, fn: unknown, options?: TapOptions) => {
        alive("api.tap");
        return this.#tap(def, fn, options);
      },
      provide: (key: AnyServiceKey, value: unknown) => {
        declared(plugin.provides, key, "provide");
        if (this.provided.has(key.id)) throw serviceDuplicate(key.id, id, id);
        this.provided.set(key.id, value);
      },
      get: <K extends AnyServiceKey>(key: K) => {
        declared(plugin.requires, key, "get");
        if (!this.services.has(key.id)) throw serviceNotFound(key.id, this.services.keys());
        return this.services.get(key.id) as ServiceOf<K>;
      },
      find: <K extends AnyServiceKey>(key: K) => {
        declared([...plugin.optional, ...plugin.requires], key, "find");
        return this.services.get(key.id) as ServiceOf<K> | undefined;
      },
      onDispose: (fn: Disposer) => {
        // A setup that was given up still registers what it opened meanwhile.
        if (!this.#scope.add(handler("onDispose", fn))) this.#disposeLate(fn);
      },
      onFlush: (fn: Disposer) => void this.#flushers.push(handler("onFlush", fn)),
      call: (def: AnyHookDef, value: unknown, ctx?: unknown, core?: unknown) => {
        alive("api.call");
        return host.call(def, value, ctx, core);
      },
      isTapped: (def: AnyHookDef) => host.isTapped(def),
    }) as unknown as PluginApi;
  }

  #tap(def: AnyHookDef, fn: unknown, options: TapOptions | undefined): () => void {
    if (!isHookDef(def)) throw hookNotADefinition(def);
    if (typeof fn !== "function")
      throw tapInvalid(
        this.id,
        def.name,
        "a tap that is no function",
        `expected a function as second argument, got ${described(fn)}.`,
      );
    const problems = options === undefined ? [] : misfits(options, TAP_OPTIONS);
    if (problems.length > 0) throw tapInvalid(this.id, def.name, "wrong options", problems.join("\n"));
    const tap: Tap = {
      plugin: this.id,
      def,
      fn: fn as TapFunction,
      stage: options?.stage ?? "normal",
      before: namesOf(options?.before),
      after: namesOf(options?.after),
      state: freshState(),
    };
    this.#taps.push(tap);
    const remove = (): boolean => {
      const index = this.#taps.indexOf(tap);
      if (index !== -1) this.#taps.splice(index, 1);
      return index !== -1;
    };
    try {
      this.#changed();
    } catch (error) {
      remove();
      throw error;
    }
    return () => {
      if (remove()) this.#changed();
    };
  }

  /** During setup nothing is built yet: the order is resolved once all plugins have tapped. */
  #changed(): void {
    if (this.state === "ready") this.host.tapsChanged();
  }
}
