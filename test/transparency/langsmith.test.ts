import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { setContextVariable } from "@langchain/core/context";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { LangChainTracer } from "@langchain/core/tracers/tracer_langchain";
import { Annotation, Command, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createStack } from "@graphtap/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import { getCurrentRunTree, isTraceableFunction, traceable } from "langsmith/traceable";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { asyncObservers, bare as withoutPlugins, controlled, syncObservers } from "./stacks.js";

interface Sent {
  id?: string;
  name?: string;
  run_type?: string;
  parent_run_id?: string;
  end_time?: unknown;
  error?: unknown;
}

/** LangSmith's client, as far as a tracer uses it: keeps what would be sent. */
function client() {
  const runs = new Map<string, Sent>();
  const keep = (id: string, run: Sent): Promise<void> => {
    runs.set(id, { ...runs.get(id), ...run });
    return Promise.resolve();
  };
  /** The runs as a tree of names; siblings in the order of their names, for parallel ones have none. */
  const treeOf = (parent: string | undefined): unknown[] =>
    [...runs]
      .filter(([, run]) => run.parent_run_id === parent)
      .map(([id, run]) => [`${run.name}:${run.run_type}${run.end_time === undefined ? " open" : ""}`, treeOf(id)])
      .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  return {
    createRun: (run: Sent) => keep(String(run.id), run),
    updateRun: keep,
    awaitPendingTraceBatches: () => Promise.resolve(),
    tree: () => treeOf(undefined),
    count: () => runs.size,
  };
}

const lookUp = traceable(async (q: string) => `3 articles about ${q}`, { name: "look-up", run_type: "retriever" });
const score = traceable((n: number) => n + 1, { name: "score" });

const State = Annotation.Root({ ...MessagesAnnotation.spec, n: Annotation<number> });
const search = tool(({ q }) => lookUp(q), { name: "search", description: "d", schema: z.object({ q: z.string() }) });

/** Traced functions in nodes, tools, edges and in a graph that a node calls. */
function graph() {
  const model = scriptedModel((messages) =>
    messages.some((m) => m.type === "tool") ? { say: "done" } : { call: { name: "search", args: { q: "x" } } },
  ).bindTools([search]);
  const inner = new StateGraph(Annotation.Root({ n: Annotation<number> }))
    .addNode("deep", async ({ n }) => ({ n: await score(n) }))
    .addEdge(START, "deep")
    .compile();
  return new StateGraph(State)
    .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode([search]))
    .addNode("rate", async () => new Command({ update: { n: await score(0) }, goto: "nest" }), { ends: ["nest"] })
    .addNode("nest", RunnableLambda.from(async ({ n }: { n: number }) => inner.invoke({ n })) as never)
    .addEdge(START, "agent")
    .addConditionalEdges("agent", async ({ messages }) => ((await score(messages.length)) < 4 ? "tools" : "rate"))
    .addEdge("tools", "agent")
    .compile();
}

async function sent(made: ReturnType<typeof graph>): Promise<ReturnType<typeof client>> {
  const seen = client();
  const callbacks = [new LangChainTracer({ client: seen as never })];
  await made.invoke({ messages: [{ role: "user", content: "go" }] }, { callbacks });
  return seen;
}

describe("runs that LangSmith follows", () => {
  const before = { ...process.env };
  beforeEach(() => {
    process.env["LANGCHAIN_CALLBACKS_BACKGROUND"] = "false";
    process.env["LANGSMITH_TRACING"] = "true";
    process.env["LANGSMITH_API_KEY"] = "none";
  });
  afterEach(() => {
    for (const key of ["LANGCHAIN_CALLBACKS_BACKGROUND", "LANGSMITH_TRACING", "LANGSMITH_API_KEY"])
      if (before[key] === undefined) delete process.env[key];
      else process.env[key] = before[key];
  });

  it.each([withoutPlugins, syncObservers, asyncObservers, controlled])("are the same with $name", async ({ make }) => {
    const { stack } = make();
    const bare = await sent(graph());
    const wrapped = await sent(stack.wrap(graph() as never) as never);
    expect(wrapped.tree()).toEqual(bare.tree());
    expect(bare.count()).toBeGreaterThan(15);
    expect(JSON.stringify(bare.tree())).toContain("look-up:retriever");
    await stack.dispose();
  });

  it("have the node's own context where nobody follows them: the same run tree each time it is asked for", async () => {
    delete process.env["LANGSMITH_TRACING"];
    const seen = async (wrap: <G>(graph: G) => G): Promise<unknown> => {
      const told: unknown[] = [];
      const made = new StateGraph(State)
        .addNode("a", async () => {
          const tree = getCurrentRunTree();
          await Promise.resolve();
          const again = getCurrentRunTree();
          told.push(again === tree, again.id === tree.id, typeof again.dotted_order, again.tracingEnabled, again.name);
          told.push(Object.keys(tree.toJSON()).toSorted(), await score(1), isTraceableFunction(score));
          told.push(AsyncLocalStorageProviderSingleton.getRunnableConfig()?.metadata?.["langgraph_node"]);
          return { n: 1 };
        })
        .addEdge(START, "a")
        .compile();
      await wrap(made as never as { invoke(input: object): Promise<unknown> }).invoke({ messages: [] });
      return told;
    };
    const stack = createStack({ plugins: [] });
    expect(await seen((made) => stack.wrap(made as never) as never)).toEqual(await seen((made) => made));
  });

  it("have a run tree that LangChain can copy: a context variable, then a traced function", async () => {
    delete process.env["LANGSMITH_TRACING"];
    const made = new StateGraph(State)
      .addNode("a", async () => {
        setContextVariable("who", "alice");
        return { n: await score(1) };
      })
      .addEdge(START, "a")
      .compile();
    for (const one of [made, createStack({ plugins: [] }).wrap(made)])
      expect(await one.invoke({ messages: [] })).toMatchObject({ n: 2 });
  });
});
