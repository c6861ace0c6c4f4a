import type { DispatchEnv } from "./dispatch/compiler.js";
import type { AnyRunner } from "./dispatch/runner.js";
import { Epochs, Table, type Epoch, type HookStats } from "./epoch.js";
import { summaryOf } from "./error.js";
import {
  disposeFailed,
  drainTimeout,
  flushFailed,
  serviceKeyInvalid,
  serviceNotFound,
  stackDisposed,
  stackNotReady,
} from "./errors.js";
import { createBus, type Bus } from "./events.js";
import { Faults } from "./faults.js";
import type { AnyHookDef } from "./hook.js";
import { createInspection, type Inspection } from "./inspect.js";
import type { Instance, InstanceHost } from "./instance.js";
import type { Complete, Gettable, Kernel, KernelOptions, KernelState } from "./kernel-types.js";
import { Ledger } from "./ledger.js";
import { flushAll, stopAll } from "./lifecycle.js";
import { createLog, type Log } from "./logger.js";
import { resolvePlugins, type PluginInput } from "./plugin-list.js";
import { PluginSet, type Change } from "./plugin-set.js";
import type { Plugin } from "./plugin.js";
import { Profiler, type Profile } from "./profile.js";
import { settle, type Settings } from "./settings.js";
import { isServiceKey, type AnyServiceKey } from "./service.js";
import { survey } from "./survey.js";
import { abandon, isThenable } from "./thenable.js";
import { Turns } from "./turns.js";
import { within } from "./wait.js";

/**
 * Starts plugins. Returns at once; when all setups are synchronous the kernel is ready on return, else `ready()` waits.
 * A required service that no plugin of the list provides is a compile error. Whatever goes wrong at boot rejects `ready()`
 * and is thrown by everything else: there is no half kernel.
 *
 * @example
 * await using kernel = createKernel({ name: "desk", plugins: [metrics(), greeter()] });
 * await kernel.ready();
 * await kernel.call(ticketOpened, { id: "1" });
 */
export function createKernel<const List extends readonly PluginInput[]>(
  options: KernelOptions & { readonly plugins: List } & Complete<List>,
): Kernel {
  const settings = settle(options);
  // The implementation is untyped where the interface infers from hook definitions and keys.
  return new PluginKernel(settings, options.plugins) as unknown as Kernel;
}

class PluginKernel {
  readonly name: string;
  readonly clock: Settings["clock"];
  readonly log: Log;
  readonly events: Bus;
  state: KernelState = "starting";

  readonly #settings: Settings;
  readonly #ledger: Ledger;
  readonly #faults: Faults;
  readonly #profiler: Profiler;
  readonly #stats = new Map<string, HookStats>();
  readonly #epochs: Epochs;
  readonly #set: PluginSet;
  readonly #ready: Promise<void>;
  #epochId = 0;
  #bootError: unknown = null;
  /** Changes of the plugin set; those asked for during boot are made before any run that waits for it begins. */
  readonly #changes = new Turns();
  readonly #draining = new Set<Instance>();
  readonly #retirements = new Set<Promise<void>>();
  #disposal: Promise<void> | null = null;

  constructor(settings: Settings, plugins: readonly unknown[]) {
    this.#settings = settings;
    this.name = settings.name;
    this.clock = settings.clock;
    this.log = createLog(settings.logger, { kernel: settings.name });
    this.events = createBus(this.log);
    this.#ledger = new Ledger(settings.clock);
    this.#faults = new Faults({ ...settings, log: this.log, bus: this.events });
    this.#profiler = new Profiler(settings.clock);
    const host: InstanceHost = {
      ...settings,
      bus: this.events,
      ledger: this.#ledger,
      logOf: (plugin) => createLog(settings.logger, { kernel: settings.name, plugin }),
      tapsChanged: () => this.#set.refresh(),
      call: (def, value, ctx, core) => this.#fire(def, value, ctx, core),
      isTapped: (def) => this.isTapped(def),
    };
    this.#epochs = new Epochs(this.#table([]));
    this.#set = new PluginSet(host, this.#epochs, (instances) => this.#table(instances), this.log);
    this.#ready = this.#boot(plugins);
    // Runs and ready() report the boot error; nobody waiting for it is no reason to end the process.
    abandon(this.#ready);
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  isReady(): boolean {
    return this.state === "ready";
  }

  get(key: Gettable): unknown {
    this.#assertStarted("get");
    const id = serviceId(key, "get");
    if (!this.#set.services.has(id)) throw serviceNotFound(id, this.#set.services.keys());
    return this.#set.services.get(id);
  }

  find(key: Gettable): unknown {
    this.#assertStarted("find");
    return this.#set.services.get(serviceId(key, "find"));
  }

  call(def: AnyHookDef, value: unknown, ctx?: unknown, core?: unknown): unknown {
    this.#assertOpen("call");
    return this.#fire(def, value, ctx, core);
  }

  isTapped(def: AnyHookDef): boolean {
    return this.#epochs.current.isTapped(def);
  }

  pin(): Epoch {
    this.#assertOpen("a run");
    return this.#epochs.pin();
  }

  async use(plugin: Plugin): Promise<void> {
    await this.#change("use", () => this.#set.adding(plugin));
    this.events.emit("added", { id: plugin.id });
  }

  async remove(id: string): Promise<void> {
    await this.#retire(await this.#change("remove", () => this.#set.removing(id)));
    this.events.emit("removed", { id });
  }

  async replace(plugin: Plugin): Promise<void> {
    await this.#retire(await this.#change("replace", () => this.#set.replacing(plugin)));
    this.events.emit("replaced", { id: plugin.id });
  }

  async flush(): Promise<void> {
    if (this.state === "starting") await this.#ready.catch(() => undefined);
    if (this.state !== "ready") return;
    const errors = await flushAll(this.#set.instances);
    if (errors.length > 0) throw flushFailed(this.name, errors);
  }

  dispose(): Promise<void> {
    return (this.#disposal ??= this.#dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  profile(on?: boolean): Profile {
    if (on !== undefined && on !== this.#profiler.enabled) {
      if (on) this.#profiler.start();
      else this.#profiler.stop();
      if (this.state === "ready") this.#set.refresh();
    }
    return this.#profiler.snapshot();
  }

  inspect(): Inspection {
    return createInspection(
      survey({
        name: this.name,
        state: this.state,
        epochs: this.#epochs,
        draining: this.#draining,
        declared: this.#settings.hooks,
        stats: this.#stats,
        faults: this.#faults,
        ledger: this.#ledger,
        profiling: this.#profiler.enabled,
      }),
    );
  }

  /** `console.log(kernel)` prints the tree. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.inspect().toTree();
  }

  // --- start and change ---------------------------------------------------------------------------------------------

  #boot(inputs: readonly unknown[]): Promise<void> {
    const started: Instance[] = [];
    const opened = (): void => {
      this.#settings.verify?.(this.inspect());
      this.state = "ready";
      this.#changes.open();
      queueMicrotask(() => this.events.emit("ready"));
    };
    const failed = async (error: unknown): Promise<never> => {
      this.state = "failed";
      this.#bootError = error;
      this.log.error(summaryOf(error), { error });
      queueMicrotask(() => this.events.emit("failed", error));
      await this.#set.rollBack(started);
      this.#changes.cancel(error);
      throw error;
    };
    try {
      const pending = this.#set.evolve({ plugins: resolvePlugins(inputs), restart: new Set() }, started);
      if (pending !== undefined) return pending.then(opened).catch(failed);
      opened();
      return Promise.resolve();
    } catch (error) {
      return failed(error);
    }
  }

  /** One change of the plugin set at a time; gives the instances that are no longer in it. What was asked before dispose is done. */
  async #change(asked: string, plan: () => Change): Promise<readonly Instance[]> {
    if (this.#disposal !== null) throw stackDisposed(this.name, asked);
    if (this.state === "failed") await this.#ready;
    return this.#changes.ask(() => this.#set.change(plan));
  }

  #table(instances: readonly Instance[]): Table {
    const env: DispatchEnv = { clock: this.clock, faults: this.#faults, ledger: this.#ledger };
    const register = this.#profiler.enabled ? this.#profiler.register : undefined;
    const declared = [...this.#settings.hooks, ...instances.flatMap(({ plugin }) => plugin.hooks)];
    return new Table(this.#epochId++, instances, env, this.#stats, register, declared);
  }

  // --- end ----------------------------------------------------------------------------------------------------------

  /** Disposes removed instances once nobody holds them. */
  #retire(dropped: readonly Instance[]): Promise<void> {
    const retire = async (): Promise<void> => {
      for (const instance of dropped) {
        instance.state = "draining";
        this.#draining.add(instance);
      }
      const late = await this.#drain((table) => dropped.some((instance) => table.instances.includes(instance)));
      if (late !== null) this.log.warn(summaryOf(late), { error: late });
      const errors = [...(await flushAll(dropped)), ...(await stopAll(dropped))];
      for (const instance of dropped) this.#draining.delete(instance);
      if (errors.length > 0) throw disposeFailed(dropped.map(({ id }) => id).join(", "), errors);
    };
    const retirement = retire();
    this.#retirements.add(retirement);
    const done = (): void => void this.#retirements.delete(retirement);
    retirement.then(done, done);
    return retirement;
  }

  /** Waits until no run holds such a table; gives the error when that takes too long. */
  async #drain(uses: (table: Table) => boolean): Promise<unknown> {
    const { free, cancel } = this.#epochs.whenFree(uses);
    const { drainTimeoutMs } = this.#settings;
    this.#ledger.look();
    try {
      await within(free, drainTimeoutMs, this.clock, () =>
        drainTimeout(this.name, drainTimeoutMs, this.#epochs.held.size, this.#ledger.describe()),
      );
      return null;
    } catch (error) {
      return error;
    } finally {
      cancel();
    }
  }

  async #dispose(): Promise<void> {
    if (this.state === "starting") await this.#ready.catch(() => undefined);
    if (this.state === "failed") {
      await this.#ready.catch(() => undefined);
      return this.#disposed();
    }
    // Set at once: no new run may start while the running ones are waited for.
    this.state = "disposing";
    await this.#changes.idle();
    const errors: unknown[] = [];
    const late = await this.#drain(() => true);
    if (late !== null) errors.push(late);
    const retired = await Promise.allSettled(this.#retirements);
    errors.push(...retired.flatMap((result) => (result.status === "rejected" ? [result.reason] : [])));
    const { instances } = this.#set;
    errors.push(...(await flushAll(instances)), ...(await stopAll(instances)));
    this.#disposed();
    if (errors.length > 0) throw disposeFailed(this.name, errors);
  }

  #disposed(): void {
    this.state = "disposed";
    this.events.emit("disposed");
    this.events.removeAllListeners();
  }

  // --- calls --------------------------------------------------------------------------------------------------------

  #fire(def: AnyHookDef, value: unknown, ctx: unknown, core: unknown): unknown {
    if (this.state === "starting") throw stackNotReady(this.name, "call");
    const table = this.#epochs.current;
    const result = (table.runner(def) as AnyRunner).call(value, ctx, core as Parameters<AnyRunner["call"]>[2]);
    if (isThenable(result)) {
      // Plugins must not be disposed under a call that is still waiting for them.
      this.#epochs.hold(table);
      const release = (): void => this.#epochs.letGo(table);
      result.then(release, release);
    }
    return result;
  }

  #assertStarted(asked: string): void {
    if (this.state === "starting") throw stackNotReady(this.name, asked);
    if (this.state === "failed") throw this.#bootError;
    if (this.state === "disposed") throw stackDisposed(this.name, asked);
  }

  #assertOpen(asked: string): void {
    this.#assertStarted(asked);
    if (this.state === "disposing") throw stackDisposed(this.name, asked);
  }
}

function serviceId(key: Gettable, asked: string): string {
  if (isServiceKey(key)) return key.id;
  const { provides, pluginName } = (key ?? {}) as { provides?: readonly AnyServiceKey[]; pluginName?: string };
  if (!Array.isArray(provides)) throw serviceKeyInvalid(asked, key);
  return provides[0]?.id ?? String(pluginName);
}
