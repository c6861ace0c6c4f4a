import { kernelMismatch, pluginApiVersion, pluginDuplicate, pluginInvalid, pluginUnknown } from "./errors.js";
import { isOverride, originOf, type Plugin } from "./plugin.js";
import { KERNEL_API, KERNEL_PATH, KERNEL_VERSION } from "./version.js";

/** What a list of plugins may hold: `false`, `null` and `undefined` are skipped, so that conditions fit in the list. */
export type PluginInput = Plugin | false | null | undefined;

/** The plugins of a list, checked, overrides in the place of what they replace. */
export function resolvePlugins(inputs: readonly unknown[]): readonly Plugin[] {
  const plugins: Plugin[] = [];
  const overrides: Plugin[] = [];
  for (const input of inputs) {
    if (input === false || input === null || input === undefined) continue;
    const plugin = checkPlugin(input);
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

/** One plugin this kernel can run, or the error that says why not. */
export function checkPlugin(input: unknown): Plugin {
  const origin = originOf(input);
  if (origin === null) throw notAPlugin(input);
  const plugin = input as Plugin;
  const ours = { api: KERNEL_API, version: KERNEL_VERSION, path: KERNEL_PATH };
  if (origin.api !== KERNEL_API) throw kernelMismatch(plugin.id, ours, origin);
  if (plugin.api !== KERNEL_API) throw pluginApiVersion(plugin.id, plugin.api, KERNEL_API, KERNEL_VERSION);
  return plugin;
}

function notAPlugin(input: unknown): Error {
  if (typeof input === "function") {
    const { pluginName, name } = input as { pluginName?: unknown; name: string };
    const factory = typeof pluginName === "string" ? pluginName : name;
    return pluginInvalid(
      `the factory "${factory}" is in plugins, not a plugin.`,
      "a factory has to be called, with or without options.",
      `plugins: [${factory || "plugin"}()]`,
    );
  }
  if (typeof input === "object" && input !== null) {
    const { apply, then, name } = input as { apply?: unknown; then?: unknown; name?: unknown };
    if (Array.isArray(input))
      return pluginInvalid(
        "plugins holds a list.",
        "presets return a list of plugins; it has to be spread.",
        "plugins: [...preset(), other()]",
      );
    if (typeof then === "function")
      return pluginInvalid(
        "plugins holds a promise.",
        "an async function made the plugin.",
        "plugins: [await makePlugin()]",
      );
    if (typeof apply === "function")
      return pluginInvalid(
        "plugins holds a webpack-like plugin (it has apply()).",
        "GraphTap plugins are made by definePlugin.",
        'definePlugin({ name: "acme-x", version: "1.0.0", setup(api) {} })()',
      );
    return pluginInvalid(
      `plugins holds an object that definePlugin did not make${typeof name === "string" ? ` (name: "${name}")` : ""}.`,
      "definitions alone are not plugins.",
      "const plugin = definePlugin({...});   plugins: [plugin()]",
    );
  }
  return pluginInvalid(
    `plugins holds a ${typeof input}.`,
    "it takes plugins; false, null and undefined are skipped.",
    "plugins: [metrics(), flag && security()]",
  );
}
