import assert from "node:assert/strict";
import { type AnyHookDef, GraphTapError, type Plugin } from "@graphtap/kernel";
import { recordHooks } from "../record/record-hooks.js";
import { assertNoFaults, config, made, withStack } from "./bench.js";
import type { Kit } from "./options.js";
import { unreadable, watched } from "./poison.js";
import { fire, firingsOf, type Outcome, plainContext, tappedHooks } from "./replay.js";
import { strayRejections } from "./signals.js";
import { essence, say, wrappedAgent } from "./workload.js";

export async function faultsAreNamed(kit: Kit): Promise<void> {
  const plugin = made(kit);
  await withStack(kit, [plugin], async (stack) => {
    const required = kit.requires().flatMap((input) => (input ? [input] : []));
    const problems: string[] = [];
    const stray = await strayRejections(async () => {
      for (const def of tappedHooks(stack, plugin, [plugin, ...required])) {
        const outcome = await fire(stack as never, def, unreadable(), plainContext(stack));
        const problem = unnamed(outcome, plugin, def);
        if (problem !== null) problems.push(`${def.name}: ${problem}`);
      }
    });
    assert.deepEqual(problems, [], `plugin "${plugin.id}" failed without saying that it was the one.`);
    assert.deepEqual(stray.map(String), [], `plugin "${plugin.id}" left rejected promises that nobody handles.`);
  });
}

function unnamed(outcome: Outcome, plugin: Plugin, def: AnyHookDef): string | null {
  const { name: hook, kind } = def;
  if (outcome.kind === "threw") {
    const { error } = outcome;
    if (!GraphTapError.isInstance(error)) return `threw ${String(error)}`;
    return error.plugin === plugin.id && error.hook === hook
      ? null
      : `threw ${error.code} with plugin ${String(error.plugin)} and hook ${String(error.hook)}`;
  }
  // Other kinds may hand on the very value that cannot be read.
  if (kind !== "guard" && kind !== "reserve") return null;
  const denial = outcome.answer as
    | { effect?: unknown; ok?: unknown; plugin?: unknown; hook?: unknown }
    | null
    | undefined;
  if (denial?.effect !== "deny" && denial?.ok !== false) return null;
  return typeof denial.plugin === "string" && denial.hook === hook
    ? null
    : `denied with plugin ${String(denial.plugin)} and hook ${String(denial.hook)}`;
}

export async function requestsStayFrozen(kit: Kit): Promise<void> {
  const plugin = made(kit);
  await withStack(kit, [plugin], async (stack) => {
    const seen = recordHooks(stack, { hooks: "all" });
    await seen.ready;
    const input = say("echo hello");
    const before = JSON.stringify(essence(input.messages));
    await wrappedAgent(stack).invoke(input, config(kit, stack));
    await wrappedAgent(stack).invoke(say("fail please"), config(kit, stack));
    for await (const _ of await wrappedAgent(stack).stream(say("echo stream"), {
      ...config(kit, stack),
      streamMode: "messages",
    }));
    assert.equal(
      JSON.stringify(essence(input.messages)),
      before,
      `plugin "${plugin.id}" changed the caller's own input.`,
    );
    assertNoFaults(stack, plugin, "runs whose requests are frozen");
    const attempts: string[] = [];
    for (const { def, value, context } of firingsOf(tappedHooks(stack, plugin, [plugin]), seen)) {
      const noted: string[] = [];
      await fire(stack as never, def, watched(value, noted), watched(context, noted, "context"));
      attempts.push(...noted.map((attempt) => `${def.name}: ${attempt}`));
    }
    assert.deepEqual(
      attempts,
      [],
      `plugin "${plugin.id}" tried to change what others judge by. Return a changed copy instead.`,
    );
  });
}
