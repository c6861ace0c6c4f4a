import { audit, content, createStack, type Logger, metrics } from "graphtap";

/**
 * Three plugins, chosen by hand. The order of the list does not matter for what they do: each taps its own places, and a
 * guard is asked wherever it stands. There is no security plugin, so no run needs an identity.
 */
export function createSmallStack(logger: Logger) {
  return createStack({
    name: "translator",
    logger,
    plugins: [
      metrics({ latencyTargetMs: 2_000 }),
      // One place of its own for what must not be pushed out by the rest.
      audit({ maxEntries: { denial: 50_000, run: 1_000 } }),
      content({
        personal: { input: "mask", output: "mask" },
        deny: [{ id: "code-names", terms: ["project bluebird"], action: "block" }],
        patterns: [{ id: "ticket", pattern: "TCK-[0-9]{6}", action: "mask" }],
      }),
    ],
  });
}
