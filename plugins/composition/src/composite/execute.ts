import type { MemberOutcome } from "../keys.js";
import type { Config, GraphLike } from "../members/graph.js";
import type { ReadyComposite } from "./config.js";
import { Results } from "./execution.js";
import { turnOf } from "./turn.js";
import { type MemberProgress, pending, waitingIn } from "./waiting.js";

type Values = Readonly<Record<string, unknown>>;

/** What one member did. */
export interface MemberResult extends MemberProgress {
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
  readyOf: (graph: GraphLike) => ReadyComposite | undefined,
): Promise<CompositeExecution> {
  const results = new Results(ready);
  const state = (await graph.invoke(input, results.in(config))) as Values & {
    readonly outcomes?: readonly MemberOutcome[];
  };
  const interrupts = state["__interrupt__"];
  const thread = atLast(config);
  const { ends, at } = await turnOf(graph, ready, results, state.outcomes ?? [], thread);
  const within = at === null ? null : await waitingIn(graph, ready, at, ends, thread, readyOf);
  return {
    state,
    interrupts: Array.isArray(interrupts) ? interrupts : [],
    results: ready.members.map((member): MemberResult => {
      const end = ends.get(member.index);
      return end === undefined
        ? { ...pending(member, within?.get(member.index)), changes: null }
        : { ...end.outcome, changes: end.changes };
    }),
  };
}

/** The thread as it is now, where the run began at an earlier checkpoint of it. */
function atLast(config: Config): Config {
  const { checkpoint_id: _id, ...configurable } = config.configurable ?? {};
  return { ...config, configurable };
}
