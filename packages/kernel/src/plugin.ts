import type { z } from "zod";
import { notAPlugin, pluginInvalid, pluginOptionsInvalid, type KernelCopy } from "./errors.js";
import { has, isFunction, isListOf, isText, misfits, problemsOf, type Rule } from "./given.js";
import { isHookDef, type AnyHookDef } from "./hook.js";
import type { Disposer, PluginApi } from "./plugin-api.js";
import { isServiceKey, type AnyServiceKey, type IdOf } from "./service.js";
import { callSite } from "./site.js";
import { KERNEL_API, KERNEL_PATH, KERNEL_VERSION } from "./version.js";

const BRAND = Symbol.for("graphtap.plugin");
const OVERRIDE = Symbol.for("graphtap.override");
const OURS: KernelCopy = Object.freeze({ api: KERNEL_API, version: KERNEL_VERSION, path: KERNEL_PATH });

/** Whether runs with this plugin need somebody who runs them; null leaves it to the binding. */
export type IdentityNeed = "required" | "none" | null;

/** One configured plugin, as a factory returns it. `P` and `R` are the ids of what it provides and requires. */
export interface Plugin<P extends string = string, R extends string = string> {
  readonly name: string;
  readonly version: string;
  /** Tells a second instance from the first; null for the only one. */
  readonly key: string | null;
  /** Unique in a kernel: `name`, or `name:key`. */
  readonly id: string;
  /** The plugin API it was written for. */
  readonly api: number;
  readonly provides: readonly AnyServiceKey[];
  readonly requires: readonly AnyServiceKey[];
  readonly optional: readonly AnyServiceKey[];
  /** Names of plugins that start later. */
  readonly before: readonly string[];
  /** Names of plugins that start earlier. */
  readonly after: readonly string[];
  /** Hooks this plugin fires itself. */
  readonly hooks: readonly AnyHookDef[];
  readonly identity: IdentityNeed;
  /** `file:line` of the call that made it. */
  readonly site: string | null;
  setup(api: PluginApi): unknown;
  /** Carries the types; never present. */
  readonly "~types"?: { readonly provides: P; readonly requires: R };
}

export type SetupResult = void | Disposer | Promise<void | Disposer>;

type Keys = readonly AnyServiceKey[];

/** What `definePlugin` takes. */
export interface PluginSpec<
  Schema extends z.ZodType,
  Provides extends Keys,
  Requires extends Keys,
  Optional extends Keys,
> {
  /** Unique, lower-case, the npm name's last part: `acme-quiet-hours`. */
  readonly name: string;
  readonly version: string;
  /** The plugin API it is written for. Default: the one of the kernel it is built with. */
  readonly api?: 1;
  /** Zod schema of the options, parsed when the factory is called. */
  readonly options?: Schema;
  readonly provides?: Provides;
  readonly requires?: Requires;
  readonly optional?: Optional;
  /** Plugins that must start after this one; `"name?"` if it may be absent. */
  readonly before?: readonly string[];
  /** Plugins that must start before this one; `"name?"` if it may be absent. */
  readonly after?: readonly string[];
  /** Hooks this plugin fires itself, so that taps on them do not show as dead. */
  readonly hooks?: readonly AnyHookDef[];
  readonly identity?: "required" | "none";
  /** Taps hooks and provides services. May be async; may return a disposer. */
  setup(api: PluginApi<Provides[number], Requires[number], Optional[number]>, options: z.output<Schema>): SetupResult;
}

/** Second argument of a factory. */
export interface InstanceOptions {
  /**
   * Needed for a second instance in one kernel; its id becomes `name:key`. Its services are there as `id:key` too, because
   * the plain id is that of the first instance in the list.
   */
  readonly key?: string;
}

type FactoryArgs<Schema extends z.ZodType> =
  undefined extends z.input<Schema>
    ? [options?: z.input<Schema>, instance?: InstanceOptions]
    : {} extends z.input<Schema>
      ? [options?: z.input<Schema>, instance?: InstanceOptions]
      : [options: z.input<Schema>, instance?: InstanceOptions];

/** Makes configured plugins. `kernel.get(factory)` gives its first service. */
export interface PluginFactory<Schema extends z.ZodType, Provides extends Keys, Requires extends Keys> {
  (...args: FactoryArgs<Schema>): Plugin<IdOf<Provides[number]>, IdOf<Requires[number]>>;
  readonly pluginName: string;
  readonly version: string;
  readonly provides: Provides;
}

/**
 * Defines a plugin and returns its factory. Wrong options throw PLUGIN_OPTIONS_INVALID where the factory is called.
 *
 * @example
 * export const greeter = definePlugin({
 *   name: "acme-greeter", version: "1.0.0",
 *   options: z.object({ greeting: z.string().default("hello") }),
 *   setup(api, { greeting }) { api.tap(ticketOpened, (ticket) => { api.log.info(`${greeting} ${ticket.id}`); }); },
 * });
 * createKernel({ plugins: [greeter({ greeting: "hi" })] });
 */
export function definePlugin<
  Schema extends z.ZodType = z.ZodType<undefined, undefined>,
  const Provides extends Keys = [],
  const Requires extends Keys = [],
  const Optional extends Keys = [],
>(spec: PluginSpec<Schema, Provides, Requires, Optional>): PluginFactory<Schema, Provides, Requires> {
  check(
    "definePlugin() was given no usable definition.",
    spec,
    SPEC,
    'definePlugin({ name: "acme-quiet-hours", version: "1.0.0", setup(api) {} })',
  );
  const { name, version } = spec;
  const provides = Object.freeze([...(spec.provides ?? [])]);
  const shared = {
    name,
    version,
    api: spec.api ?? KERNEL_API,
    provides,
    requires: Object.freeze([...(spec.requires ?? [])]),
    optional: Object.freeze([...(spec.optional ?? [])]),
    before: Object.freeze([...(spec.before ?? [])]),
    after: Object.freeze([...(spec.after ?? [])]),
    hooks: Object.freeze([...(spec.hooks ?? [])]),
    identity: spec.identity ?? null,
    [BRAND]: OURS,
  };
  const factory = (options?: unknown, instance?: InstanceOptions): Plugin => {
    const site = callSite(factory);
    if (instance !== undefined)
      check(`${name}(): the second argument is wrong.`, instance, INSTANCE, `${name}(options, { key: "eu" })`, name);
    const key = instance?.key ?? null;
    const parsed =
      spec.options === undefined
        ? noOptions(name, version, site, options)
        : parse(spec.options, name, version, site, options);
    return Object.freeze({
      ...shared,
      key,
      id: key === null ? name : `${name}:${key}`,
      site,
      setup: (api: PluginApi) => spec.setup(api, parsed as z.output<Schema>),
    });
  };
  return Object.freeze(Object.assign(factory, { pluginName: name, version, provides })) as unknown as PluginFactory<
    Schema,
    Provides,
    Requires
  >;
}

function parse(schema: z.ZodType, name: string, version: string, site: string | null, options: unknown): unknown {
  let result: ReturnType<typeof schema.safeParse>;
  try {
    result = schema.safeParse(options);
    // "Nothing" means "all defaults" for the usual schema, an object.
    if (!result.success && options === undefined) result = schema.safeParse({});
  } catch (error) {
    throw pluginOptionsInvalid(
      name,
      version,
      site,
      ["the schema could not be parsed synchronously; see error.cause"],
      error,
    );
  }
  if (result.success) return result.data;
  throw pluginOptionsInvalid(name, version, site, problemsOf(result.error, options, schema), result.error);
}

function noOptions(name: string, version: string, site: string | null, options: unknown): undefined {
  if (options !== undefined) throw pluginOptionsInvalid(name, version, site, ["this plugin takes no options"]);
  return undefined;
}

const PLUGIN_NAME = /^[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*$/;
const KEYS: Rule = [isListOf(isServiceKey), "a list of keys made by defineService"];
const NAMES: Rule = [isListOf(isText), "a list of plugin names"];
const SPEC: Readonly<Record<keyof PluginSpec<z.ZodType, Keys, Keys, Keys>, Rule>> = {
  name: [
    (name) => typeof name === "string" && PLUGIN_NAME.test(name),
    "lower-case words joined by - or . (a colon separates name and key)",
    true,
  ],
  version: [isText, "a text, for errors and audits", true],
  api: [() => true, "a number"],
  options: [has("safeParse"), "a zod schema"],
  provides: KEYS,
  requires: KEYS,
  optional: KEYS,
  before: NAMES,
  after: NAMES,
  hooks: [isListOf(isHookDef), "a list of hooks made by defineHook"],
  identity: [(need) => need === "required" || need === "none", '"required" or "none"'],
  setup: [isFunction, "a function (api, options) that taps hooks", true],
};
const INSTANCE: Readonly<Record<keyof InstanceOptions, Rule>> = {
  key: [isText, "a text, which becomes part of the id"],
};

function check(
  what: string,
  given: unknown,
  rules: Readonly<Record<string, Rule>>,
  fix: string,
  plugin?: string,
): void {
  const problems = misfits(given, rules);
  if (problems.length > 0) throw pluginInvalid(what, problems.join("\n"), fix, plugin);
}

/** Replaces the plugin with the same id (of a preset, say) in its position in the list. */
export function override<P extends string, R extends string>(plugin: Plugin<P, R>): Plugin<P, R> {
  if (originOf(plugin) === null) throw notAPlugin("the argument of override()", plugin);
  return Object.freeze({ ...plugin, [OVERRIDE]: true });
}

/** The kernel copy a plugin was made by; null for what is no plugin. */
export function originOf(value: unknown): KernelCopy | null {
  if (typeof value !== "object" || value === null) return null;
  const origin = (value as { [BRAND]?: unknown })[BRAND];
  return typeof origin === "object" && origin !== null ? (origin as KernelCopy) : null;
}

export function isOverride(plugin: Plugin): boolean {
  return (plugin as { [OVERRIDE]?: unknown })[OVERRIDE] === true;
}
