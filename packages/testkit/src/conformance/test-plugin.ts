import { type ConformanceCase, conformanceCases } from "./cases.js";
import { type ConformanceOptions, kitOf, type MakePlugin } from "./options.js";

/** What the kit needs of a test runner; vitest, jest and node:test have it. */
export type It = (name: string, run: () => Promise<void>, timeoutMs?: number) => unknown;

/**
 * Declares the tests that every plugin has to pass. They run the plugin in real stacks around a real graph, without a
 * provider. What fails says which promise was broken and where.
 *
 * @example
 * describe("conformance", () => testPlugin(it, () => quietHours({ from: 22, to: 6, tools: ["refund"] })));
 */
export function testPlugin(it: It, make: MakePlugin, options: ConformanceOptions = {}): void {
  for (const { name, run } of pluginCases(make, options)) it(name, run, options.timeoutMs ?? 60_000);
}

/** The same tests as values, for a runner that has no `it`. */
export function pluginCases(make: MakePlugin, options: ConformanceOptions = {}): readonly ConformanceCase[] {
  return conformanceCases(kitOf(make, options));
}
