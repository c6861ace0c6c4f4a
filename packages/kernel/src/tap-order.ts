import { tapOrderCycle, tapOrderUnknown } from "./errors.js";
import { meant, topological, type Constraint, type Installed } from "./order.js";
import type { Stage, Tap } from "./tap.js";

const RANK: Readonly<Record<Stage, number>> = { pre: 0, normal: 1, post: 2 };

/**
 * Puts the taps of one hook in their order: by stage, then before/after, ties in the order given.
 * Throws TAP_ORDER_UNKNOWN or TAP_ORDER_CYCLE.
 */
export function orderTaps(hook: string, taps: readonly Tap[], installed: readonly Installed[]): readonly Tap[] {
  const constraints: Constraint[] = [];
  for (const [index, tap] of taps.entries()) {
    const named = (relation: "before" | "after"): ReadonlySet<string> =>
      meant(tap[relation], installed, (name, known) => tapOrderUnknown(tap.plugin, hook, relation, name, known));
    const [before, after] = [named("before"), named("after")];
    for (const [other, { plugin, stage }] of taps.entries()) {
      if (RANK[tap.stage] < RANK[stage] || before.has(plugin)) constraints.push({ before: index, after: other });
      if (after.has(plugin)) constraints.push({ before: other, after: index });
    }
  }
  const result = topological(taps.length, constraints);
  if (!result.ok)
    throw tapOrderCycle(
      hook,
      result.ring.map((index) => `${taps[index]!.plugin} (${taps[index]!.stage})`),
    );
  return result.order.map((index) => taps[index]!);
}
