import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { Plugin, PluginInput } from "@graphtap/kernel";
import { assertNoFaults, config, kitStack, made, withStack } from "./bench.js";
import { beyond, leaksOf } from "./leaks.js";
import type { Kit } from "./options.js";
import { say, wrappedAgent } from "./workload.js";

const nameOf = (input: PluginInput): string => (input ? input.id : "nothing");

/** One run of the kit's agent that has to work. */
async function works(kit: Kit, plugins: readonly PluginInput[], plugin: Plugin): Promise<void> {
  await withStack(kit, plugins, async (stack) => {
    const out = await wrappedAgent(stack).invoke(say("echo hello"), config(kit, stack));
    assert.ok(out.messages.length >= 1, "the run gave no messages");
    await stack.flush();
    assertNoFaults(stack, plugin, "a run");
  });
}

export async function bootsAlone(kit: Kit): Promise<void> {
  const plugin = made(kit);
  await works(kit, [plugin], plugin);
}

export async function bootsBeside(kit: Kit): Promise<void> {
  for (const other of kit.beside) {
    for (const order of ["before", "after"] as const) {
      const plugin = made(kit);
      const neighbour = other();
      await works(kit, order === "before" ? [neighbour, plugin] : [plugin, neighbour], plugin).catch((error: unknown) => {
        throw new Error(`plugin "${plugin.id}" does not work with "${nameOf(neighbour)}" ${order} it.`, { cause: error });
      });
    }
  }
}

/** Everything a stack does in its life; gives how many listeners it left on the signal of its caller. */
async function life(kit: Kit, plugins: readonly PluginInput[]): Promise<number> {
  const stack = kitStack(kit, plugins);
  const caller = new AbortController();
  try {
    await stack.ready();
    await kit.prepare(stack);
    const graph = wrappedAgent(stack);
    for (let run = 0; run < 3; run++) await graph.invoke(say("echo hello"), config(kit, stack, { signal: caller.signal }));
    for await (const _ of await graph.stream(say("echo hello"), { ...config(kit, stack, { signal: caller.signal }), streamMode: "messages" })) break;
    await stack.flush();
  } finally {
    await stack.dispose();
    await stack.dispose();
  }
  return getEventListeners(caller.signal, "abort").length;
}

export async function leavesNothing(kit: Kit): Promise<void> {
  let listeners = 0;
  let expected = 0;
  // Once to warm up what is made once per process, once to know what the rest leaves.
  await life(kit, []);
  const baseline = await leaksOf(async () => {
    expected = await life(kit, []);
  });
  const plugin = made(kit);
  const left = await leaksOf(async () => {
    listeners = await life(kit, [made(kit)]);
  });
  assert.deepEqual(beyond(left, baseline), [], `plugin "${plugin.id}" left something running after dispose.`);
  assert.ok(listeners <= expected, `plugin "${plugin.id}" left ${listeners - expected} listeners on the signal of the runs (4 runs, 1 signal).`);
}
