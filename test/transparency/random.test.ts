import { Annotation, Command, interrupt, MemorySaver, Send, START, StateGraph, task } from "@langchain/langgraph";
import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import { scriptedModel } from "@graphtap/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { example, input, later, resume } from "../gallery/make.js";
import { texts } from "./compare.js";
import { modes, record } from "./record.js";
import { bare, syncObservers } from "./stacks.js";

const KINDS = [
  "plain",
  "slow",
  "asks",
  "fans out",
  "hands on",
  "model",
  "tasks",
  "cached",
  "retried",
  "nested",
] as const;
const MODES = modes.filter(({ name }) =>
  ["invoke", "stream all modes, subgraphs", "streamEvents v2", "state"].includes(name),
);

const Log = Annotation.Root({
  log: Annotation<unknown[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
type Kind = (typeof KINDS)[number];
/** What is watched takes turns of its own, and a retry waits by the clock: a race against either has another winner. */
const NO_RACE: ReadonlySet<Kind> = new Set<Kind>(["model", "tasks", "nested", "retried"]);
interface Shape {
  readonly kinds: readonly Kind[];
  /** Whether the second node begins beside the first. */
  readonly beside: boolean;
}

/** A line of nodes of these kinds. */
function graphOf({ kinds, beside }: Shape, options: object): object {
  const model = scriptedModel(() => ({ say: "two words", chunks: 2 }));
  const twice = task("twice", async (n: number) => (await model.invoke(String(n))).id ?? n * 2);
  const graph = new StateGraph(Log) as StateGraph<typeof Log.spec, never, never, string>;
  let tries = 0;
  for (const [at, kind] of kinds.entries()) {
    const name = `n${at}`;
    const next = at + 1 < kinds.length ? `n${at + 1}` : null;
    const work: Record<Kind, () => unknown> = {
      plain: () => ({ log: [name] }),
      slow: () => later(2).then(() => ({ log: [name] })),
      asks: () => ({ log: [interrupt({ name })] }),
      "fans out": () => ({ log: [name] }),
      "hands on": () => new Command({ update: { log: [name] }, ...(next === null ? {} : { goto: next }) }),
      model: async () => ({ log: [(await model.invoke(name)).id ?? "no id"] }),
      tasks: async () => ({ log: await Promise.all([twice(at), twice(at + 1)]) }),
      cached: () => ({ log: [name] }),
      retried: () => {
        if (++tries % 2 === 1) throw new Error("once more");
        return { log: [name] };
      },
      nested: () => null,
    };
    const action = kind === "nested" ? graphOf({ kinds: ["plain", "tasks"], beside: false }, {}) : work[kind];
    graph.addNode(name, action as never, {
      ...(kind === "cached" ? { cachePolicy: true } : {}),
      ...(kind === "retried"
        ? { retryPolicy: { maxAttempts: 2, initialInterval: 1, jitter: false, logWarning: false } }
        : {}),
      ...(kind === "hands on" && next !== null ? { ends: [next] } : {}),
    });
    if (next === null) continue;
    if (kind === "fans out")
      graph.addConditionalEdges(name, () => [1, 2].map((n) => new Send(next, { log: [n] })), [next]);
    else if (kind !== "hands on") graph.addEdge(name, next);
  }
  graph.addEdge(START, "n0");
  if (beside && kinds.length > 1 && !kinds.some((kind) => NO_RACE.has(kind))) graph.addEdge(START, "n1");
  return graph.compile(options);
}

const shapes = fc.record({
  kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 }),
  beside: fc.boolean(),
});

it("a random graph is the same without plugins, and with synchronous observers", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.constantFrom(...MODES), async (shape, mode) => {
      const one = example("random", [], () => {
        const saver = new MemorySaver();
        const graph = graphOf(shape, { checkpointer: saver, cache: new InMemoryCache() });
        return { graph, turns: [input({ log: ["in"] }), resume("yes"), input({ log: ["on"] })], savers: [saver] };
      });
      const made = one.make();
      const plain = await record(made, made.graph, mode, (config) => config);
      for (const variant of [bare, syncObservers]) {
        const { stack, identify } = variant.make();
        const again = one.make();
        const wrapped = await record(again, stack.wrap(again.graph as never), mode, identify);
        const { expected, actual } = texts(one, mode, plain, wrapped, true);
        if (actual !== expected) expect(JSON.parse(actual), variant.name).toEqual(JSON.parse(expected));
        await stack.dispose();
      }
    }),
    { numRuns: 30, seed: 20 },
  );
}, 60_000);
