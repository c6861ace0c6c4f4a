import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { RunnableLambda } from "@langchain/core/runnables";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack, definePlugin, hooks } from "../index.js";

setFlagsFromString("--allow-natives-syntax");
const isFast = runInNewContext("(object) => %HasFastProperties(object)") as (object: object) => boolean;

const storeOf = (): object | undefined =>
  AsyncLocalStorageProviderSingleton.getInstance().getStore() as object | undefined;

function graphOf(node: () => void) {
  return new StateGraph(Annotation.Root({ n: Annotation<number> }))
    .addNode("a", RunnableLambda.from(async () => (node(), { n: 1 })) as never)
    .addEdge(START, "a")
    .addConditionalEdges("a", () => "__end__")
    .compile();
}

/** What V8 made a dictionary of is looked up by hash on every access, LangGraph's own accesses too. */
describe("objects that a wrapped graph runs on", () => {
  it("are no dictionaries where the bare graph's are none: nodes", () => {
    const bare = graphOf(() => undefined);
    const { nodes } = createStack({ plugins: [] }).wrap(bare);
    for (const [name, node] of Object.entries(bare.nodes))
      expect([name, isFast((nodes as Record<string, object>)[name] as object)]).toEqual([name, isFast(node)]);
    expect(isFast(nodes)).toBe(true);
  });

  it("are no dictionaries: LangChain's store of the run tree", async () => {
    const seen: unknown[] = [];
    const watch = definePlugin({
      name: "acme-watch",
      version: "1.0.0",
      identity: "none",
      setup: (api) =>
        api.tap(hooks.node.call, (request, next) => {
          seen.push(isFast(storeOf() as object));
          return next(request);
        }),
    })();
    const stack = createStack({ plugins: [watch] });
    const inner = stack.wrap(graphOf(() => void seen.push(isFast(storeOf() as object))));
    // Called in a node: there LangChain's store holds a run tree.
    const outer = stack.wrap(graphOf(() => void seen.push(isFast(storeOf() as object))));
    await outer.invoke({ n: 0 });
    await RunnableLambda.from(() => inner.invoke({ n: 0 })).invoke({});
    expect(seen).toHaveLength(4);
    expect(seen).toEqual(seen.map(() => true));
    await stack.dispose();
  });
});
