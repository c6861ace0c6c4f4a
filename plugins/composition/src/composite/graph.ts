import type { RunContext } from "@graphtap/langgraph";
import { END, MemorySaver, START } from "@langchain/langgraph";
import type { Composing } from "../composing.js";
import { sourcesOf } from "../context.js";
import { NoMatchError } from "../errors.js";
import type { MemberOutcome } from "../keys.js";
import { type Builder, newBuilder } from "../members/builder.js";
import type { GraphLike } from "../members/graph.js";
import { within } from "../members/limits.js";
import { factsOf } from "../members/told.js";
import { BRANCHES_CHANNEL } from "../state.js";
import { type Branches, ordered } from "./branch.js";
import type { ReadyComposite, ReadyMember } from "./config.js";
import { type Execution, Executions, limitOf, Results } from "./execution.js";
import { Step } from "./step.js";
import { leftOut, nodesOf } from "./turn.js";
import { updateOf } from "./update.js";

/** The node that brings the work of parallel members together. */
const MERGE = "merge_members";

/** One graph with a node per member; members are subgraphs of it, with checkpoints of their own. */
export async function compositeGraph(composing: Composing, ready: ReadyComposite): Promise<GraphLike> {
  const builder = newBuilder(ready.schemas);
  const executions = new Executions(composing.clock, ready.maxConcurrency);
  const nodes = nodesOf(ready);
  for (const member of ready.members) {
    const subgraphs = [await member.member.graph()];
    if (member.fallback !== null) subgraphs.push(await member.fallback.graph());
    builder.addNode(nodes[member.index] as string, nodeOf(composing, ready, member, executions), { subgraphs });
  }
  wire(builder, composing, ready, nodes, executions);
  return builder.compile({
    name: ready.name,
    ...(ready.description === undefined ? {} : { description: ready.description }),
    ...(ready.remembers ? { checkpointer: ready.checkpointer ?? new MemorySaver() } : {}),
    ...(ready.store === undefined ? {} : { store: ready.store }),
  });
}

function nodeOf(
  composing: Composing,
  ready: ReadyComposite,
  member: ReadyMember,
  executions: Executions,
): Parameters<Builder["addNode"]>[1] {
  const { name, schemas, merges, strategy } = ready;
  const step = new Step(composing, ready, member);
  return async (state, config) => {
    const run = composing.workflows.currentRun();
    const done = await step.run(state, config, run, executions.of(run, config));
    if (strategy === "parallel") return { [BRANCHES_CHANNEL]: { [member.index]: done } };
    const { update } = updateOf(name, schemas, merges, state, [{ member: member.name, changes: done.changes }]);
    const outcomes = strategy === "conditional" ? beside(ready, done.outcome) : [done.outcome];
    const results = Results.from(config, ready);
    if (results !== null) results.whole = strategy === "conditional" || member.index === ready.members.length - 1;
    return { ...update, outcomes };
  };
}

/** The outcome of the member that was chosen, among those that were not. */
const beside = ({ members }: ReadyComposite, chosen: MemberOutcome): readonly MemberOutcome[] =>
  members.map((member) => (member.index === chosen.index ? chosen : leftOut(member)));

function wire(
  builder: Builder,
  composing: Composing,
  ready: ReadyComposite,
  nodes: readonly string[],
  executions: Executions,
): void {
  const { strategy, members } = ready;
  if (strategy === "sequential") {
    for (const [index, node] of nodes.entries()) builder.addEdge(nodes[index - 1] ?? START, node);
    builder.addEdge(nodes.at(-1) as string, END);
    return;
  }
  if (strategy === "parallel") {
    builder.addNode(MERGE, async (state, config) => {
      const branches = ordered(state[BRANCHES_CHANNEL] as Branches);
      const work = branches.map(({ outcome, changes }) => ({ member: outcome.member, changes }));
      const { update, disagreements } = updateOf(ready.name, ready.schemas, ready.merges, state, work);
      const run = composing.workflows.currentRun();
      for (const report of disagreements)
        await composing.merged(Object.freeze({ workflow: ready.name, ...report }), run);
      const results = Results.from(config, ready);
      // Some may have ended before a pause.
      for (const branch of branches) results?.take(branch);
      if (results !== null) results.whole = true;
      return { ...update, outcomes: branches.map(({ outcome }) => outcome), [BRANCHES_CHANNEL]: null };
    });
    for (const node of nodes) builder.addEdge(START, node);
    builder.addEdge(nodes, MERGE);
    builder.addEdge(MERGE, END);
    return;
  }
  const byName = new Map(members.map(({ name, index }) => [name, nodes[index] as string]));
  builder.addConditionalEdges(
    START,
    async (state, config) => {
      const run = composing.workflows.currentRun();
      const use = await choose(composing, ready, state, config, run, executions.of(run, config));
      return byName.get(use) as string;
    },
    Object.fromEntries(nodes.map((node) => [node, node])),
  );
  for (const node of nodes) builder.addEdge(node, END);
}

async function choose(
  composing: Composing,
  ready: ReadyComposite,
  state: Readonly<Record<string, unknown>>,
  config: Parameters<typeof factsOf>[3],
  run: RunContext | null,
  execution: Execution,
): Promise<string> {
  const { name, rules, facts } = ready;
  if (rules === null) throw new Error(`"${name}" has no rules`);
  const context = await within(composing.clock, config.signal, limitOf(ready, execution, null), () =>
    factsOf(facts, run, state, config),
  );
  const { rule, use } = rules.choose(context.values);
  if (use === null) throw new NoMatchError(name, rules.explain(context.values));
  const at = composing.clock.now();
  await composing.selected(
    Object.freeze({ workflow: name, rule, use, at, sources: sourcesOf(rules.reads, context) }),
    run,
  );
  return use;
}
