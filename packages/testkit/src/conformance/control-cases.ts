import assert from "node:assert/strict";
import type { Plugin } from "@graphtap/kernel";
import { isDenied, type Stack } from "@graphtap/langgraph";
import { Command } from "@langchain/langgraph";
import { type HookRecorder, recordHooks } from "../record/record-hooks.js";
import { assertNoFaults, config, kitStack, made, withStack } from "./bench.js";
import { beyond } from "./leaks.js";
import type { Kit } from "./options.js";
import { isAbortOf } from "./signals.js";
import { endless, handingOver, nestedAgent, say, wrappedAgent } from "./workload.js";

/** The kit cannot judge how a plugin treats what its own gate, or another's, never lets happen. */
function assertNotDenied(messages: readonly unknown[], tool: string): void {
  assert.ok(
    !messages.some(isDenied),
    `the tool "${tool}" of this kit was denied; let it run: testPlugin(it, make, { prepare: (stack) => grantAll(stack, "testkit") }).`,
  );
}

export async function interruptsPass(kit: Kit): Promise<void> {
  const plugin = made(kit);
  await withStack(kit, [plugin], async (stack) => {
    for (const graph of [wrappedAgent(stack), nestedAgent(stack)]) {
      const where = config(kit, stack);
      const thread = where.configurable;
      const paused = (await graph.invoke(say("ask favourite colour"), where)) as {
        messages: unknown[];
        __interrupt__?: { value?: unknown }[];
      };
      assertNotDenied(paused.messages, "kit_ask");
      assert.deepEqual(
        paused.__interrupt__?.map(({ value }) => value),
        [{ question: "ask favourite colour" }],
        `plugin "${plugin.id}" swallowed or changed an interrupt.`,
      );
      const { messages } = await graph.invoke(new Command({ resume: "blue" }), { configurable: { ...thread } });
      assert.match(
        messages.at(-1)?.text ?? "",
        /human said blue/,
        `plugin "${plugin.id}" lost the answer to an interrupt.`,
      );
    }
    const handed = await handingOver(stack).invoke(say("hop away"), config(kit, stack));
    assertNotDenied(handed.messages, "kit_hop");
    assert.equal(
      handed.messages.at(-1)?.text,
      "reached the other agent",
      `plugin "${plugin.id}" swallowed a command to the parent graph.`,
    );
    assertNoFaults(stack, plugin, "interrupts, resumes and a hand-over");
  });
}

/** Asks every few milliseconds, because what is waited for has no event of its own; false when it takes too long. */
async function until(happened: () => boolean, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; !happened(); await new Promise((resolve) => setTimeout(resolve, 2)))
    if (Date.now() > end) return false;
  return true;
}

interface Endless {
  /** Fires when it has got to where it never ends. */
  readonly reached: "tool.start" | "model.start";
  start(signal: AbortSignal): Promise<unknown>;
}

/** Starts something that never ends, aborts it, and looks at how it ended. */
async function abort(plugin: Plugin, seen: HookRecorder, { reached, start }: Endless): Promise<void> {
  const stop = new AbortController();
  seen.clear();
  let ended: { readonly out: unknown } | { readonly error: unknown } | null = null;
  const running = start(stop.signal).then(
    (out) => (ended = { out }),
    (error: unknown) => (ended = { error }),
  );
  await until(() => ended !== null || seen.of(reached).length > 0, 10_000);
  const early = ended as { readonly out?: { messages?: unknown[] } | null; readonly error?: unknown } | null;
  if (early !== null) {
    assertNotDenied(early.out?.messages ?? [], "kit_wait");
    throw new Error(`plugin "${plugin.id}" ended a call that never ends.`, { cause: early.error });
  }
  stop.abort(new DOMException("the kit stops this run", "AbortError"));
  assert.ok(
    await until(() => ended !== null, 5_000),
    `plugin "${plugin.id}" kept a call going 5 s after it was aborted.`,
  );
  const how = await running;
  assert.ok("error" in how, `plugin "${plugin.id}" turned an abort into a result.`);
  assert.ok(
    isAbortOf(how.error, stop.signal),
    `plugin "${plugin.id}" turned an abort into another error: ${String(how.error)}`,
  );
}

const count = (seen: HookRecorder, ending: string): number =>
  seen.names().filter((name) => name.endsWith(ending)).length;

/** Aborts a run in a tool and in a model, and both called directly; gives how what was under way ended. */
async function abortEverything(kit: Kit, plugin: Plugin, stack: Stack): Promise<readonly string[]> {
  const seen = recordHooks(stack);
  await seen.ready;
  const graph = wrappedAgent(stack);
  const { model, tool } = endless(stack);
  const endlessCalls: readonly Endless[] = [
    { reached: "tool.start", start: (signal) => graph.invoke(say("wait for me"), config(kit, stack, { signal })) },
    { reached: "model.start", start: (signal) => graph.invoke(say("hang on"), config(kit, stack, { signal })) },
    // A graph gives up waiting for its nodes; called directly, a model and a tool show what the plugin made of the abort.
    { reached: "model.start", start: (signal) => model.invoke("hang on", config(kit, stack, { signal })) },
    { reached: "tool.start", start: (signal) => tool.invoke({ text: "wait" }, config(kit, stack, { signal })) },
  ];
  const ends: string[] = [];
  for (const call of endlessCalls) {
    await abort(plugin, seen, call);
    // What the graph no longer waits for ends a little later.
    await until(() => count(seen, ".start") === count(seen, ".end"), 2_000);
    for (const { hook, value } of seen.events())
      if (hook.endsWith(".end")) ends.push(`${hook} ${String((value as { status?: unknown }).status)}`);
  }
  return ends;
}

export async function abortsPass(kit: Kit): Promise<void> {
  const plugin = made(kit);
  // A ToolNode makes a message of an aborted tool: what counts is what the plugin adds to that.
  const without = kitStack(kit, []);
  const usual = await abortEverything(kit, plugin, without);
  await without.dispose();
  await withStack(kit, [plugin], async (stack) => {
    const ends = await abortEverything(kit, plugin, stack);
    assert.deepEqual(beyond(ends, usual), [], `plugin "${plugin.id}" made something else of an abort.`);
    assertNoFaults(stack, plugin, "an aborted run");
  });
}
