import { definePlugin, hooks, type PluginApi, type RunContext, Workflows } from "@graphtap/langgraph";
import type { HookDef } from "@graphtap/langgraph";
import { Composition, compositionHooks, Selections } from "./keys.js";
import { AdvancedWorkflowManager } from "./manager.js";
import { options } from "./options.js";
import { Tally } from "./tally.js";

/**
 * Conditional workflows, which choose per run, and composites of several workflows.
 *
 * @example
 * const stack = createStack({ facts: z.object({ user_tier: z.string() }), plugins: [composition()] });
 * const desk = await stack.get(composition).createWorkflowFromTemplate({ template: "adaptive_support", llm, tools, retriever });
 */
export const composition = definePlugin({
  name: "composition",
  version: "0.0.0",
  options,
  provides: [Composition],
  requires: [Workflows],
  hooks: Object.values(compositionHooks),
  identity: "none",
  setup(api, limits) {
    const tally = new Tally();
    api.provide(
      Composition,
      new AdvancedWorkflowManager({
        workflows: api.get(Workflows),
        clock: api.clock,
        limits,
        async selected(selection, run) {
          tally.selected(selection);
          run?.data.set(Selections, Object.freeze([...(run.data.get(Selections) ?? []).slice(-MOST), selection]));
          await tell(api, compositionHooks.selected, selection, run);
        },
        async ended(end, run) {
          tally.ended(end);
          await tell(api, compositionHooks.member, end, run);
        },
        merged: (report, run) => tell(api, compositionHooks.merged, report, run),
      }),
    );
    api.tap(hooks.dashboard.collect, (scope) =>
      scope.kind === "system"
        ? { id: "composition", title: "Composition", version: 1, data: { ...tally.panel() } }
        : undefined,
    );
  },
});

/** Choices of one run that are kept besides the newest: a loop may make many. */
const MOST = 99;

/** Tells observers. What they throw, an interrupt included, must not end what they watch. */
async function tell<V>(
  api: Pick<PluginApi, "call" | "log">,
  hook: HookDef<"series", V, RunContext | null, void>,
  value: V,
  run: RunContext | null,
): Promise<void> {
  try {
    await api.call(hook, value as never, run as never);
  } catch (error) {
    api.log.error(`an observer of ${hook.name} failed`, { error });
  }
}
