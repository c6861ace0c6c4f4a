import { inspect } from "node:util";
import {
  callSite,
  createKernel,
  definePlugin,
  type Epoch,
  type GraphTapError,
  type Inspection,
  type Plugin,
  type PluginInput,
  problemsOf,
} from "@graphtap/kernel";
import { z } from "zod";
import type { Core } from "./core.js";
import { DeniedError } from "./denial.js";
import { createDispatch, type Dispatch } from "./dispatch.js";
import { bindingError, killNotHeld, stackDuplicate, stackNotStrict, tapDead } from "./errors.js";
import { explainGraph } from "./graph/explain.js";
import { GraphWrapper } from "./graph/wrap.js";
import { allHooks } from "./hooks/index.js";
import { type Config, Envelopes } from "./identity/envelope.js";
import type { IdentityResolver } from "./identity/server.js";
import { parseWho } from "./identity/who.js";
import { keepParts } from "./internal.js";
import { enterStack, leaveStack, twinOf } from "./live-stacks.js";
import { ModelGuards } from "./model/guard.js";
import { assertRuntime } from "./runtime.js";
import { ThreadOwners } from "./run/owners.js";
import { PausedThreads } from "./run/paused.js";
import { FrameStore } from "./run/frames.js";
import type { Stack, StackConfig, StackOptions } from "./stack-types.js";
import { Guards, isCallable } from "./tool/guard.js";
import { wrapUnsupported } from "./errors.js";
import { described } from "./workflow/issue.js";
import { Passes } from "./watch/passes.js";
import { createWorkflow } from "./workflow/create.js";
import { WorkflowsOffer } from "./workflow/service.js";
import { validateSpec } from "./workflow/validate.js";

// The kernel checks what is its own.
const kernels = z.unknown().optional();
const shape = {
  plugins: z.array(kernels),
  name: z.string().min(1).max(128).optional(),
  hooks: z.array(kernels).optional(),
  anonymous: z.enum(["refuse", "no-tools"]).optional(),
  ungated: z.enum(["deny", "report"]).optional(),
  threads: z.enum(["owned", "open"]).optional(),
  identityTtlMs: z.number().positive().optional(),
  facts: z
    .custom(
      (value) => typeof (value as { safeParse?: unknown } | null)?.safeParse === "function",
      "expected a zod schema",
    )
    .optional(),
  identity: z
    .custom(
      (value) => typeof (value as { resolve?: unknown } | null)?.resolve === "function",
      "expected a resolver such as fromLangGraphServer()",
    )
    .optional(),
  verify: z.custom((value) => typeof value === "function", "expected a function").optional(),
  clock: kernels,
  logger: kernels,
  setupTimeoutMs: kernels,
  disposeTimeoutMs: kernels,
  drainTimeoutMs: kernels,
  quarantineAfter: kernels,
} satisfies Record<keyof StackOptions | "plugins", z.ZodType>;
const OPTIONS = z.strictObject(shape);

/** Fifteen minutes: long enough for a request to queue, short enough that a module-level constant is found on day one. */
const IDENTITY_TTL_MS = 15 * 60_000;
/** Dispatch tables kept for runs under way; a run holds its own, so this only saves making one again. */
const TABLES = 16;

/**
 * Makes a stack of plugins. Returns at once and is usable at module level; runs wait for the boot, and a failed boot
 * rejects `ready()` and every run with the same error.
 *
 * @example
 * const stack = createStack({ name: "support", plugins: [metrics(), security()] });
 * const support = stack.wrap(graph);
 * await support.invoke(input, stack.as({ userId: "alice" }));
 * @throws GraphTapError RUNTIME_UNSUPPORTED, STACK_OPTIONS_INVALID and the kernel's boot errors.
 */
export function createStack<const List extends readonly PluginInput[], Facts extends z.ZodType = z.ZodType>(
  config: StackConfig<List, Facts>,
): Stack<Facts> {
  assertRuntime();
  const options = config as StackConfig<readonly PluginInput[], Facts>;
  const checked = OPTIONS.safeParse(options);
  if (!checked.success)
    throw bindingError(
      "STACK_OPTIONS_INVALID",
      "createStack(): options are wrong.",
      problemsOf(checked.error, options, OPTIONS).join("\n"),
    );
  const stray = options.plugins.findIndex(isMiddleware);
  if (stray !== -1)
    throw bindingError(
      "STACK_OPTIONS_INVALID",
      "createStack(): options are wrong.",
      `plugins[${stray}]: expected a plugin, got a middleware of LangChain.`,
      {
        do: 'import { fromMiddleware } from "@graphtap/langgraph/langchain";\nplugins: [fromMiddleware(middleware)]',
      },
    );
  const { facts, identity, anonymous, ungated, threads, identityTtlMs, plugins, hooks, ...kernelOptions } = options;
  // Each of these waits for its call: plugins may be set up before there is a stack.
  const offer = new WorkflowsOffer({
    createWorkflow: (spec) => stack.createWorkflow(spec as never),
    wrap: (graph) => stack.wrap(graph) as never,
    validate: (spec) => stack.validate(spec as never),
    currentRun() {
      const frame = core.frames.getStore();
      return frame === undefined || frame.scope.over ? null : frame.ctx;
    },
  });
  const own = [...(identity === undefined ? [] : [identityPlugin(identity)]), ...offer.before(plugins)];
  const name = options.name ?? "stack";
  const strict = process.env["GRAPHTAP_STRICT"] === "1";
  // Stacks without a name of their own are no twins of each other.
  const site = callSite(createStack);
  const twin = options.name === undefined ? null : twinOf(name);
  const mark = {};
  const warningsOf = ({ deadTaps }: Pick<Inspection, "deadTaps">): readonly GraphTapError[] => [
    ...(twin === null || (twin.told && !strict) ? [] : [stackDuplicate(name, twin.site, site)]),
    ...deadTaps.map(({ plugin, hook }) => tapDead(plugin, hook)),
  ];
  const kernel = createKernel({
    ...kernelOptions,
    verify(inspection) {
      options.verify?.(inspection);
      assertKillHeld(name, inspection);
      const warnings = strict ? warningsOf(inspection) : [];
      if (warnings.length > 0) throw stackNotStrict(name, warnings);
    },
    // By one brand for all copies of this package.
    isRefusal: (error) => DeniedError.isDenied(error),
    name,
    hooks: [...allHooks, ...(hooks ?? [])],
    plugins: [...own, ...plugins],
  });
  if (options.name !== undefined && kernel.state !== "failed") enterStack(name, site, mark);
  const leave = (): void => leaveStack(name, mark);
  const tables = new Map<number, Dispatch>();
  const warned = new Set<string>();
  const core: Core = {
    name: kernel.name,
    kernel,
    clock: kernel.clock,
    frames: new FrameStore(),
    passes: new Passes(),
    entering: null,
    beganIdle: null,
    listening: null,
    permits: new WeakMap(),
    bodies: new WeakMap(),
    envelopes: new Envelopes(kernel.name, kernel.clock, identityTtlMs ?? IDENTITY_TTL_MS),
    paused: new PausedThreads(),
    owners: new ThreadOwners(),
    threads: threads ?? "owned",
    facts,
    resolver: identity,
    anonymous: anonymous ?? "refuse",
    ungated: ungated ?? "deny",
    dispatchOf(epoch: Epoch) {
      let table = tables.get(epoch.id);
      if (table !== undefined) return table;
      table = createDispatch(epoch);
      tables.set(epoch.id, table);
      const [oldest] = tables.keys();
      if (tables.size > TABLES && oldest !== undefined) tables.delete(oldest);
      return table;
    },
    dispatchHere() {
      const frame = core.frames.getStore();
      return frame === undefined ? core.dispatchNow() : frame.scope.dispatch;
    },
    dispatchNow() {
      if (!kernel.isReady()) return null;
      const epoch = kernel.pin();
      epoch.release();
      return core.dispatchOf(epoch);
    },
    warn(code, text, key) {
      // Once per place, and bounded: a warning in a loop over generated names must not fill memory.
      if (warned.has(key) || warned.size >= 1_000) return;
      warned.add(key);
      kernel.log.warn(text, { code });
    },
  };
  kernel.ready().then(() => {
    for (const { code, message } of warningsOf(kernel.inspect())) core.warn(code, message, message);
  }, leave);
  const tools = new Guards(core);
  const models = new ModelGuards(core);
  const graphs = new GraphWrapper(core, tools, models);
  const stack = {
    name: kernel.name,
    wrap: (graph: object) => graphs.wrap(graph),
    createWorkflow: (spec: never) => createWorkflow({ core, tools, models, graphs }, spec),
    validate: (spec: never) => validateSpec(spec),
    wrapModel(model: object) {
      const governed = models.guard(model);
      if (governed === model && !models.governs(model))
        throw wrapUnsupported(
          `stack.wrapModel() was given no chat model: ${described(model)}.`,
          "It takes a chat model, or what bindTools, withConfig or withStructuredOutput gave.",
        );
      return governed;
    },
    wrapTool(tool: object) {
      if (!isCallable(tool))
        throw wrapUnsupported(
          `stack.wrapTool() was given no tool: ${described(tool)}.`,
          "It takes an object with a name and an invoke method, as tool() of @langchain/core/tools makes it.",
        );
      return tools.guard(tool);
    },
    wrapTools(list: readonly object[]) {
      if (!Array.isArray(list))
        throw wrapUnsupported(`stack.wrapTools() was given no list: ${described(list)}.`, "It takes a list of tools.");
      return list.map((tool) => stack.wrapTool(tool as object));
    },
    as: (who: unknown, runConfig: Config = {}) => core.envelopes.issue(parseWho(who, core.facts), runConfig),
    explain: (graph: object) => explainGraph(core, graphs, models, tools, graph),
    get: kernel.get.bind(kernel),
    find: kernel.find.bind(kernel),
    call: kernel.call.bind(kernel),
    isTapped: kernel.isTapped.bind(kernel),
    inspect: () => kernel.inspect(),
    profile: (on?: boolean) => kernel.profile(on),
    ready: () => kernel.ready(),
    isReady: () => kernel.isReady(),
    flush: () => kernel.flush(),
    dispose() {
      leave();
      return kernel.dispose();
    },
    [Symbol.asyncDispose]: () => stack.dispose(),
    use(plugin: Plugin) {
      offer.join(kernel, plugin);
      return kernel.use(plugin);
    },
    remove: kernel.remove.bind(kernel),
    replace(plugin: Plugin) {
      offer.join(kernel, plugin);
      return kernel.replace(plugin);
    },
    events: kernel.events,
    clock: kernel.clock,
    log: kernel.log,
    pin: () => kernel.pin(),
    [inspect.custom]: () => kernel.inspect().toTree(),
  };
  keepParts(stack, { core, tools, models, graphs });
  // The interface infers what the implementation only passes on.
  return stack as unknown as Stack<Facts>;
}

/** What createMiddleware() of langchain gives, which has all of these keys, with or without a hook behind them. */
const isMiddleware = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "wrapToolCall" in value && "beforeModel" in value;

/** A switch that nobody holds to would be taken for one that is on. */
function assertKillHeld(name: string, { plugins }: Inspection): void {
  const asked = process.env["GRAPHTAP_KILL"] ?? "";
  if (asked.trim() === "" || plugins.some(({ provides }) => provides.includes("security"))) return;
  throw killNotHeld(
    name,
    plugins.map(({ id }) => id),
  );
}

/** Runs the resolver's own boot check with the others, so that its failure is the boot's. */
const identityPlugin = (resolver: IdentityResolver): PluginInput =>
  definePlugin({
    name: `identity-${resolver.name}`,
    version: "0.1.0",
    identity: "none",
    setup: () => resolver.boot?.(),
  })();
