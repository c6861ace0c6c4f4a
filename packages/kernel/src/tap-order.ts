import { tapOrderCycle, tapOrderUnknown } from "./errors.js";
import { topological, type Constraint } from "./order.js";
import type { Stage, Tap } from "./tap.js";

/** Who is installed: an instance answers to its id and to its plugin's name. */
export interface Installed {
  readonly id: string;
  readonly name: string;
}

const RANK: Readonly<Record<Stage, number>> = { pre: 0, normal: 1, post: 2 };

/**
 * Puts the taps of one hook in their order: by stage, then before/after, ties in the order given.
 * Throws TAP_ORDER_UNKNOWN or TAP_ORDER_CYCLE.
 */
export function orderTaps(hook: string, taps: readonly Tap[], installed: readonly Installed[]): readonly Tap[] {
  const constraints: Constraint[] = [];
  for (const [index, tap] of taps.entries()) {
    for (const [other, { stage }] of taps.entries())
      if (RANK[tap.stage] < RANK[stage]) constraints.push({ before: index, after: other });
    for (const target of targets(hook, tap, tap.before, "before", taps, installed))
      constraints.push({ before: index, after: target });
    for (const target of targets(hook, tap, tap.after, "after", taps, installed))
      constraints.push({ before: target, after: index });
  }
  const result = topological(taps.length, constraints);
  if (!result.ok)
    throw tapOrderCycle(
      hook,
      result.ring.map((index) => `${taps[index]!.plugin} (${taps[index]!.stage})`),
    );
  return result.order.map((index) => taps[index]!);
}

function targets(
  hook: string,
  tap: Tap,
  names: readonly string[],
  relation: string,
  taps: readonly Tap[],
  installed: readonly Installed[],
): readonly number[] {
  return names.flatMap((written) => {
    const optional = written.endsWith("?");
    const name = optional ? written.slice(0, -1) : written;
    const ids = new Set(
      installed.filter((plugin) => plugin.id === name || plugin.name === name).map((plugin) => plugin.id),
    );
    if (ids.size === 0 && !optional)
      throw tapOrderUnknown(
        tap.plugin,
        hook,
        relation,
        name,
        installed.map((plugin) => plugin.id),
      );
    return [...taps.keys()].filter((index) => ids.has(taps[index]!.plugin));
  });
}
