/** The long form of one error code. */
export interface CatalogEntry {
  readonly title: string;
  readonly why: string;
  readonly do: string;
  readonly example?: string;
}

const entries = {
  DISPOSE_FAILED: {
    title: "Some disposers failed",
    why: "At least one plugin threw, or took too long, while it was disposed. All disposers ran; the errors are in error.errors.",
    do: "Look at each entry of error.errors; each names its plugin.",
  },
  DISPOSE_TIMEOUT: {
    title: "A disposer took too long",
    why: "A disposer was still pending after disposeTimeoutMs (default 10 s).",
    do: "End timers, sockets and loops when api.signal aborts, or raise disposeTimeoutMs.",
  },
  DRAIN_TIMEOUT: {
    title: "Runs did not end",
    why: "Plugins were to be disposed while runs still held them; after drainTimeoutMs (default 30 s) that happened anyway. The message names pending taps.",
    do: "End or abort runs first, or raise drainTimeoutMs.",
  },
  FLUSH_FAILED: {
    title: "A flush failed",
    why: "An onFlush handler threw or took longer than disposeTimeoutMs.",
    do: "Check the store behind the plugin, then flush again.",
  },
  GUARD_FAILED: {
    title: "A guard failed, so the call was denied",
    why: "A plugin's guard or reserve threw, or gave an answer that is no verdict. What cannot be judged is not allowed.",
    do: "stack.inspect().faults.recent names the plugin, the hook and the error; a logger and stack.events hear of it too.",
  },
  GUARD_TIMEOUT: {
    title: "A guard took too long, so the call was denied",
    why: "A guard or reserve has 2,000 ms unless its hook says otherwise. What cannot be judged in time is not allowed.",
    do: "Find what the guard waits for: a store that is down, a request without a time-out of its own.",
  },
  HOOK_INVALID: {
    title: "Not a usable hook or tap",
    why: "The value is not made by defineHook, its options contradict its kind, two definitions of one name have different kinds, a tap is not a function, or its stage does not exist.",
    do: "Import the definition from the package that owns the hook and pass it itself.",
    example:
      'const closed = defineHook.series<Ticket>("acme.ticket.closed");\napi.tap(closed, (ticket) => { count(ticket); });',
  },
  HOOK_NAME_INVALID: {
    title: "Bad hook name",
    why: "Names are dotted lower-case words. Two plain words are kept for first-party hooks.",
    do: "Put a namespace in front.",
    example: 'defineHook.series("acme.ticket.closed")',
  },
  HOOK_RESULT_INVALID: {
    title: "A tap returned something unusable",
    why: "An around tap without a result, a promise from a sync tap, a guard's answer that is no verdict, transform() in a guard that has no transform.",
    do: "Return what the kind of the hook asks for; for around: return next(request).",
    example: "api.tap(hooks.tool.call, (call, next) => next(call));",
  },
  HOOK_TIMEOUT: {
    title: "A tap took too long",
    why: "One tap exceeded the time-out of its hook.",
    do: "Make the tap faster, or queue the work and write it in onFlush.",
  },
  KERNEL_MISMATCH: {
    title: "Two kernels that do not fit",
    why: "A plugin was made by another copy of @graphtap/kernel with another API number. Two copies with one API number work.",
    do: "Make all packages depend on one version; npm ls @graphtap/kernel shows who asks for which.",
  },
  KERNEL_OPTIONS_INVALID: {
    title: "Wrong kernel options",
    why: "A time-out or limit is not a number above 0, an option does not exist, or plugins, hooks, clock or logger is something else.",
    do: "Correct the call of createKernel or createStack.",
  },
  PLUGIN_API_VERSION: {
    title: "Plugin for another API",
    why: "definePlugin({ api }) differs from the kernel's API number.",
    do: "Install matching versions.",
  },
  PLUGIN_CYCLE: {
    title: "Plugins in a ring",
    why: "requires, before and after form a ring; the message prints it.",
    do: "Turn one requires into optional, or drop a before/after.",
  },
  PLUGIN_DUPLICATE: {
    title: "Two plugins with one name",
    why: "Both would tap the same hooks. The message prints where each was made.",
    do: "override(...) to change a preset's plugin, { key } to run two.",
    example:
      'plugins: [...production(), override(security({ tools }))]\nplugins: [security(), security({}, { key: "eu" })]',
  },
  PLUGIN_INVALID: {
    title: "Not a plugin",
    why: "The list holds something definePlugin did not make: a factory that was not called, a webpack plugin, a promise, or the definition itself is incomplete.",
    do: "Call the factory: plugins: [metrics()].",
  },
  PLUGIN_OPTIONS_INVALID: {
    title: "Wrong plugin options",
    why: "The options do not fit the plugin's schema.",
    do: "Correct the call; the plugin's README lists options, units and defaults.",
  },
  PLUGIN_SETUP_FAILED: {
    title: "A plugin failed to start",
    why: "Its setup threw. Boot is all or nothing: what had started was rolled back in reverse.",
    do: "See error.cause.",
  },
  PLUGIN_SETUP_TIMEOUT: {
    title: "A plugin took too long to start",
    why: "setup was pending after setupTimeoutMs (default 10 s).",
    do: "Open connections at first use, or raise setupTimeoutMs.",
  },
  PLUGIN_UNKNOWN: {
    title: "Unknown plugin name",
    why: "before, after, override(), remove() or replace() name a plugin that is not installed.",
    do: 'Correct the name, or write "name?" in before/after if it may be absent.',
  },
  SERVICE_DUPLICATE: {
    title: "Two providers of one service",
    why: "Consumers could not tell which one they get.",
    do: "Keep one of the two plugins.",
  },
  SERVICE_MISSING: {
    title: "Nothing provides a required service",
    why: "A plugin requires a service that no installed plugin provides, or a removal would leave it so.",
    do: "Add the plugin that provides it; its position does not matter.",
  },
  SERVICE_NOT_FOUND: {
    title: "No such service",
    why: "get() was called with a key that nothing provides.",
    do: "Add the plugin, or use find().",
  },
  SERVICE_NOT_PROVIDED: {
    title: "A declared service was not provided",
    why: "setup ended without api.provide for a key in provides.",
    do: "Call api.provide(Key, value) in setup.",
  },
  SERVICE_UNDECLARED: {
    title: "A service used without being declared",
    why: "api.get needs the key in requires, api.find in optional, api.provide in provides; the order of start follows from them.",
    do: "List the key in definePlugin.",
  },
  STACK_DISPOSED: {
    title: "Used after dispose",
    why: "The stack or kernel was disposed.",
    do: "Create a new one, or dispose later.",
  },
  STACK_NOT_READY: {
    title: "Used before it had started",
    why: "A plugin's setup is asynchronous and has not ended.",
    do: "await stack.ready() first.",
  },
  TAP_FAILED: {
    title: "A tap threw",
    why: "The plugin's own error is the cause; plugin and hook are named.",
    do: "See error.cause.",
  },
  TAP_ORDER_CYCLE: {
    title: "Taps in a ring",
    why: "stage, before and after of the taps on one hook contradict each other.",
    do: "Drop one of them.",
  },
  TAP_ORDER_UNKNOWN: {
    title: "Unknown plugin name in a tap's order",
    why: "before or after of api.tap names a plugin that is not installed.",
    do: 'Correct the name, or write "name?" if it may be absent.',
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code this package throws. */
export type KernelErrorCode = keyof typeof entries;

/** Long form of every code of this package; docs and `npx graphtap why CODE` are made from it. */
export const errorCatalog: Readonly<Record<KernelErrorCode, CatalogEntry>> = entries;
