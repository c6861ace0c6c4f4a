import type { MemberOutcome } from "../keys.js";
import { nodeName } from "../members/builder.js";
import type { Config, GraphLike, Snapshot } from "../members/graph.js";
import { BRANCHES_CHANNEL } from "../state.js";
import type { Branches } from "./branch.js";
import type { ReadyComposite, ReadyMember } from "./config.js";
import { changesOf } from "./delta.js";
import type { Results } from "./execution.js";

type Values = Readonly<Record<string, unknown>>;

/** How a member ended, and what it changed; null where that is not known. */
export interface Ended {
  readonly outcome: MemberOutcome;
  readonly changes: Values | null;
}

/** By place in the declared order. */
export type Ends = ReadonlyMap<number, Ended>;

/** What is known of a turn when a run of it is over. */
export interface Turn {
  readonly ends: Ends;
  /** Where the thread stands; null where the composite came to its end in this run, or no thread is kept. */
  readonly at: Snapshot | null;
}

/** Names of the nodes of a composite's members, in declared order. */
export const nodesOf = ({ members, schemas }: ReadyComposite): readonly string[] =>
  members.map(({ name }) => nodeName(name, schemas));

/** The outcome of a member that was left out without being asked. */
export const leftOut = ({ index, name }: ReadyMember): MemberOutcome => ({
  index,
  member: name,
  status: "skipped",
  error: null,
  durationMs: null,
  members: null,
});

/**
 * The members that ended, in the run that was just executed and in earlier ones that it went on with. A run hears of its
 * own members only; what ended before a pause, maybe in another process, is known to the thread.
 *
 * @param given outcomes in what the run gave: those of the turn at hand where the composite came to its end
 * @param config names the thread, as it is now
 */
export async function turnOf(
  graph: GraphLike,
  ready: ReadyComposite,
  results: Results,
  given: readonly MemberOutcome[],
  config: Config,
): Promise<Turn> {
  const kept = typeof graph.checkpointer === "object" && graph.checkpointer !== null;
  const at = kept && !results.whole ? await graph.getState(config) : null;
  const before = results.whole ? given.map(unchangedUnlessKnown) : at === null ? [] : endedIn(ready, at);
  const ends = new Map([...before, ...results.all()].map((end) => [end.outcome.index, end]));
  const unknown = [...ends.values()].some(({ changes }) => changes === null);
  if (!unknown || !kept || ready.strategy !== "sequential") return { ends, at };
  for (const [index, changes] of await changesIn(graph, ready, config)) {
    const end = ends.get(index);
    if (end?.changes === null) ends.set(index, { ...end, changes });
  }
  return { ends, at };
}

const unchangedUnlessKnown = (outcome: MemberOutcome): Ended => ({
  outcome,
  changes: outcome.status === "skipped" ? {} : null,
});

/** What a thread that may be paused says of the turn at hand. Outcomes of the turn before stay until they are replaced. */
export function endedIn(ready: ReadyComposite, { values, next }: Snapshot): readonly Ended[] {
  const outcomes = ((values["outcomes"] ?? []) as readonly MemberOutcome[]).map(unchangedUnlessKnown);
  if (next.length === 0) return outcomes;
  const waits = nodesOf(ready).map((node) => next.includes(node));
  const first = waits.indexOf(true);
  if (ready.strategy === "parallel") {
    // Nobody begins before all do.
    if (next.includes("__start__")) return [];
    const branches = Object.values((values[BRANCHES_CHANNEL] ?? {}) as Branches);
    return branches.filter(({ outcome }) => waits[outcome.index] === false);
  }
  if (first === -1) return [];
  if (ready.strategy === "sequential") return outcomes.filter(({ outcome }) => outcome.index < first);
  return ready.members.filter(({ index }) => index !== first).map((member) => unchangedUnlessKnown(leftOut(member)));
}

/** Checkpoints that are looked at beside one per member: updates from outside make some too. */
const MORE_CHECKPOINTS = 16;

/** What members of a sequence changed, by the checkpoints before and after each: nothing else keeps that over a pause. */
async function changesIn(
  graph: GraphLike,
  ready: ReadyComposite,
  config: Config,
): Promise<ReadonlyMap<number, Values>> {
  const nodes = nodesOf(ready);
  const placeOf = ({ next }: Snapshot): number => (next.length === 0 ? nodes.length : nodes.indexOf(next[0] as string));
  const changes = new Map<number, Values>();
  let later: Snapshot | null = null;
  for await (const at of graph.getStateHistory(config, { limit: nodes.length + MORE_CHECKPOINTS })) {
    // Of another branch of the thread.
    if (later !== null && idOf(later.parentConfig) !== idOf(at.config)) continue;
    const place = placeOf(at);
    if (later !== null && place !== -1 && placeOf(later) === place + 1)
      changes.set(place, changesOf(at.values, later.values, ready.schemas.channels));
    if (place === 0) break;
    later = at;
  }
  return changes;
}

const idOf = (config: Config | undefined): unknown => config?.configurable?.["checkpoint_id"];
