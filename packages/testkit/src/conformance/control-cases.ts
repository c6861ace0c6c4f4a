import assert from "node:assert/strict";
import { isDenied } from "@graphtap/langgraph";
import { Command } from "@langchain/langgraph";
import { assertNoFaults, config, made, withStack } from "./bench.js";
import type { Kit } from "./options.js";
import { isAbortOf } from "./signals.js";
import { handingOver, nestedAgent, say, wrappedAgent } from "./workload.js";

/** The kit cannot judge how a plugin treats what its own gate, or another's, never lets happen. */
function assertNotDenied(messages: readonly unknown[], tool: string): void {
  assert.ok(!messages.some(isDenied), `the tool "${tool}" of this kit was denied; let it run: testPlugin(it, make, { prepare: (stack) => grantAll(stack, "testkit") }).`);
}

export async function interruptsPass(kit: Kit): Promise<void> {
  const plugin = made(kit);
  await withStack(kit, [plugin], async (stack) => {
    for (const graph of [wrappedAgent(stack), nestedAgent(stack)]) {
      const where = config(kit, stack);
      const thread = where.configurable;
      const paused = (await graph.invoke(say("ask favourite colour"), where)) as { messages: unknown[]; __interrupt__?: { value?: unknown }[] };
      assertNotDenied(paused.messages, "kit_ask");
      assert.deepEqual(paused.__interrupt__?.map(({ value }) => value), [{ question: "ask favourite colour" }], `plugin "${plugin.id}" swallowed or changed an interrupt.`);
      const { messages } = await graph.invoke(new Command({ resume: "blue" }), { configurable: { ...thread } });
      assert.match(messages.at(-1)?.text ?? "", /human said blue/, `plugin "${plugin.id}" lost the answer to an interrupt.`);
    }
    const handed = await handingOver(stack).invoke(say("hop away"), config(kit, stack));
    assertNotDenied(handed.messages, "kit_hop");
    assert.equal(handed.messages.at(-1)?.text, "reached the other agent", `plugin "${plugin.id}" swallowed a command to the parent graph.`);
    assertNoFaults(stack, plugin, "interrupts, resumes and a hand-over");
  });
}

export async function abortsPass(kit: Kit): Promise<void> {
  const plugin = made(kit);
  await withStack(kit, [plugin], async (stack) => {
    for (const text of ["wait for me", "hang on"]) {
      const stop = new AbortController();
      const running = wrappedAgent(stack).invoke(say(text), config(kit, stack, { signal: stop.signal })).then(
        (out) => ({ out }),
        (error: unknown) => ({ error }),
      );
      const early = await Promise.race([running, new Promise<null>((resolve) => setTimeout(() => resolve(null), 50))]);
      if (early !== null && "out" in early) assertNotDenied(early.out.messages, "kit_wait");
      stop.abort(new DOMException("the kit stops this run", "AbortError"));
      const ended = await Promise.race([running, new Promise<null>((resolve) => setTimeout(() => resolve(null), 5_000).unref())]);
      assert.ok(ended !== null, `plugin "${plugin.id}" kept a run going 5 s after it was aborted.`);
      assert.ok("error" in ended, `plugin "${plugin.id}" turned an abort into a result.`);
      assert.ok(isAbortOf(ended.error, stop.signal), `plugin "${plugin.id}" turned an abort into another error: ${String(ended.error)}`);
    }
    assertNoFaults(stack, plugin, "an aborted run");
  });
}
