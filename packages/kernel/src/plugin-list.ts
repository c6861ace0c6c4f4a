import { kernelMismatch, notAPlugin, pluginApiVersion, pluginDuplicate, pluginUnknown } from "./errors.js";
import { isOverride, originOf, type Plugin } from "./plugin.js";
import { KERNEL_API, KERNEL_PATH, KERNEL_VERSION } from "./version.js";

/** What a list of plugins may hold: `false`, `null` and `undefined` are skipped, so that conditions fit in the list. */
export type PluginInput = Plugin | false | null | undefined;

/** The plugins of a list, checked, overrides in the place of what they replace. */
export function resolvePlugins(inputs: readonly unknown[]): readonly Plugin[] {
  const plugins: Plugin[] = [];
  const overrides: Plugin[] = [];
  for (const [at, input] of inputs.entries()) {
    if (input === false || input === null || input === undefined) continue;
    const plugin = checkPlugin(input, `plugins[${at}]`);
    if (isOverride(plugin)) {
      overrides.push(plugin);
      continue;
    }
    const twin = plugins.find((other) => other.id === plugin.id);
    if (twin !== undefined) throw pluginDuplicate(plugin.id, plugin.name, twin.site, plugin.site);
    plugins.push(plugin);
  }
  for (const [at, plugin] of overrides.entries()) {
    const twin = overrides.slice(0, at).find((other) => other.id === plugin.id);
    if (twin !== undefined) throw pluginDuplicate(plugin.id, plugin.name, twin.site, plugin.site);
    const index = plugins.findIndex((other) => other.id === plugin.id);
    if (index === -1)
      throw pluginUnknown(
        plugin.id,
        "override()",
        plugin.id,
        plugins.map((other) => other.id),
      );
    plugins[index] = plugin;
  }
  return plugins;
}

/** One plugin this kernel can run, or the error that says why not. `where` it was given. */
export function checkPlugin(input: unknown, where: string): Plugin {
  const origin = originOf(input);
  if (origin === null) throw notAPlugin(where, input);
  const plugin = input as Plugin;
  const ours = { api: KERNEL_API, version: KERNEL_VERSION, path: KERNEL_PATH };
  if (origin.api !== KERNEL_API) throw kernelMismatch(plugin.id, ours, origin);
  if (plugin.api !== KERNEL_API) throw pluginApiVersion(plugin.id, plugin.api, KERNEL_API, KERNEL_VERSION);
  return plugin;
}
