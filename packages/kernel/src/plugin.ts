import type { z } from "zod";
import { pluginInvalid, pluginOptionsInvalid, type KernelCopy } from "./errors.js";
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
  checkSpec(spec);
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
    const key = instance?.key ?? null;
    if (key !== null && (typeof key !== "string" || key === ""))
      throw pluginInvalid(
        `${name}() was given a key that is no text.`,
        "the key becomes part of the id.",
        `${name}(options, { key: "eu" })`,
        name,
      );
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
  const problems = result.error.issues.map(
    (issue) => `${issue.path.map(String).join(".") || "options"}: ${issue.message}`,
  );
  throw pluginOptionsInvalid(name, version, site, problems, result.error);
}

function noOptions(name: string, version: string, site: string | null, options: unknown): undefined {
  if (options !== undefined) throw pluginOptionsInvalid(name, version, site, ["this plugin takes no options"]);
  return undefined;
}

const PLUGIN_NAME = /^[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*$/;

function checkSpec(spec: PluginSpec<z.ZodType, Keys, Keys, Keys>): void {
  const fix = 'definePlugin({ name: "acme-quiet-hours", version: "1.0.0", setup(api) {} })';
  if (typeof spec !== "object" || spec === null)
    throw pluginInvalid("definePlugin() was not given a definition.", "it takes one object.", fix);
  const { name, version, setup, provides = [], requires = [], optional = [], hooks = [] } = spec;
  if (typeof name !== "string" || !PLUGIN_NAME.test(name))
    throw pluginInvalid(
      "definePlugin() was given an unusable name.",
      "names are lower-case words joined by - or . (a colon separates name and key).",
      fix,
    );
  if (typeof version !== "string" || version === "")
    throw pluginInvalid(`plugin "${name}" has no version.`, "errors and audits name it.", fix, name);
  if (typeof setup !== "function")
    throw pluginInvalid(`plugin "${name}" has no setup.`, "setup(api, options) is where it taps hooks.", fix, name);
  if (![...provides, ...requires, ...optional].every(isServiceKey))
    throw pluginInvalid(
      `plugin "${name}" lists something that is no service key.`,
      "provides, requires and optional hold keys made by defineService.",
      'const Billing = defineService<Billing>()("acme.billing")',
      name,
    );
  if (!hooks.every(isHookDef))
    throw pluginInvalid(
      `plugin "${name}" lists something that is no hook.`,
      "hooks holds definitions made by defineHook.",
      'defineHook.series("acme.ticket.closed")',
      name,
    );
}

/** Replaces the plugin with the same id (of a preset, say) in its position in the list. */
export function override<P extends string, R extends string>(plugin: Plugin<P, R>): Plugin<P, R> {
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
