import type { RunContext } from "@graphtap/langgraph";
import { END, MemorySaver, START } from "@langchain/langgraph";
import type { Composing } from "../composing.js";
import { updateOf } from "../composite/update.js";
import { sourcesOf } from "../context.js";
import { NoMatchError, notChosen } from "../errors.js";
import { Selections } from "../keys.js";
import { newBuilder, nodeName } from "../members/builder.js";
import type { Config, GraphLike } from "../members/graph.js";
import { factsOf } from "../members/told.js";
import type { ReadyConditional } from "./config.js";

const isResumed = (config: Config): boolean => config.configurable?.["__pregel_resuming"] === true;

const wasChosen = (run: RunContext | null, workflow: string, use: string): boolean =>
  run?.data.get(Selections)?.some((made) => made.workflow === workflow && made.use === use) === true;

/**
 * One graph with a node per workflow and one decision before the first of them: no step is added to what was chosen. A
 * resume goes on in the node that was interrupted, so a decision holds until its run is done.
 */
export function conditionalGraph(composing: Composing, ready: ReadyConditional): GraphLike {
  const { workflows, clock } = composing;
  const { name, rules, members, schemas } = ready;
  const builder = newBuilder(schemas);
  const nodes = new Map([...members.keys()].map((target) => [target, nodeName(target, schemas)]));
  for (const [target, member] of members) {
    const node = nodes.get(target) as string;
    builder.addNode(node, async (state, config) => {
      const run = workflows.currentRun();
      // A caller may send a Command that goes to a node directly; only a resume comes here without a decision of its run.
      if (!isResumed(config) && !wasChosen(run, name, target)) {
        const { use } = rules.choose((await factsOf(ready.facts, run, state, config)).values);
        if (use !== target) throw notChosen(name, target);
      }
      const { changes } = await member.run(state, schemas.channels, config);
      return updateOf(name, schemas, {}, state, [{ member: target, changes }]).update;
    });
    builder.addEdge(node, END);
  }
  builder.addConditionalEdges(
    START,
    async (state, config) => {
      const run = workflows.currentRun();
      const context = await factsOf(ready.facts, run, state, config);
      const { rule, use } = rules.choose(context.values);
      if (use === null) throw new NoMatchError(name, rules.explain(context.values));
      const sources = sourcesOf(rules.reads, context);
      await composing.selected(Object.freeze({ workflow: name, rule, use, at: clock.now(), sources }), run);
      return nodes.get(use) as string;
    },
    Object.fromEntries([...nodes.values()].map((node) => [node, node])),
  );
  return builder.compile({
    name,
    ...(ready.description === undefined ? {} : { description: ready.description }),
    ...(ready.remembers ? { checkpointer: ready.checkpointer ?? new MemorySaver() } : {}),
    ...(ready.store === undefined ? {} : { store: ready.store }),
  });
}
