import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { Plugin, PluginInput } from "@graphtap/kernel";
import { recordHooks } from "../record/record-hooks.js";
import { assertNoFaults, config, kitStack, made, withStack } from "./bench.js";
import { beyond, leaksOf } from "./leaks.js";
import { type Neighbour, usualNeighbours } from "./neighbours.js";
import type { Kit } from "./options.js";
import { say, wrappedAgent } from "./workload.js";

const nameOf = (input: PluginInput): string => (input ? input.id : "nothing");

/** One run of the kit's agent that has to work. */
async function works(
  kit: Kit,
  plugins: readonly PluginInput[],
  plugin: Plugin,
  prepare?: Neighbour["prepare"],
): Promise<void> {
  await withStack(kit, plugins, async (stack) => {
    await prepare?.(stack, kit.userId);
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
  const there = new Set([made(kit).id, ...kit.requires().map(nameOf)]);
  for (const { make, prepare } of [...(await usualNeighbours()), ...kit.beside.map((make): Neighbour => ({ make }))]) {
    for (const order of ["before", "after"] as const) {
      const plugin = made(kit);
      const neighbour = make();
      if (there.has(nameOf(neighbour))) continue;
      const plugins = order === "before" ? [neighbour, plugin] : [plugin, neighbour];
      await works(kit, plugins, plugin, prepare).catch((error: unknown) => {
        throw new Error(`plugin "${plugin.id}" does not work with "${nameOf(neighbour)}" ${order} it.`, {
          cause: error,
        });
      });
    }
  }
}

interface Ended {
  readonly id: string;
  readonly runs: number;
  /** Listeners that are still on the signals the runs were given and gave. */
  readonly listeners: number;
}

/** Everything a stack does in its life, without the plugin when there is none. */
async function life(kit: Kit, plugin: Plugin | null): Promise<Ended> {
  const stack = kitStack(kit, plugin === null ? [] : [plugin]);
  const caller = new AbortController();
  const signals = new Set<AbortSignal>([caller.signal]);
  let runs = 0;
  const next = (): ReturnType<typeof config> => {
    runs++;
    return config(kit, stack, { signal: caller.signal });
  };
  try {
    await stack.ready();
    if (plugin !== null) await kit.prepare(stack);
    const seen = recordHooks(stack);
    await seen.ready;
    const graph = wrappedAgent(stack);
    for (let run = 0; run < 3; run++) await graph.invoke(say("echo hello"), next());
    for await (const _ of await graph.stream(say("echo hello"), { ...next(), streamMode: "messages" })) break;
    await stack.flush();
    for (const { context } of seen.events()) if (context?.signal !== undefined) signals.add(context.signal);
  } finally {
    await stack.dispose();
    await stack.dispose();
  }
  const listeners = [...signals].reduce((sum, signal) => sum + getEventListeners(signal, "abort").length, 0);
  return { id: plugin?.id ?? "nothing", runs, listeners };
}

export async function leavesNothing(kit: Kit): Promise<void> {
  // Once to warm up what is made once per process, once to know what the rest leaves.
  await life(kit, null);
  let without: Ended | undefined;
  const baseline = await leaksOf(async () => void (without = await life(kit, null)));
  let ended: Ended | undefined;
  const left = await leaksOf(async () => void (ended = await life(kit, made(kit))));
  assert.ok(ended !== undefined && without !== undefined);
  assert.deepEqual(beyond(left, baseline), [], `plugin "${ended.id}" left something running after dispose.`);
  assert.ok(
    ended.listeners <= without.listeners,
    `plugin "${ended.id}" left ${ended.listeners - without.listeners} listeners on the signals of ${ended.runs} runs.`,
  );
}
