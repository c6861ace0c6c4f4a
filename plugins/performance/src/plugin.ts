import { type AnyHookDef, definePlugin, type HookDef, hooks, type PluginApi } from "@graphtap/langgraph";
import { type CacheEvent, WorkflowCache } from "./cache.js";
import { StateCompressor } from "./compressor.js";
import { Perf, perfHooks, type PerfService, type PerfSystemPanel, type PerfUserPanel } from "./keys.js";
import { MemorySampler } from "./memory.js";
import { options } from "./options.js";
import { compileThrough } from "./recipe.js";
import { LazyToolLoader } from "./tool-loader.js";
import { UserFigures } from "./user-figures.js";
import { compressedCall, withLazyTools } from "./wiring.js";

/**
 * Caches what `stack.createWorkflow` compiles, loads tools when they are needed, and keeps conversations under a token
 * budget.
 *
 * @example
 * const stack = createStack({ plugins: [perf({ compression: { maxTokens: 8_000 } })] });
 * stack.get(perf).tools.register("calculator", () => import("./calculator.js"), { description, schema });
 */
export const perf = definePlugin({
  name: "performance",
  version: "0.0.0",
  options,
  provides: [Perf],
  hooks: Object.values(perfHooks),
  identity: "none",
  setup(api, { workflows, tools, compression, memory }) {
    const { clock } = api;
    const cached = workflows === false ? {} : workflows;
    const cache = new WorkflowCache({
      ...cached,
      now: () => clock.monotonic(),
      onEvent: ({ type, ...event }: CacheEvent) => tell(api, perfHooks[type], event),
    });
    const loader = new LazyToolLoader({ ...tools, clock, onLoad: (event) => tell(api, perfHooks.loaded, event) });
    const compressor = compression === undefined ? null : new StateCompressor({ ...compression, clock });
    const sampler = new MemorySampler({ ...memory, clock });
    const users = new UserFigures();
    const service: PerfService = {
      workflows: cache,
      tools: loader,
      compressor,
      stats: () => ({
        workflows: cache.stats(),
        tools: loader.stats(),
        compression: compressor?.stats() ?? null,
        memory: sampler.stats(),
      }),
    };
    api.provide(Perf, service);
    api.onDispose(() => loader.dispose());
    api.onDispose(() => sampler.dispose());
    api.onDispose(() => cache.clear());

    api.tap(hooks.workflow.define, (definition) => withLazyTools(loader, definition));
    // Innermost: what other plugins do around a compile, they do at every creation.
    if (workflows !== false)
      api.tap(hooks.workflow.compile, (asked, next) => compileThrough(cache, asked, () => next(asked)), {
        stage: "post",
      });
    if (compressor !== null)
      api.tap(
        hooks.model.prepare,
        (call, run) =>
          compressedCall(compressor, compression?.countTools === true, call, run, (done) => {
            const { messages: _messages, changed: _changed, ...figures } = done;
            const { userId = null, tenantId = null } = run.principal ?? {};
            if (userId !== null) users.add(userId, tenantId, done);
            tell(api, perfHooks.compressed, figures);
          }),
        // Last: what other plugins add to a prompt counts too.
        { stage: "post" },
      );
    // Not at a run's end: whoever taps that has every model call followed, for the usage it tells.
    api.tap(hooks.run.start, () => sampler.touch());
    api.tap(hooks.dashboard.collect, (scope) => {
      if (scope.kind === "user") {
        const own: PerfUserPanel = { compression: compressor === null ? null : users.of(scope.userId, scope.tenantId) };
        return { id: "performance", title: "Performance", version: 1, data: { ...own } };
      }
      sampler.sample();
      const { workflows: figures, ...others } = service.stats();
      const data: PerfSystemPanel = { cache: figures, ...others };
      return { id: "performance", title: "Performance", version: 1, data: { ...data } };
    });
    api.tap(hooks.health.check, () => health(service, clock.now()));
  },
});

const RECENT = 3_600_000;

/** Nothing here stops a run: at worst a tool is missing, or a conversation does not fit. */
function health({ tools, compressor }: PerfService, now: number) {
  const broken = tools.stats().tools.filter(({ failing }) => failing);
  const { lastOverflowAt = null } = compressor?.stats() ?? {};
  const overflowed = lastOverflowAt !== null && now - lastOverflowAt < RECENT;
  const detail = [
    ...(broken.length === 0
      ? []
      : [
          `tools that could not be loaded: ${broken
            .map(({ name }) => name)
            .slice(0, 5)
            .join(", ")}`,
        ]),
    ...(overflowed ? ["a conversation did not fit its token budget within the last hour"] : []),
  ].join("; ");
  return detail === ""
    ? { id: "performance", status: "ok" as const }
    : { id: "performance", status: "degraded" as const, detail };
}

/** Fires an observer hook without waiting; nothing is made where nobody listens. */
function tell(api: Pick<PluginApi, "call" | "isTapped" | "log">, def: AnyHookDef, value: object): void {
  const failed = (error: unknown): void => api.log.error(`an observer of ${def.name} failed`, { error });
  try {
    if (!api.isTapped(def)) return;
    Promise.resolve(api.call(def as HookDef<"series", object, void, void>, value)).catch(failed);
  } catch (error) {
    failed(error);
  }
}
