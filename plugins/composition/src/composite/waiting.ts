import type { MemberOutcome, MemberStatus } from "../keys.js";
import type { Config, GraphLike, Snapshot } from "../members/graph.js";
import type { ReadyComposite, ReadyMember } from "./config.js";
import { endedIn, type Ends, nodesOf } from "./turn.js";

/** How far one member came; plain data. */
export interface MemberProgress extends Omit<MemberOutcome, "status" | "members"> {
  /** `pending`: the run paused, and it did not end. */
  readonly status: MemberStatus | "pending";
  /** The members of a member that is a composite itself and has begun, unless a fallback may be at work instead. */
  readonly members: readonly MemberProgress[] | null;
}

/** A member that did not end. */
export const pending = (
  { index, name }: ReadyMember,
  members: readonly MemberProgress[] | null = null,
): MemberProgress => ({ index, member: name, status: "pending", error: null, durationMs: null, members });

/**
 * How far the members of members came that wait: composites in a composite have checkpoints of their own in its thread.
 *
 * @param ready the composite that `at` tells of, and `ends` what of it ended
 * @param readyOf what a graph is made of, if it is a composite
 * @returns by place; nothing of members that are no composites
 */
export async function waitingIn(
  graph: GraphLike,
  ready: ReadyComposite,
  at: Snapshot,
  ends: Ends,
  config: Config,
  readyOf: (graph: GraphLike) => ReadyComposite | undefined,
): Promise<ReadonlyMap<number, readonly MemberProgress[]>> {
  const found = new Map<number, readonly MemberProgress[]>();
  for (const [index, node] of nodesOf(ready).entries()) {
    const { member, fallback } = ready.members[index] as ReadyMember;
    const ns: unknown = at.tasks.find(({ name }) => name === node)?.state?.configurable?.["checkpoint_ns"];
    // With a fallback there may be two graphs in one place.
    if (ns === undefined || ends.has(index) || fallback !== null) continue;
    const nested = readyOf(await member.graph());
    if (nested === undefined) continue;
    const within = await graph.getState({ ...config, configurable: { ...config.configurable, checkpoint_ns: ns } });
    // It did not begin.
    if (within.next.length === 0) continue;
    const ended = new Map(endedIn(nested, within).map((end) => [end.outcome.index, end]));
    const deeper = await waitingIn(graph, nested, within, ended, config, readyOf);
    found.set(
      index,
      nested.members.map((one) => ended.get(one.index)?.outcome ?? pending(one, deeper.get(one.index))),
    );
  }
  return found;
}
