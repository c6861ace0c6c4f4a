import type { Epochs, Table } from "./epoch.js";
import { summaryOf } from "./error.js";
import { pluginDuplicate, pluginNotInstalled, serviceNeeded } from "./errors.js";
import { Instance, type InstanceHost, type Services } from "./instance.js";
import { startAll, stopAll } from "./lifecycle.js";
import type { Log } from "./logger.js";
import { checkPlugin } from "./plugin-list.js";
import { dependentsOf, namesOfService, orderPlugins, providersOf } from "./plugin-order.js";
import type { Plugin } from "./plugin.js";

/** Where a change leads: the plugins afterwards, and the ids of those that start anew although they stay. */
export interface Change {
  readonly plugins: readonly Plugin[];
  readonly restart: ReadonlySet<string>;
}

const NOBODY: ReadonlySet<string> = new Set();

const servicesOf = (plugin: Plugin): readonly string[] =>
  plugin.provides.flatMap(({ id }) => namesOfService(plugin, id));

/** The installed plugins. Every change starts what is new first, and shows only once all of it has succeeded. */
export class PluginSet {
  /** By service id. */
  services: Services = new Map();
  /** In the order of the list, which decides ties whenever the order is made anew. */
  #plugins: readonly Plugin[] = [];

  constructor(
    private readonly host: InstanceHost,
    private readonly epochs: Epochs,
    private readonly tableOf: (instances: readonly Instance[]) => Table,
    private readonly log: Log,
  ) {}

  get instances(): readonly Instance[] {
    return this.epochs.current.instances;
  }

  /** A new table for the plugins of now, because their taps or the way they are timed changed. */
  refresh(): void {
    this.epochs.current = this.tableOf(this.instances);
  }

  adding(plugin: Plugin): Change {
    const added = checkPlugin(plugin, "the argument of use()");
    const twin = this.#plugins.find(({ id }) => id === added.id);
    if (twin !== undefined) throw pluginDuplicate(added.id, added.name, twin.site, added.site);
    return { plugins: [...this.#plugins, added], restart: NOBODY };
  }

  removing(id: string): Change {
    const index = this.#indexOf(id);
    const plugins = this.#plugins.toSpliced(index, 1);
    const providers = providersOf(this.#plugins);
    for (const service of servicesOf(this.#plugins[index]!)) {
      if (providers.get(service) !== index) continue;
      const dependents = plugins.filter(({ requires }) => requires.some((key) => key.id === service));
      if (dependents.length > 0)
        throw serviceNeeded(
          id,
          service,
          dependents.map((plugin) => plugin.id),
        );
    }
    return { plugins, restart: NOBODY };
  }

  replacing(plugin: Plugin): Change {
    const replacement = checkPlugin(plugin, "the argument of replace()");
    const index = this.#indexOf(replacement.id);
    const plugins = this.#plugins.with(index, replacement);
    const services = [...servicesOf(this.#plugins[index]!), ...servicesOf(replacement)];
    // Whoever holds the old service would go on with stale data: those start anew as well.
    return { plugins, restart: new Set([...dependentsOf(plugins, services), replacement.id]) };
  }

  /** Starts what is new, then swaps the table. Asynchronous only if a setup is. `started` is for the roll-back. */
  evolve({ plugins, restart }: Change, started: Instance[]): void | Promise<void> {
    const current = new Map(this.instances.map((instance) => [instance.plugin, instance]));
    const registry = new Map<string, unknown>();
    const fresh = new Set<Instance>();
    const providers = providersOf(plugins);
    const publish = ({ plugin, provided }: Instance): void => {
      for (const [id, service] of provided)
        for (const name of namesOfService(plugin, id))
          if (plugins[providers.get(name) ?? -1] === plugin) registry.set(name, service);
    };
    const ordered = orderPlugins(plugins).map((plugin) => {
      const kept = restart.has(plugin.id) ? undefined : current.get(plugin);
      if (kept !== undefined) {
        publish(kept);
        return kept;
      }
      const instance = new Instance(plugin, this.host);
      fresh.add(instance);
      return instance;
    });
    const commit = (): void => {
      this.epochs.current = this.tableOf(ordered);
      for (const instance of ordered) instance.services = registry;
      this.#plugins = plugins;
      this.services = registry;
    };
    const pending = startAll(ordered, fresh, registry, publish, started);
    return pending === undefined ? commit() : pending.then(commit);
  }

  /**
   * `evolve` that leaves nothing behind when it fails; gives the instances that are no longer in the set. Asynchronous
   * only if a setup is, or if something has to be undone.
   */
  change(plan: () => Change): readonly Instance[] | Promise<readonly Instance[]> {
    const before = this.instances;
    const started: Instance[] = [];
    const gone = (): readonly Instance[] => {
      const after = new Set(this.instances);
      return before.filter((instance) => !after.has(instance));
    };
    const undo = async (error: unknown): Promise<never> => {
      await this.rollBack(started);
      throw error;
    };
    try {
      const pending = this.evolve(plan(), started);
      return pending === undefined ? gone() : pending.then(gone, undo);
    } catch (error) {
      return undo(error);
    }
  }

  async rollBack(started: readonly Instance[]): Promise<void> {
    for (const error of await stopAll(started)) this.log.error(`while rolling back: ${summaryOf(error)}`, { error });
  }

  #indexOf(id: string): number {
    const index = this.#plugins.findIndex((plugin) => plugin.id === id);
    if (index === -1)
      throw pluginNotInstalled(
        id,
        this.#plugins.map((plugin) => plugin.id),
      );
    return index;
  }
}
