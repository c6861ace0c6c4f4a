import { pluginCycle, pluginUnknown, serviceDuplicate, serviceMissing } from "./errors.js";
import { meant, topological, type Constraint } from "./order.js";
import type { Plugin } from "./plugin.js";

/**
 * The order in which plugins start: providers before those who need them and before/after as asked, ties by list order.
 * Optional services order as well, unless that closes a ring.
 * Throws SERVICE_MISSING, SERVICE_DUPLICATE, PLUGIN_UNKNOWN or PLUGIN_CYCLE.
 */
export function orderPlugins(plugins: readonly Plugin[]): readonly Plugin[] {
  const providers = providersOf(plugins);
  const constraints: Constraint[] = [];
  const wishes: Constraint[] = [];
  for (const [index, plugin] of plugins.entries()) {
    const missing = plugin.requires.filter(({ id }) => !providers.has(id)).map(({ id }) => id);
    if (missing.length > 0)
      throw serviceMissing(
        plugin.id,
        missing,
        plugin.requires.map(({ id }) => id),
        providers.keys(),
      );
    for (const { id } of plugin.requires) constraints.push({ before: providers.get(id)!, after: index });
    for (const { id } of plugin.optional) {
      const provider = providers.get(id);
      if (provider !== undefined) wishes.push({ before: provider, after: index });
    }
    const named = (relation: "before" | "after"): ReadonlySet<string> =>
      meant(plugin[relation], plugins, (name, known) => pluginUnknown(plugin.id, relation, name, known));
    const [before, after] = [named("before"), named("after")];
    for (const [other, { id }] of plugins.entries()) {
      if (before.has(id)) constraints.push({ before: index, after: other });
      if (after.has(id)) constraints.push({ before: other, after: index });
    }
  }
  const result = topological(plugins.length, constraints);
  if (!result.ok) throw pluginCycle(result.ring.map((index) => plugins[index]!.id));
  return granted(plugins.length, constraints, wishes).map((index) => plugins[index]!);
}

/** Keeps every wish that closes no ring, earlier ones first: two plugins may find each other's services. */
function granted(size: number, constraints: readonly Constraint[], wishes: readonly Constraint[]): readonly number[] {
  let kept = [...constraints];
  for (const wish of wishes) if (topological(size, [...kept, wish]).ok) kept = [...kept, wish];
  const result = topological(size, kept);
  return result.ok ? result.order : [];
}

/** Under which ids a plugin offers a service of its own: one with a key also as `id:key`, so that each can be meant. */
export function namesOfService(plugin: Plugin, id: string): readonly string[] {
  return plugin.key === null ? [id] : [id, `${id}:${plugin.key}`];
}

/**
 * Which plugin of the list answers for a service. Of several instances of one plugin the first in the list has the plain
 * id. Throws SERVICE_DUPLICATE where two plugins want the same.
 */
export function providersOf(plugins: readonly Plugin[]): ReadonlyMap<string, number> {
  const providers = new Map<string, number>();
  for (const [index, plugin] of plugins.entries()) {
    for (const { id } of plugin.provides) {
      for (const name of namesOfService(plugin, id)) {
        const first = providers.get(name);
        if (first === undefined) providers.set(name, index);
        else if (first === index || name !== id || plugins[first]!.name !== plugin.name)
          throw serviceDuplicate(name, plugins[first]!.id, plugin.id);
      }
    }
  }
  return providers;
}

/** Ids of all plugins that use one of the services, directly or through others. */
export function dependentsOf(plugins: readonly Plugin[], services: readonly string[]): ReadonlySet<string> {
  const affected = new Set(services);
  const dependents = new Set<string>();
  for (let before = -1; before !== dependents.size;) {
    before = dependents.size;
    for (const plugin of plugins) {
      if (dependents.has(plugin.id) || ![...plugin.requires, ...plugin.optional].some(({ id }) => affected.has(id)))
        continue;
      dependents.add(plugin.id);
      for (const { id } of plugin.provides) affected.add(id);
    }
  }
  return dependents;
}
