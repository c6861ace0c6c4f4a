import { describe, expect, it } from "vitest";
import { ask, desks, speaker, texts } from "./fixtures/desk.js";

const desk = desks();

/** One of each kind, all saying the same two things. */
const KINDS = {
  conditional: async ({ manager }: ReturnType<typeof desk>) =>
    manager.createConditionalWorkflow({
      name: "it",
      conditions: { user_tier: "premium" },
      workflowConfigs: {
        user_tier: speaker("other"),
        default: await manager.createCompositeWorkflow({ workflows: [speaker("one"), speaker("two")] }),
      },
    }),
  sequential: ({ manager }: ReturnType<typeof desk>) =>
    manager.createCompositeWorkflow({ name: "it", workflows: [speaker("one"), speaker("two")] }),
  parallel: ({ manager }: ReturnType<typeof desk>) =>
    manager.createCompositeWorkflow({
      name: "it",
      executionStrategy: "parallel",
      workflows: [speaker("one"), speaker("two")],
    }),
  nested: ({ manager }: ReturnType<typeof desk>) =>
    manager.createCompositeWorkflow({
      name: "it",
      workflows: [
        { workflow: { workflows: [speaker("one")] } },
        { workflow: { executionStrategy: "parallel", workflows: [speaker("two")] } },
      ],
    }),
} as const;
type Graph = Awaited<ReturnType<(typeof KINDS)["sequential"]>>;
type Config = Parameters<Graph["invoke"]>[1];

const last = async (chunks: AsyncIterable<unknown>): Promise<unknown> => {
  let found: unknown;
  for await (const chunk of chunks) found = chunk;
  return found;
};
/** Ways of running that give a final state. */
const MODES: Readonly<Record<string, (graph: Graph, config: (more?: object) => Config) => Promise<unknown>>> = {
  invoke: (graph, config) => graph.invoke(ask("hi"), config()),
  "stream values": async (graph, config) =>
    last((await graph.stream(ask("hi"), config({ streamMode: "values" }))) as unknown as AsyncIterable<unknown>),
  "stream of two modes with subgraphs": async (graph, config) => {
    let values: unknown;
    const chunks = await graph.stream(ask("hi"), config({ streamMode: ["values", "updates"], subgraphs: true }));
    for await (const [ns, mode, chunk] of chunks as unknown as AsyncIterable<[string[], string, unknown]>)
      if (ns.length === 0 && mode === "values") values = chunk;
    return values;
  },
  "streamEvents v2": async (graph, config) => {
    let output: unknown;
    for await (const event of graph.streamEvents(
      ask("hi"),
      config({ version: "v2" }) as never,
    ) as unknown as AsyncIterable<{ event: string; name: string; data: { output?: unknown } }>)
      if (event.event === "on_chain_end" && event.name === "it") output = event.data.output;
    return output;
  },
  "streamEvents v3": async (graph, config) => {
    const streamEvents = graph.streamEvents.bind(graph) as unknown as (
      input: object,
      config: unknown,
    ) => Promise<{ output: Promise<unknown> }>;
    return (await streamEvents(ask("hi"), config({ version: "v3" }))).output;
  },
  batch: async (graph, config) => (await graph.batch([ask("hi")], config() as never))[0],
  withConfig: (graph, config) => graph.withConfig(config() as never).invoke(ask("hi")),
};

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])("%s", (kind) => {
  it.each(Object.keys(MODES))("is the same one run by %s", async (mode) => {
    const made = desk();
    const graph = (await KINDS[kind](made)) as Graph;
    const config = (more: object = {}) =>
      made.stack.as({ userId: "alice", user_tier: "free" }, more as never) as Config;
    const state = await MODES[mode]?.(graph, config);
    expect(texts(state)).toEqual(["hi", "one", "two"]);
    expect(made.told.runs).toEqual(["start it", "end it ok"]);
    expect(made.told.selections.map(({ use }) => use)).toEqual(kind === "conditional" ? ["default"] : []);
    const ends = made.told.members
      .filter(({ members }) => members === null)
      .map(({ member, status }) => `${member} ${status}`);
    expect(ends).toEqual(["one ok", "two ok"]);
  });
});
