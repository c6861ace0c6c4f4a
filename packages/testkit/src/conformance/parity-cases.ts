import assert from "node:assert/strict";
import { definePlugin, type PluginInput, type Stack, Workflows } from "@graphtap/langgraph";
import { recordHooks } from "../record/record-hooks.js";
import { assertNoFaults, config, made, withStack } from "./bench.js";
import { MODES } from "./modes.js";
import type { Kit } from "./options.js";
import { fire, firingsOf, tappedHooks } from "./replay.js";
import { copyKernel } from "./second-kernel.js";
import { essence, nestedAgent, say, wrappedAgent } from "./workload.js";

export async function parallelRunsAgree(kit: Kit): Promise<void> {
  const plugin = made(kit);
  const run = async (stack: Stack, graph: ReturnType<typeof wrappedAgent>, index: number): Promise<string> =>
    JSON.stringify(essence((await graph.invoke(say(`echo number-${index}.`), config(kit, stack))).messages));
  const alone = await withStack(kit, [plugin], (stack) => run(stack, wrappedAgent(stack), 0));
  await withStack(kit, [made(kit)], async (stack) => {
    const graph = wrappedAgent(stack);
    const all = await Promise.all(Array.from({ length: kit.parallel }, (_, index) => run(stack, graph, index)));
    for (const [index, text] of all.entries())
      assert.equal(
        text,
        alone.replaceAll("number-0.", `number-${index}.`),
        `plugin "${plugin.id}" mixed up parallel runs: run ${index} of ${kit.parallel} differs from a run alone.`,
      );
    assertNoFaults(stack, plugin, `${kit.parallel} parallel runs`);
  });
}

export async function modesAgree(kit: Kit): Promise<void> {
  const plugin = made(kit);
  await withStack(kit, [plugin], async (stack) => {
    for (const text of ["echo hello", "fail please", "just talk"]) {
      const expected = await MODES["invoke"]?.(wrappedAgent(stack), say(text), config(kit, stack));
      for (const [name, mode] of Object.entries(MODES))
        assert.deepEqual(
          await mode(wrappedAgent(stack), say(text), config(kit, stack)),
          expected,
          `plugin "${plugin.id}" gives another result in mode "${name}" than in invoke ("${text}").`,
        );
      for (const name of ["invoke", "stream values", "batch"] as const)
        assert.deepEqual(
          await MODES[name]?.(nestedAgent(stack), say(text), config(kit, stack)),
          expected,
          `plugin "${plugin.id}" gives another result in a subgraph (mode "${name}", "${text}").`,
        );
    }
    assertNoFaults(stack, plugin, "all run modes");
  });
}

/** A bare kernel has none of the services that every stack has; a plugin that needs them gets those of one. */
function stackServices(stack: Stack): readonly PluginInput[] {
  const workflows = stack.find(Workflows);
  if (workflows === undefined) return [];
  return [
    definePlugin({
      name: "testkit-stack",
      version: "0.0.0",
      identity: "none",
      provides: [Workflows],
      setup: (api) => api.provide(Workflows, workflows),
    })(),
  ];
}

export async function worksUnderSecondKernel(kit: Kit): Promise<void> {
  const plugin = made(kit);
  let ofStack: readonly PluginInput[] = [];
  const firings = await withStack(kit, [plugin], async (stack) => {
    const seen = recordHooks(stack, { hooks: "all" });
    await seen.ready;
    ofStack = stackServices(stack);
    await wrappedAgent(stack).invoke(say("echo hello"), config(kit, stack));
    return firingsOf(tappedHooks(stack, plugin, [plugin]), seen);
  });
  const copy =
    kit.secondKernel === null
      ? await copyKernel(plugin)
      : { kernel: await kit.secondKernel(), release: async () => undefined };
  try {
    const second = made(kit);
    const kernel = copy.kernel.createKernel({ name: "second", plugins: [...ofStack, ...kit.requires(), second] });
    try {
      await kernel.ready();
      const tapped = kernel
        .inspect()
        .hooks.filter(({ taps }) => taps.some((tap) => tap.plugin === second.id))
        .map(({ name }) => name);
      for (const { def, value, context } of firings) {
        assert.ok(
          tapped.includes(def.name),
          `plugin "${plugin.id}" taps ${def.name}, but not under a second copy of the kernel.`,
        );
        const outcome = await fire(kernel, def, value, context);
        const error = outcome.kind === "threw" ? outcome.error : null;
        assert.equal(
          error,
          null,
          `plugin "${plugin.id}" failed in ${def.name} under a second copy of the kernel: ${String(error)}`,
        );
      }
    } finally {
      await kernel.dispose();
    }
  } finally {
    await copy.release();
  }
}
