import type { MemberOutcome, MemberStatus } from "../keys.js";
import type { Config, GraphLike } from "../members/graph.js";
import type { ReadyComposite } from "./config.js";
import { Results } from "./execution.js";
import { endsOf } from "./turn.js";

type Values = Readonly<Record<string, unknown>>;

/** What one member did. `pending`: the run paused, and it did not end. */
export interface MemberResult extends Omit<MemberOutcome, "status"> {
  readonly status: MemberStatus | "pending";
  /** What it changed, as whole values by channel; null for a member that is `pending`, or that the thread no longer shows. */
  readonly changes: Values | null;
}

/** What executing a composite gave. */
export interface CompositeExecution<State = Values> {
  /** One per member, in declared order: also of members that ended before a pause that this run went on from. */
  readonly results: readonly MemberResult[];
  /** The merged state at the end. */
  readonly state: State;
  /** What waits for an answer; empty unless the run paused. */
  readonly interrupts: readonly unknown[];
}

/** Runs a composite once and says what each member did. What ends the composite is thrown. */
export async function executeComposite(
  graph: GraphLike,
  ready: ReadyComposite,
  input: unknown,
  config: Config,
): Promise<CompositeExecution> {
  const results = new Results(ready);
  const state = (await graph.invoke(input, results.in(config))) as Values & {
    readonly outcomes?: readonly MemberOutcome[];
  };
  const interrupts = state["__interrupt__"];
  const ends = await endsOf(graph, ready, results, state.outcomes ?? [], config);
  return {
    state,
    interrupts: Array.isArray(interrupts) ? interrupts : [],
    results: ready.members.map(({ index, name }): MemberResult => {
      const end = ends.get(index);
      if (end === undefined)
        return { index, member: name, status: "pending", error: null, durationMs: null, members: null, changes: null };
      return { ...end.outcome, changes: end.changes };
    }),
  };
}
