import assert from "node:assert/strict";
import type { Plugin, PluginInput } from "@graphtap/kernel";
import { createStack, type Stack } from "@graphtap/langgraph";
import type { Kit } from "./options.js";

/** The plugin under test, as this kit needs it. */
export function made(kit: Kit): Plugin {
  const plugin = kit.make();
  assert.ok(
    plugin !== null && typeof plugin === "object",
    `make() gave ${typeof plugin === "object" ? "null" : typeof plugin}; it has to return a plugin: () => myPlugin({ ... }).`,
  );
  return plugin;
}

let threads = 0;
/** A run config of the kit's user in a conversation of its own. */
export const config = (
  kit: Kit,
  stack: Stack,
  extra: { signal?: AbortSignal } = {},
): { configurable: Record<string, unknown>; signal?: AbortSignal } =>
  stack.as({ userId: kit.userId, conversationId: `kit-${++threads}` }, extra);

export const kitStack = (kit: Kit, plugins: readonly PluginInput[]): Stack =>
  // A run that a plugin keeps going must not hold the test for half a minute.
  createStack({ name: "kit", plugins: [...kit.requires(), ...plugins], drainTimeoutMs: 2_000 }) as unknown as Stack;

/** Runs `use` on a stack with these plugins, which is disposed whatever happens. */
export async function withStack<T>(
  kit: Kit,
  plugins: readonly PluginInput[],
  use: (stack: Stack) => Promise<T>,
): Promise<T> {
  const stack = kitStack(kit, plugins);
  let result: T;
  try {
    await stack.ready();
    await kit.prepare(stack);
    result = await use(stack);
  } catch (error) {
    // What went wrong first is what the test has to show.
    await stack.dispose().catch(() => undefined);
    throw error;
  }
  await stack.dispose();
  return result;
}

/** Fails when a tap of the plugin threw or took too long, or could not be called any more. */
export function assertNoFaults(stack: Stack, plugin: Plugin, during: string): void {
  const { faults } = stack.inspect();
  const own = faults.recent.filter((fault) => fault.plugin === plugin.id);
  assert.deepEqual(
    own.map(({ hook, message }) => `${hook}: ${message}`),
    [],
    `plugin "${plugin.id}" failed in its own taps during ${during}.`,
  );
}
