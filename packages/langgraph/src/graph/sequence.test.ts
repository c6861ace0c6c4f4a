import { Runnable, RunnableLambda } from "@langchain/core/runnables";
import { Annotation, Command, getConfig, Send, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack } from "../index.js";
import type { NodeLike } from "./pregel.js";

const TURN = Promise.resolve();
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await TURN;
};
const State = Annotation.Root({ n: Annotation<number> });
const fails = (): never => {
  throw new Error("no");
};

/** Nodes that end, fail and lead on in every way that a sequence can tell apart. */
const graph = () =>
  new StateGraph(State)
    .addNode("nothing", () => undefined as never)
    .addNode("data", () => ({ n: 1 }))
    .addNode("late", async () => turns(7).then(() => ({ n: 1 })))
    .addNode("bare", () => Object.assign(Object.create(null) as object, { n: 1 }))
    .addNode("command", () => new Command({ update: { n: 2 }, goto: "data" }), { ends: ["data"] })
    .addNode("commands", () => [new Command({ goto: "data" }), new Command({ goto: "late" })] as never, {
      ends: ["data", "late"],
    })
    .addNode("send", () => new Command({ goto: [new Send("data", { n: 3 })] }), { ends: ["data"] })
    .addNode("parent", () => new Command({ goto: "data", graph: Command.PARENT }))
    .addNode("looks like one", () => ({ n: 1, lg_name: "Command" }))
    .addNode("number", () => 7 as never)
    .addNode("throws", fails)
    .addNode("rejects", async () => turns(2).then(fails))
    .addNode("edge", () => ({}))
    .addNode("throwing edge", () => ({}))
    .addConditionalEdges(START, () => "data")
    .addEdge("nothing", "data")
    .addConditionalEdges("edge", async () => turns(2).then(() => "data"), ["data"])
    .addConditionalEdges("throwing edge", fails)
    .compile();

type Task = Runnable<unknown, unknown>;
const taskOf = (of: object, name: string): Task =>
  (of as { nodes: Record<string, NodeLike> }).nodes[name]?.getNode() as Task;
const wrap = <G extends object>(of: G): G => createStack({ plugins: [] }).wrap(of as never);

interface Played {
  readonly turns: number;
  readonly wrote: readonly unknown[];
  readonly ending: unknown;
}
/** What a task writes, how it ends, and after how many turns. */
async function play(task: Task, signal?: AbortSignal, abort?: { at: number; by: AbortController }): Promise<Played> {
  const wrote: unknown[] = [];
  const config = {
    ...(signal === undefined ? {} : { signal }),
    configurable: {
      thread_id: "t",
      __pregel_send: (writes: unknown[]) => wrote.push(...writes),
      __pregel_read: () => ({ n: 0 }),
    },
  };
  let ending: unknown;
  const done = task.invoke({ n: 0 }, config).then(
    (value) => (ending = { value }),
    (error: unknown) => (ending = { error: String(error) }),
  );
  let count = 0;
  for (; ending === undefined; count++) {
    if (count === abort?.at) abort.by.abort("enough");
    await TURN;
  }
  await done;
  return { turns: count, wrote, ending };
}
const NAMES = Object.keys(graph().nodes);

describe("the task of a wrapped node", () => {
  it.each(NAMES)("%s: writes the same, ends the same, and after as many turns", async (name) => {
    for (const signal of [undefined, new AbortController().signal, AbortSignal.abort(new Error("gone"))])
      expect(await play(taskOf(wrap(graph()), name), signal)).toEqual(await play(taskOf(graph(), name), signal));
  });

  it.each(NAMES)("%s: stops in the same turn, wherever it is aborted", async (name) => {
    for (let at = 0; at < 70; at++) {
      const [bare, ours] = [new AbortController(), new AbortController()];
      expect([at, await play(taskOf(wrap(graph()), name), ours.signal, { at, by: ours })]).toEqual([
        at,
        await play(taskOf(graph(), name), bare.signal, { at, by: bare }),
      ]);
    }
  });

  it("is made once, and anew when the host changes the node", async () => {
    const made = wrap(graph());
    const node = (made as unknown as { nodes: Record<string, { bound: Runnable; writers: Runnable[] } & NodeLike> })
      .nodes["data"] as { bound: Runnable; writers: Runnable[] } & NodeLike;
    const first = node.getNode();
    expect(node.getNode()).toBe(first);
    const calls: string[] = [];
    const says = (what: string): Runnable => RunnableLambda.from((given) => (calls.push(what), given)) as Runnable;
    node.writers.push(says("pushed"));
    expect(node.getNode()).not.toBe(first);
    node.writers[node.writers.length - 1] = says("replaced");
    await play(node.getNode() as Task);
    node.writers.pop();
    node.bound = says("bound");
    await play(node.getNode() as Task);
    expect(calls).toEqual(["replaced", "bound"]);
  });

  it("is made of what its writers, and its trace policy, are by then", async () => {
    const fan = () =>
      new StateGraph(State)
        .addNode("a", () => ({ n: 1 }))
        .addNode("b", () => ({ n: 2 }))
        .addNode("c", () => ({ n: 3 }))
        .addEdge(START, "a")
        .addEdge("a", "b")
        .addEdge("a", "c")
        .compile();
    const wrote = async (of: object): Promise<unknown> => {
      const node = (of as { nodes: Record<string, { writers: { writes: object[] }[] } & NodeLike> }).nodes["a"];
      await play(taskOf(of, "a"));
      node?.writers.at(-1)?.writes.push({ channel: "branch:to:a", value: "a" });
      return (await play(taskOf(of, "a"))).wrote;
    };
    expect(await wrote(wrap(fan()))).toEqual(await wrote(fan()));

    const made = wrap(graph());
    const node = (made as unknown as { nodes: Record<string, NodeLike> }).nodes["data"] as {
      tracePolicy?: unknown;
    } & NodeLike;
    const first = node.getNode();
    Object.assign(node, { tracePolicy: { hidden: true } });
    expect(node.getNode()).not.toBe(first);
  });

  it("runs what a host's own class makes of a node each time", () => {
    const host = graph();
    const node = (host as unknown as { nodes: Record<string, NodeLike> }).nodes["data"] as NodeLike;
    let asked = 0;
    const { getNode } = node;
    node.getNode = () => (asked++, getNode.call(node));
    const made = wrap(host);
    for (let time = 0; time < 3; time++) taskOf(made, "data");
    expect(asked).toBe(3);
  });

  it("gives code in an answer the context that LangGraph gives it", async () => {
    const answers = () =>
      new StateGraph(State)
        .addNode("a", () => ({
          get n() {
            return (getConfig().configurable?.["mark"] ?? 0) as number;
          },
        }))
        .addNode(
          "b",
          () => new Proxy({ n: 0 }, { ownKeys: () => (seen.push(getConfig().configurable?.["mark"]), ["n"]) }),
        )
        .addEdge(START, "a")
        .addEdge("a", "b")
        .compile();
    const seen: unknown[] = [];
    const run = async (of: ReturnType<typeof answers>): Promise<unknown> => {
      seen.length = 0;
      const states: unknown[] = [];
      for await (const state of await of.stream({ n: 0 }, { configurable: { mark: 7 }, streamMode: "values" }))
        states.push(state);
      return [states, [...seen]];
    };
    const bare = await run(answers());
    expect(JSON.stringify(bare)).toContain("7");
    expect(await run(wrap(answers()))).toEqual(bare);
  });

  it("is LangChain's own where somebody listens", async () => {
    const heard = async (of: object): Promise<string[]> => {
      const events: string[] = [];
      const callbacks = [
        {
          handleChainStart: (chain: object, _input: unknown, _run: string, ...[, tags, , , name]: unknown[]) =>
            void events.push(`start ${String(name)} ${JSON.stringify(tags)} ${JSON.stringify(chain).length}`),
          handleChainEnd: () => void events.push("end"),
        },
      ];
      await (of as { invoke(input: object, config: object): Promise<unknown> }).invoke({ n: 0 }, { callbacks });
      return events;
    };
    const ours = await heard(wrap(graph()));
    expect(ours.length).toBeGreaterThan(6);
    expect(ours).toEqual(await heard(graph()));
  });

  it("hands a step no config that another one can change", async () => {
    const seen: unknown[] = [];
    const made = new StateGraph(State)
      .addNode("a", (_state, config) => {
        seen.push(config.configurable?.["mark"], Object.keys(config));
        Object.assign(config, { tags: ["changed"], extra: 1 });
        return { n: 1 };
      })
      .addEdge(START, "a")
      .addConditionalEdges("a", (_state, config) => {
        seen.push(config.tags, Object.keys(config));
        return "__end__";
      })
      .compile();
    const run = async (of: typeof made): Promise<unknown[]> => {
      seen.length = 0;
      await of.invoke({ n: 0 }, { configurable: { mark: "m" } });
      return [...seen];
    };
    expect(await run(wrap(made))).toEqual(await run(made));
  });
});
