import { GraphTapError, summaryOf } from "./error.js";
import type { KernelErrorCode } from "./error-catalog.js";
import type { GraphTapErrorInit } from "./error.js";

/** Every error of this package is made here, so that each code has one wording. */
const make = (init: GraphTapErrorInit & { readonly code: KernelErrorCode }): GraphTapError => new GraphTapError(init);

const list = (names: Iterable<string>): string => `[${[...names].join(", ")}]`;
const quote = (value: unknown): string => (typeof value === "string" ? `"${value}"` : typeof value);
const at = (site: string | null): string => site ?? "an unknown place";

// --- hooks ---------------------------------------------------------------------------------------------------------

export const hookNameInvalid = (name: unknown, problem: "form" | "namespace"): GraphTapError =>
  make({
    code: "HOOK_NAME_INVALID",
    what: `a hook cannot be called ${quote(name)}.`,
    why:
      problem === "form"
        ? "a hook name is dotted lower-case words, noun before verb."
        : "two plain words are kept for first-party hooks; without a namespace two packages would collide.",
    do: 'defineHook.series("acme.ticket.closed")   or   defineHook.series("acme-desk.closed")',
  });

export const hookInvalid = (name: string, why: string, fix: string): GraphTapError =>
  make({ code: "HOOK_INVALID", what: `hook "${name}" is not usable.`, why: `${why}.`, do: `${fix}.`, hook: name });

export const hookNotADefinition = (value: unknown): GraphTapError =>
  make({
    code: "HOOK_INVALID",
    what: "a hook definition was expected.",
    why: `got ${value === null ? "null" : quote(value)}; hooks are values made by defineHook, not names.`,
    do: "import the definition from the package that owns the hook, and pass it itself.",
  });

export const tapInvalid = (plugin: string, hook: string, what: string, fix: string): GraphTapError =>
  make({
    code: "HOOK_INVALID",
    what: `plugin "${plugin}" tapped "${hook}" with ${what}.`,
    why: "a tap is api.tap(hook, function, { stage, before, after }?).",
    do: fix,
    plugin,
    hook,
  });

export const hookTimeout = (plugin: string, hook: string, limitMs: number, waitingFor: string): GraphTapError =>
  make({
    code: "HOOK_TIMEOUT",
    what: `plugin "${plugin}" did not finish "${hook}" in time.`,
    why: `the limit is ${limitMs} ms; it was waiting for ${waitingFor}.`,
    do: "make the tap faster, or move the work out of it (a queue, onFlush). The limit is timeoutMs of the hook.",
    plugin,
    hook,
    details: { limitMs },
  });

export const hookResultInvalid = (
  plugin: string,
  hook: string,
  why: string,
  fix: string,
  cause?: unknown,
): GraphTapError =>
  make({
    code: "HOOK_RESULT_INVALID",
    what: `plugin "${plugin}" returned something "${hook}" cannot use.`,
    why: `${why}.`,
    do: fix,
    plugin,
    hook,
    cause,
  });

export const tapFailed = (plugin: string, hook: string, fault: string, cause: unknown): GraphTapError =>
  make({
    code: "TAP_FAILED",
    what: `plugin "${plugin}" failed in "${hook}": ${summaryOf(cause)}`,
    why: "its tap threw; the original error is the cause.",
    do: `see error.cause. To go on without it: remove "${plugin}" from plugins.`,
    plugin,
    hook,
    details: { fault },
    cause,
  });

export const tapOrderUnknown = (
  plugin: string,
  hook: string,
  relation: string,
  name: string,
  known: Iterable<string>,
): GraphTapError =>
  make({
    code: "TAP_ORDER_UNKNOWN",
    what: `plugin "${plugin}" wants its tap on "${hook}" ${relation} "${name}", which is not installed.`,
    why: `installed plugins are ${list(known)}.`,
    do: `correct the name, or write "${name}?" if it may be absent.`,
    plugin,
    hook,
  });

export const tapOrderCycle = (hook: string, ring: readonly string[]): GraphTapError =>
  make({
    code: "TAP_ORDER_CYCLE",
    what: `the taps on "${hook}" cannot be put in order.`,
    why: `they ask to run in a ring: ${ring.join(" -> ")}. Stages count too: pre runs before normal, normal before post.`,
    do: "drop one of the before/after (or stage) options along the ring.",
    hook,
    details: { ring },
  });

// --- plugins -------------------------------------------------------------------------------------------------------

export const pluginInvalid = (what: string, why: string, fix: string, plugin?: string): GraphTapError =>
  make({ code: "PLUGIN_INVALID", what, why, do: fix, plugin });

export const pluginOptionsInvalid = (
  plugin: string,
  version: string,
  site: string | null,
  problems: readonly string[],
  cause?: unknown,
): GraphTapError =>
  make({
    code: "PLUGIN_OPTIONS_INVALID",
    what: `${plugin}(): options are wrong.`,
    why: problems.join("\n"),
    do: `correct the call at ${at(site)}.  Defaults and units: README of ${plugin} ${version}.`,
    plugin,
    cause,
  });

export const pluginDuplicate = (id: string, name: string, first: string | null, second: string | null): GraphTapError =>
  make({
    code: "PLUGIN_DUPLICATE",
    what: `two plugins are called "${id}".`,
    why: `first at ${at(first)}, again at ${at(second)}.`,
    do: `to change the first (a preset's, say):  override(${name}({...})).   To run two:  ${name}({...}, { key: "second" }).`,
    plugin: id,
    details: { first, second },
  });

export const pluginApiVersion = (plugin: string, wants: unknown, ours: number, version: string): GraphTapError =>
  make({
    code: "PLUGIN_API_VERSION",
    what: `plugin "${plugin}" was written for another plugin API.`,
    why: `it asks for api ${String(wants)}; this kernel (${version}) has api ${ours}.`,
    do: `install a version of "${plugin}" made for api ${ours}, or the kernel it was made for.`,
    plugin,
  });

export interface KernelCopy {
  readonly api: number;
  readonly version: string;
  readonly path: string;
}

export const kernelMismatch = (plugin: string, ours: KernelCopy, theirs: KernelCopy): GraphTapError =>
  make({
    code: "KERNEL_MISMATCH",
    what: `plugin "${plugin}" was made by another copy of the kernel, which speaks another API.`,
    why: `ours: ${ours.version} (api ${ours.api}) at ${ours.path}\ntheirs: ${theirs.version} (api ${theirs.api}) at ${theirs.path}`,
    do: "make both packages depend on one version of @graphtap/kernel (npm ls @graphtap/kernel shows who asks for which).",
    plugin,
    details: { ours, theirs },
  });

export const pluginUnknown = (plugin: string, relation: string, name: string, known: Iterable<string>): GraphTapError =>
  make({
    code: "PLUGIN_UNKNOWN",
    what: `plugin "${plugin}" names "${name}" in ${relation}, which is not installed.`,
    why: `installed plugins are ${list(known)}.`,
    do:
      relation === "override()"
        ? "drop override(), or correct the name or key."
        : `correct the name, or write "${name}?" if it may be absent.`,
    plugin,
  });

export const pluginNotInstalled = (id: string, known: Iterable<string>): GraphTapError =>
  make({
    code: "PLUGIN_UNKNOWN",
    what: `there is no plugin "${id}" here.`,
    why: `installed plugins are ${list(known)}.`,
    do: "use the instance id: the plugin's name, or name:key.",
  });

export const pluginCycle = (ring: readonly string[]): GraphTapError =>
  make({
    code: "PLUGIN_CYCLE",
    what: "the plugins cannot be put in order.",
    why: `each needs the next to start first: ${ring.join(" -> ")}.`,
    do: "turn one requires into optional, or drop a before/after along the ring.",
    details: { ring },
  });

export const pluginSetupFailed = (plugin: string, cause: unknown): GraphTapError =>
  make({
    code: "PLUGIN_SETUP_FAILED",
    what: `plugin "${plugin}" failed to start: ${summaryOf(cause)}`,
    why: "its setup threw; what had started was rolled back.",
    do: "see error.cause.",
    plugin,
    cause,
  });

export const pluginSetupTimeout = (plugin: string, limitMs: number): GraphTapError =>
  make({
    code: "PLUGIN_SETUP_TIMEOUT",
    what: `plugin "${plugin}" did not start in time.`,
    why: `setup was still pending after ${limitMs} ms.`,
    do: "open connections at first use instead of in setup, or raise setupTimeoutMs.",
    plugin,
    details: { limitMs },
  });

// --- services ------------------------------------------------------------------------------------------------------

export const serviceIdInvalid = (id: unknown): GraphTapError =>
  make({
    code: "SERVICE_UNDECLARED",
    what: `a service key needs an id, got ${quote(id)}.`,
    why: "services are found by id.",
    do: 'defineService<Shape>()("acme.billing")',
  });

export const serviceMissing = (
  plugin: string,
  missing: readonly string[],
  requires: Iterable<string>,
  provided: Iterable<string>,
): GraphTapError =>
  make({
    code: "SERVICE_MISSING",
    what: `plugin "${plugin}" cannot start: nothing provides the service ${missing.map((id) => `"${id}"`).join(", ")}.`,
    why: `it requires ${list(requires)}; installed plugins provide ${list(provided)}.`,
    do: `add a plugin that provides ${list(missing)} to plugins. The position in the list does not matter.`,
    plugin,
    details: { missing },
  });

export const serviceNeeded = (plugin: string, service: string, dependents: readonly string[]): GraphTapError =>
  make({
    code: "SERVICE_MISSING",
    what: `plugin "${plugin}" cannot be removed: others require its service "${service}".`,
    why: `it is required by ${list(dependents)}.`,
    do: "remove those first, or use replace() with a plugin that provides the same service.",
    plugin,
    details: { service, dependents },
  });

export const serviceNotProvided = (plugin: string, missing: readonly string[]): GraphTapError =>
  make({
    code: "SERVICE_NOT_PROVIDED",
    what: `plugin "${plugin}" did not provide what it declares.`,
    why: `its setup ended without api.provide for ${list(missing)}.`,
    do: `call api.provide(Key, value) in setup, or take ${list(missing)} out of provides.`,
    plugin,
  });

export const serviceDuplicate = (service: string, first: string, second: string): GraphTapError =>
  make({
    code: "SERVICE_DUPLICATE",
    what: `two providers for the service "${service}".`,
    why:
      first === second
        ? `plugin "${first}" provided it twice.`
        : `plugins "${first}" and "${second}" both provide it; consumers could not tell which they get.`,
    do: first === second ? "call api.provide once per key." : "keep one of the two plugins.",
    plugin: second,
    details: { service },
  });

export const serviceUndeclared = (plugin: string, service: string, use: "provide" | "get" | "find"): GraphTapError => {
  const declaration = use === "provide" ? "provides" : use === "get" ? "requires" : "optional";
  return make({
    code: "SERVICE_UNDECLARED",
    what: `plugin "${plugin}" called api.${use} for the service "${service}" without declaring it.`,
    why: `the key is not in its ${declaration}, so the order of start could not take it into account.`,
    do: `definePlugin({ name: "${plugin}", ${declaration}: [...], ... }) must list the key.`,
    plugin,
    details: { service },
  });
};

export const serviceNotFound = (service: string, provided: Iterable<string>): GraphTapError =>
  make({
    code: "SERVICE_NOT_FOUND",
    what: `nothing provides the service "${service}".`,
    why: `provided are ${list(provided)}.`,
    do: "add the plugin that provides it, or use find() if it may be absent.",
    details: { service },
  });

// --- life ----------------------------------------------------------------------------------------------------------

export const stackNotReady = (name: string, asked: string): GraphTapError =>
  make({
    code: "STACK_NOT_READY",
    what: `${asked} came before "${name}" had started.`,
    why: "a plugin's setup is asynchronous and has not ended.",
    do: "await stack.ready() first.",
  });

export const stackDisposed = (name: string, asked: string): GraphTapError =>
  make({
    code: "STACK_DISPOSED",
    what: `${asked} came after "${name}" was disposed.`,
    why: "a disposed stack runs nothing.",
    do: "create a new stack, or dispose later.",
  });

export const disposerTimeout = (plugin: string, limitMs: number): GraphTapError =>
  make({
    code: "DISPOSE_TIMEOUT",
    what: `plugin "${plugin}" did not stop in time.`,
    why: `one of its disposers was still pending after ${limitMs} ms.`,
    do: "end timers, sockets and loops when api.signal aborts, or raise disposeTimeoutMs.",
    plugin,
    details: { limitMs },
  });

export const drainTimeout = (name: string, limitMs: number, held: number, pending: readonly string[]): GraphTapError =>
  make({
    code: "DRAIN_TIMEOUT",
    what: `"${name}" did not wait any longer for ${held} run${held === 1 ? "" : "s"} that had not ended.`,
    why: `after ${limitMs} ms still pending: ${pending.length === 0 ? "no tap (the runs themselves, or an epoch that was never released)" : pending.join("; ")}.`,
    do: "end or abort runs before, or raise drainTimeoutMs.",
    details: { limitMs, held, pending },
  });

export const disposeFailed = (name: string, errors: readonly unknown[]): GraphTapError =>
  make({
    code: "DISPOSE_FAILED",
    what: `"${name}" was disposed with ${errors.length} error${errors.length === 1 ? "" : "s"}.`,
    why: errors.map(summaryOf).join("\n"),
    do: "see error.errors. Every disposer was run nevertheless.",
    errors,
    cause: errors[0],
  });

export const flushFailed = (name: string, errors: readonly unknown[]): GraphTapError =>
  make({
    code: "FLUSH_FAILED",
    what: `"${name}" could not flush everything: ${errors.length} error${errors.length === 1 ? "" : "s"}.`,
    why: errors.map(summaryOf).join("\n"),
    do: "see error.errors; what is still queued stays queued, flush again.",
    errors,
    cause: errors[0],
  });

export const flushTimeout = (plugin: string, limitMs: number): GraphTapError =>
  make({
    code: "FLUSH_FAILED",
    what: `plugin "${plugin}" did not flush in time.`,
    why: `its onFlush was still pending after ${limitMs} ms.`,
    do: "check the store it writes to, or raise disposeTimeoutMs.",
    plugin,
    details: { limitMs },
  });

export const kernelOptionsInvalid = (why: string, fix: string): GraphTapError =>
  make({ code: "KERNEL_OPTIONS_INVALID", what: "the kernel's options are wrong.", why, do: fix });
