import { Annotation, CompiledStateGraph, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { Pregel } from "@langchain/langgraph/pregel";
import { Runnable } from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { gallery, type GalleryGraph } from "../gallery/index.js";
import { dumpSaver } from "./savers.js";
import { normalise } from "./normalise.js";
import { bare, CANARY, identified } from "./stacks.js";
import { FORBIDDEN } from "./suite.js";

interface Drawable {
  readonly name?: string;
  getName?(suffix?: string): string;
  getGraphAsync(options: { xray: boolean }): Promise<{ drawMermaid(): string }>;
  toJSON?(): unknown;
  getSubgraphs?(namespace?: string, recurse?: boolean): Iterable<[string, { getName(): string }]>;
}

/** What a host, a server or Studio can see of a graph without running it. */
async function shape(graph: GalleryGraph): Promise<unknown> {
  const drawn = graph as unknown as Drawable;
  return {
    className: graph.constructor.name,
    kinds: [Runnable, Pregel, CompiledStateGraph].map((kind) => graph instanceof (kind as never)),
    name: drawn.name,
    called: drawn.getName?.(),
    suffixed: drawn.getName?.("X"),
    json: typeof drawn.toJSON === "function" ? (JSON.parse(JSON.stringify(graph)) as unknown) : null,
    mermaid: (await drawn.getGraphAsync({ xray: true })).drawMermaid(),
    subgraphs: [...(drawn.getSubgraphs?.(undefined, true) ?? [])].map(([at, sub]) => [
      at,
      sub.getName(),
      sub.constructor.name,
    ]),
  };
}

describe("a wrapped graph", () => {
  it.each(gallery.map((one) => [one.name, one] as const))(
    "looks like the one that was given: %s",
    async (_name, one) => {
      const { stack } = bare.make();
      const { graph } = one.make();
      const before = await shape(graph);
      const wrapped = stack.wrap(graph as never) as GalleryGraph;
      expect(await shape(wrapped)).toEqual(before);
      expect(await shape(graph)).toEqual(before);
      expect(JSON.stringify(await shape(wrapped))).not.toMatch(FORBIDDEN);
      expect(stack.wrap(graph as never)).toBe(wrapped);
      expect(stack.wrap(wrapped as never)).toBe(wrapped);
      expect(await shape(wrapped.withConfig({ tags: ["t"] }))).toEqual(await shape(graph.withConfig({ tags: ["t"] })));
    },
  );

  const Log = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
  const builder = () =>
    new StateGraph(Log)
      .addNode("a", () => ({ log: ["a"] }))
      .addNode("b", () => ({ log: ["b"] }))
      .addEdge(START, "a")
      .addEdge("a", "b");
  const config = { configurable: { thread_id: "t" } };

  it("is the same by way of its builder, which stays as it was", async () => {
    const { stack } = bare.make();
    const given = builder();
    const wrapped = stack.wrap(given);
    expect(wrapped).toBeInstanceOf(StateGraph);
    const [a, b, c] = [given.compile(), wrapped.compile(), given.compile()];
    expect(await shape(b as unknown as GalleryGraph)).toEqual(await shape(a as unknown as GalleryGraph));
    expect(b.constructor).not.toBe(a.constructor);
    expect(c.constructor).toBe(a.constructor);
    for (const graph of [a, b, c]) expect(await graph.invoke({ log: ["in"] })).toEqual({ log: ["in", "a", "b"] });
  });

  it("updates, forks and reads states as before, and stores nobody's name", async () => {
    const work = async (wrap: boolean): Promise<{ stored: string; seen: string }> => {
      const saver = new MemorySaver();
      const { stack, identify } = identified.make();
      const plain = builder().compile({ checkpointer: saver });
      const graph = wrap ? stack.wrap(plain) : plain;
      const as = (wrap ? identify : (given: object) => given) as <C extends object>(given: C) => C;
      const seen: unknown[] = [];
      await graph.invoke({ log: ["in"] }, as(config));
      seen.push(await graph.updateState(as(config), { log: ["by hand"] }, "a"));
      seen.push(await graph.getState(as(config), { subgraphs: true }));
      await graph.invoke(null, as(config));
      seen.push(
        await graph.bulkUpdateState(as(config), [
          {
            updates: [
              { values: { log: ["x"] }, asNode: "a" },
              { values: { log: ["y"] }, asNode: "b" },
            ],
          },
        ]),
      );
      for await (const state of graph.getStateHistory(as(config), { limit: 3 })) seen.push(state);
      const [first] = Object.keys(saver.storage["t"]?.[""] ?? {});
      seen.push(await graph.invoke(null, as({ configurable: { thread_id: "t", checkpoint_id: first } })));
      return { stored: JSON.stringify(dumpSaver(saver)), seen: JSON.stringify(seen) };
    };
    const [plain, wrapped] = [await work(false), await work(true)];
    expect(normalise(wrapped.stored)).toBe(normalise(plain.stored));
    expect(normalise(wrapped.seen)).toBe(normalise(plain.seen));
    expect(wrapped.stored + wrapped.seen).not.toMatch(FORBIDDEN);
    expect(wrapped.stored).not.toContain(CANARY);
  });

  it("can be piped, retried, made a tool of and read as a log", async () => {
    const run = async (graph: ReturnType<ReturnType<typeof builder>["compile"]>): Promise<unknown> => {
      const log: unknown[] = [];
      for await (const patch of graph.streamLog({ log: ["in"] }, {}))
        log.push(patch.ops.map(({ op, path }) => ({ op, path })));
      return {
        piped: await graph.pipe((state: { log: string[] }) => state.log.length).invoke({ log: ["in"] }),
        retried: await graph.withRetry({ stopAfterAttempt: 1 }).invoke({ log: ["in"] }),
        mapped: await graph.batch([{ log: ["1"] }, { log: ["2"] }]),
        asTool: await graph
          .asTool({ name: "graph", description: "A graph.", schema: z.object({ log: z.array(z.string()) }) as never })
          .invoke({ log: ["in"] } as never),
        log,
      };
    };
    const { stack } = identified.make();
    const plain = builder().compile();
    const before = await run(plain);
    expect(normalise(JSON.stringify(await run(stack.wrap(plain))))).toBe(normalise(JSON.stringify(before)));
  });

  it("gives out a stream in the very turn in which LangGraph does: the run has begun by then", async () => {
    const turnsOf = async (graph: { stream(input: never): Promise<unknown> }): Promise<number> => {
      let turns = 0;
      let given = false;
      void graph.stream({ log: [] } as never).then(() => (given = true));
      for (; !given; turns++) await Promise.resolve();
      return turns;
    };
    const { stack } = bare.make();
    await stack.ready();
    const graph = builder().compile();
    expect(await turnsOf(stack.wrap(graph))).toBe(await turnsOf(graph));
  });
});
