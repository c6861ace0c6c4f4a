import { GraphTapError, summaryOf } from "./error.js";
import type { KernelErrorCode } from "./error-catalog.js";
import type { GraphTapErrorInit } from "./error.js";
import { isClass, named } from "./given.js";

/** Every error of this package is made here, so that each code has one wording. */
const make = (
  code: KernelErrorCode,
  what: string,
  why: string,
  fix: string,
  more: Omit<GraphTapErrorInit, "code" | "what" | "why" | "do"> = {},
): GraphTapError => new GraphTapError({ code, what, why, do: fix, ...more });

const list = (names: Iterable<string>): string => `[${[...names].join(", ")}]`;
const at = (site: string | null): string => site ?? "an unknown place";

// --- hooks ---------------------------------------------------------------------------------------------------------

export const hookNameInvalid = (name: unknown, problem: "form" | "namespace"): GraphTapError =>
  make(
    "HOOK_NAME_INVALID",
    `a hook cannot be called ${named(name)}.`,
    problem === "form"
      ? "a hook name is dotted lower-case words, noun before verb."
      : "two plain words are kept for first-party hooks; without a namespace two packages would collide.",
    'defineHook.series("acme.ticket.closed")   or   defineHook.series("acme-desk.closed")',
  );

export const hookInvalid = (name: string, why: string, fix: string): GraphTapError =>
  make("HOOK_INVALID", `hook "${name}" is not usable.`, `${why}.`, `${fix}.`, { hook: name });

export const hookNotADefinition = (value: unknown): GraphTapError =>
  make(
    "HOOK_INVALID",
    "a hook definition was expected.",
    `got ${named(value)}; hooks are values made by defineHook, not names.`,
    "import the definition from the package that owns the hook, and pass it itself.",
  );

export const hookCoreMissing = (): GraphTapError =>
  make(
    "HOOK_INVALID",
    "an around hook was called without what it surrounds.",
    "expected a function as fourth argument, got undefined.",
    "stack.call(hook, request, ctx, (request) => work(request))",
  );

export const tapInvalid = (plugin: string, hook: string, what: string, why: string): GraphTapError =>
  make(
    "HOOK_INVALID",
    `plugin "${plugin}" tapped "${hook}" with ${what}.`,
    why,
    'api.tap(hook, (value, ctx) => { ... }, { stage: "pre", before: "metrics?" })',
    { plugin, hook },
  );

export const hookTimeout = (plugin: string, hook: string, limitMs: number, waitingFor: string): GraphTapError =>
  make(
    "HOOK_TIMEOUT",
    `plugin "${plugin}" did not finish "${hook}" in time.`,
    `the limit is ${limitMs} ms; it was waiting for ${waitingFor}.`,
    "make the tap faster, or move the work out of it (a queue, onFlush). The limit is timeoutMs of the hook.",
    { plugin, hook, details: { limitMs } },
  );

export const hookResultInvalid = (
  plugin: string,
  hook: string,
  why: string,
  fix: string,
  cause?: unknown,
): GraphTapError =>
  make("HOOK_RESULT_INVALID", `plugin "${plugin}" returned something "${hook}" cannot use.`, `${why}.`, fix, {
    plugin,
    hook,
    cause,
  });

export const tapFailed = (plugin: string, hook: string, fault: string, cause: unknown): GraphTapError =>
  make(
    "TAP_FAILED",
    `plugin "${plugin}" failed in "${hook}": ${summaryOf(cause)}`,
    "its tap threw; the original error is the cause.",
    `see error.cause. To go on without it: remove "${plugin}" from plugins.`,
    { plugin, hook, details: { fault }, cause },
  );

export const tapOrderUnknown = (
  plugin: string,
  hook: string,
  relation: string,
  name: string,
  known: Iterable<string>,
): GraphTapError =>
  make(
    "TAP_ORDER_UNKNOWN",
    `plugin "${plugin}" wants its tap on "${hook}" ${relation} "${name}", which is not installed.`,
    `installed plugins are ${list(known)}.`,
    `correct the name, or write "${name}?" if it may be absent.`,
    { plugin, hook },
  );

export const tapOrderCycle = (hook: string, ring: readonly string[]): GraphTapError =>
  make(
    "TAP_ORDER_CYCLE",
    `the taps on "${hook}" cannot be put in order.`,
    `they ask to run in a ring: ${ring.join(" -> ")}. Stages count too: pre runs before normal, normal before post.`,
    "drop one of the before/after (or stage) options along the ring.",
    { hook, details: { ring } },
  );

// --- plugins -------------------------------------------------------------------------------------------------------

export const pluginInvalid = (what: string, why: string, fix: string, plugin?: string): GraphTapError =>
  make("PLUGIN_INVALID", what, why, fix, { plugin });

export const notAPlugin = (where: string, input: unknown): GraphTapError =>
  pluginInvalid(
    `${where} is no plugin.`,
    `expected what a factory made by definePlugin returns, got ${named(input)}.`,
    wayToAPlugin(input),
  );

function wayToAPlugin(input: unknown): string {
  const { pluginName, name, then } = (input ?? {}) as { pluginName?: unknown; name?: unknown; then?: unknown };
  if (typeof pluginName === "string") return `call the factory: plugins: [${pluginName}()]`;
  if (Array.isArray(input)) return "spread the list, as a preset gives one: plugins: [...preset(), other()]";
  if (typeof then === "function") return "wait for it: plugins: [await makePlugin()]";
  if (typeof input === "function" && !isClass(input)) return `call it: plugins: [${String(name) || "makePlugin"}()]`;
  return 'definePlugin({ name: "acme-x", version: "1.0.0", setup(api) {} })()';
}

export const pluginOptionsInvalid = (
  plugin: string,
  version: string,
  site: string | null,
  problems: readonly string[],
  cause?: unknown,
): GraphTapError =>
  make(
    "PLUGIN_OPTIONS_INVALID",
    `${plugin}(): options are wrong.`,
    problems.join("\n"),
    `correct the call at ${at(site)}.  Defaults and units: README of ${plugin} ${version}.`,
    { plugin, cause },
  );

export const pluginDuplicate = (id: string, name: string, first: string | null, second: string | null): GraphTapError =>
  make(
    "PLUGIN_DUPLICATE",
    `two plugins are called "${id}".`,
    `first at ${at(first)}, again at ${at(second)}.`,
    `to change the first (a preset's, say):  override(${name}({...})).   To run two:  ${name}({...}, { key: "second" }).`,
    { plugin: id, details: { first, second } },
  );

export const pluginApiVersion = (plugin: string, wants: unknown, ours: number, version: string): GraphTapError =>
  make(
    "PLUGIN_API_VERSION",
    `plugin "${plugin}" was written for another plugin API.`,
    `it asks for api ${String(wants)}; this kernel (${version}) has api ${ours}.`,
    `install a version of "${plugin}" made for api ${ours}, or the kernel it was made for.`,
    { plugin },
  );

export interface KernelCopy {
  readonly api: number;
  readonly version: string;
  readonly path: string;
}

export const kernelMismatch = (plugin: string, ours: KernelCopy, theirs: KernelCopy): GraphTapError =>
  make(
    "KERNEL_MISMATCH",
    `plugin "${plugin}" was made by another copy of the kernel, which speaks another API.`,
    `ours: ${ours.version} (api ${ours.api}) at ${ours.path}\ntheirs: ${theirs.version} (api ${theirs.api}) at ${theirs.path}`,
    "make both packages depend on one version of @graphtap/kernel (npm ls @graphtap/kernel shows who asks for which).",
    { plugin, details: { ours, theirs } },
  );

export const pluginUnknown = (plugin: string, relation: string, name: string, known: Iterable<string>): GraphTapError =>
  make(
    "PLUGIN_UNKNOWN",
    `plugin "${plugin}" names "${name}" in ${relation}, which is not installed.`,
    `installed plugins are ${list(known)}.`,
    relation === "override()"
      ? "drop override(), or correct the name or key."
      : `correct the name, or write "${name}?" if it may be absent.`,
    { plugin },
  );

export const pluginNotInstalled = (id: unknown, known: Iterable<string>): GraphTapError =>
  make(
    "PLUGIN_UNKNOWN",
    `there is no plugin called ${named(id)} here.`,
    `installed plugins are ${list(known)}.`,
    "use the instance id: the plugin's name, or name:key.",
  );

export const pluginCycle = (ring: readonly string[]): GraphTapError =>
  make(
    "PLUGIN_CYCLE",
    "the plugins cannot be put in order.",
    `each needs the next to start first: ${ring.join(" -> ")}.`,
    "turn one requires into optional, or drop a before/after along the ring.",
    { details: { ring } },
  );

export const pluginSetupFailed = (plugin: string, cause: unknown): GraphTapError =>
  make(
    "PLUGIN_SETUP_FAILED",
    `plugin "${plugin}" failed to start: ${summaryOf(cause)}`,
    "its setup threw; what had started was rolled back.",
    "see error.cause.",
    { plugin, cause },
  );

export const pluginSetupTimeout = (plugin: string, limitMs: number): GraphTapError =>
  make(
    "PLUGIN_SETUP_TIMEOUT",
    `plugin "${plugin}" did not start in time.`,
    `setup was still pending after ${limitMs} ms.`,
    "open connections at first use instead of in setup, or raise setupTimeoutMs.",
    { plugin, details: { limitMs } },
  );

// --- services ------------------------------------------------------------------------------------------------------

export const serviceIdInvalid = (id: unknown): GraphTapError =>
  make(
    "SERVICE_UNDECLARED",
    `a service key needs an id, got ${named(id)}.`,
    "services are found by id.",
    'defineService<Shape>()("acme.billing")',
  );

export const serviceMissing = (
  plugin: string,
  missing: readonly string[],
  requires: Iterable<string>,
  provided: Iterable<string>,
): GraphTapError =>
  make(
    "SERVICE_MISSING",
    `plugin "${plugin}" cannot start: nothing provides the service ${missing.map((id) => `"${id}"`).join(", ")}.`,
    `it requires ${list(requires)}; installed plugins provide ${list(provided)}.`,
    `add a plugin that provides ${list(missing)} to plugins. The position in the list does not matter.`,
    { plugin, details: { missing } },
  );

export const serviceNeeded = (plugin: string, service: string, dependents: readonly string[]): GraphTapError =>
  make(
    "SERVICE_MISSING",
    `plugin "${plugin}" cannot be removed: others require its service "${service}".`,
    `it is required by ${list(dependents)}.`,
    "remove those first, or use replace() with a plugin that provides the same service.",
    { plugin, details: { service, dependents } },
  );

export const serviceNotProvided = (plugin: string, missing: readonly string[]): GraphTapError =>
  make(
    "SERVICE_NOT_PROVIDED",
    `plugin "${plugin}" did not provide what it declares.`,
    `its setup ended without api.provide for ${list(missing)}.`,
    `call api.provide(Key, value) in setup, or take ${list(missing)} out of provides.`,
    { plugin },
  );

export const serviceDuplicate = (service: string, first: string, second: string): GraphTapError =>
  make(
    "SERVICE_DUPLICATE",
    `two providers for the service "${service}".`,
    first === second
      ? `plugin "${first}" provided it twice.`
      : `plugins "${first}" and "${second}" both provide it; consumers could not tell which they get.`,
    first === second ? "call api.provide once per key." : "keep one of the two plugins.",
    { plugin: second, details: { service } },
  );

export const serviceUndeclared = (plugin: string, service: string, use: "provide" | "get" | "find"): GraphTapError => {
  const declaration = use === "provide" ? "provides" : use === "get" ? "requires" : "optional";
  return make(
    "SERVICE_UNDECLARED",
    `plugin "${plugin}" called api.${use} for the service "${service}" without declaring it.`,
    `the key is not in its ${declaration}, so the order of start could not take it into account.`,
    `definePlugin({ name: "${plugin}", ${declaration}: [...], ... }) must list the key.`,
    { plugin, details: { service } },
  );
};

export const serviceNotFound = (service: string, provided: Iterable<string>): GraphTapError =>
  make(
    "SERVICE_NOT_FOUND",
    `nothing provides the service "${service}".`,
    `provided are ${list(provided)}.`,
    "add the plugin that provides it, or use find() if it may be absent.",
    { details: { service } },
  );

export const serviceKeyInvalid = (asked: string, key: unknown): GraphTapError =>
  make(
    "SERVICE_NOT_FOUND",
    `${asked}() was given no service key.`,
    `expected a key made by defineService, or outside of plugins a factory; got ${named(key)}.`,
    "api.get(Metrics)   or   stack.get(metrics)",
  );

// --- life ----------------------------------------------------------------------------------------------------------

export const stackNotReady = (name: string, asked: string): GraphTapError =>
  make(
    "STACK_NOT_READY",
    `${asked} came before "${name}" had started.`,
    "not all plugins are set up: a setup is asynchronous, or this is one.",
    "await stack.ready() first.",
  );

export const stackDisposed = (name: string, asked: string): GraphTapError =>
  make(
    "STACK_DISPOSED",
    `${asked} came after "${name}" was disposed.`,
    "a disposed stack runs nothing.",
    "create a new stack, or dispose later.",
  );

export const disposerTimeout = (plugin: string, limitMs: number): GraphTapError =>
  make(
    "DISPOSE_TIMEOUT",
    `plugin "${plugin}" did not stop in time.`,
    `one of its disposers was still pending after ${limitMs} ms.`,
    "end timers, sockets and loops when api.signal aborts, or raise disposeTimeoutMs.",
    { plugin, details: { limitMs } },
  );

export const drainTimeout = (name: string, limitMs: number, held: number, pending: readonly string[]): GraphTapError =>
  make(
    "DRAIN_TIMEOUT",
    `"${name}" did not wait any longer for ${held} run${held === 1 ? "" : "s"} that had not ended.`,
    `after ${limitMs} ms still pending: ${pending.length === 0 ? "no tap (the runs themselves, or an epoch that was never released)" : pending.join("; ")}.`,
    "end or abort runs before, or raise drainTimeoutMs.",
    { details: { limitMs, held, pending } },
  );

export const disposeFailed = (name: string, errors: readonly unknown[]): GraphTapError =>
  make(
    "DISPOSE_FAILED",
    `"${name}" was disposed with ${errors.length} error${errors.length === 1 ? "" : "s"}.`,
    errors.map(summaryOf).join("\n"),
    "see error.errors. Every disposer was run nevertheless.",
    { errors, cause: errors[0] },
  );

export const flushFailed = (name: string, errors: readonly unknown[]): GraphTapError =>
  make(
    "FLUSH_FAILED",
    `"${name}" could not flush everything: ${errors.length} error${errors.length === 1 ? "" : "s"}.`,
    errors.map(summaryOf).join("\n"),
    "see error.errors; what is still queued stays queued, flush again.",
    { errors, cause: errors[0] },
  );

export const flushTimeout = (plugin: string, limitMs: number): GraphTapError =>
  make(
    "FLUSH_FAILED",
    `plugin "${plugin}" did not flush in time.`,
    `its onFlush was still pending after ${limitMs} ms.`,
    "check the store it writes to, or raise disposeTimeoutMs.",
    { plugin, details: { limitMs } },
  );

export const kernelOptionsInvalid = (problems: readonly string[]): GraphTapError =>
  make(
    "KERNEL_OPTIONS_INVALID",
    "the kernel's options are wrong.",
    problems.join("\n"),
    'createKernel({ name: "desk", plugins: [metrics()] })',
  );
