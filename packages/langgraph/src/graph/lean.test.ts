import { createRequire } from "node:module";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { type Runnable, RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { Annotation, Command, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { scriptedModel } from "@graphtap/testkit";
import { createAgent } from "langchain";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createStack } from "../index.js";
import { lean, leanWriter } from "./lean.js";

const State = Annotation.Root({ n: Annotation<number>, m: Annotation<number> });
const graph = () =>
  new StateGraph(State)
    .addNode("a", ({ n }) => ({ n: n + 1 }))
    .addNode("b", () => new Command({ update: { n: 2 }, goto: "c" }), { ends: ["c"] })
    .addNode("c", ({ n }) => ({ n: n + 1 }))
    .addEdge(START, "a")
    .addConditionalEdges("a", () => "b", ["b"])
    .compile();

/** LangGraph's step around a function, as nodes and writers have it. */
interface Step extends Runnable {
  func: (this: Step, input: never, config: never) => unknown;
  trace: boolean;
  writes?: object[];
  config?: object;
  _write?: (input: unknown, config: unknown) => Promise<unknown>;
}
interface Node {
  bound: Step;
  writers: Step[];
}
const nodeOf = (of: object, name: string): Node =>
  (of as { nodes: Record<string, unknown> }).nodes[name] as unknown as Node;
const wrap = <G extends object>(of: G): G => createStack({ plugins: [] }).wrap(of as never);
const run = (of: object): Promise<{ n: number; m?: number }> =>
  (of as { invoke(input: object): Promise<{ n: number; m?: number }> }).invoke({ n: 0 });
const Callable = Object.getPrototypeOf(ToolNode.prototype).constructor as new (fields: object) => Pick<Step, "trace">;

describe("a wrapped graph's steps", () => {
  it("open their contexts without LangChain, to the same end", async () => {
    const opened = vi.spyOn(AsyncLocalStorageProviderSingleton, "runWithConfig");
    const count = async (of: object): Promise<number> => {
      opened.mockClear();
      expect(await run(of)).toEqual({ n: 3 });
      return opened.mock.calls.length;
    };
    const wrapped = wrap(graph());
    await count(wrapped);
    const [bare, ours] = [await count(graph()), await count(wrapped)];
    opened.mockRestore();
    // What is left is where edges lead and the stream itself, which only LangGraph reaches.
    expect([bare, ours]).toEqual([27, 7]);
  });

  it("keep what they are: class, name, tags, writes", () => {
    for (const name of Object.keys(graph().nodes))
      for (const writer of nodeOf(graph(), name).writers) {
        const made = leanWriter(writer, "host");
        const told = (of: Step): unknown => [of.constructor, of.getName(), of.lc_id, of.config, of.writes?.length];
        expect(told(made as Step)).toEqual(told(writer));
      }
  });

  it("are left alone where they are traced, of another class, or of another copy of LangChain", () => {
    const { bound } = nodeOf(graph(), "a");
    expect(lean(bound)).not.toBe(bound);
    const search = tool(() => "", { name: "search", description: "d", schema: z.object({}) });
    const { StateGraph: Other, Annotation: Of } = createRequire(import.meta.url)(
      "@langchain/langgraph",
    ) as typeof import("@langchain/langgraph");
    const other = new Other(Of.Root({ n: Of<number> }))
      .addNode("a", () => ({ n: 1 }))
      .addEdge(START, "a")
      .compile();
    // langchain's steps have a class of the same name with another invoke.
    const agent = createAgent({ model: scriptedModel([]), tools: [search] }).graph;
    for (const step of [
      Object.assign(Object.create(bound) as Step, { trace: true }),
      Object.assign(Object.create(bound) as Step, { invoke: () => Promise.resolve() }),
      scriptedModel([]) as unknown as Step,
      nodeOf(other, "a").bound,
      nodeOf(agent, "tools").bound,
    ])
      expect(lean(step)).toBe(step);
  });

  it("run their code with the step itself as `this`", async () => {
    class Private extends Callable {
      #left = 3;
      runs = 0;
      constructor() {
        super({
          trace: false,
          func(this: Private) {
            this.runs++;
            return { n: this.#left, m: this.trace ? 1 : 0 };
          },
        });
      }
    }
    const step = new Private();
    const wrapped = wrap(
      new StateGraph(State)
        .addNode("a", step as never)
        .addEdge(START, "a")
        .compile(),
    );
    for (let time = 0; time < 2; time++) expect(await run(wrapped)).toEqual({ n: 3, m: 0 });
    expect(step.runs).toBe(2);
  });

  it("are traced from when the host says so", async () => {
    const starts = async (of: object): Promise<number> => {
      let seen = 0;
      const handler = { handleChainStart: () => void seen++, awaitHandlers: true };
      await (of as { invoke(input: object, config: object): Promise<unknown> }).invoke(
        { n: 0 },
        { callbacks: [handler] },
      );
      return seen;
    };
    const host = graph();
    const wrapped = wrap(host);
    const before = await starts(wrapped);
    nodeOf(host, "a").bound.trace = true;
    expect([before, await starts(wrapped)]).toEqual([await starts(graph()), await starts(host)]);
    expect(await starts(wrapped)).toBe(before + 1);
  });
});

describe("a wrapped graph's writers", () => {
  const counted = (calls: { count: number }, of: Step["func"]): Step["func"] =>
    function (this: Step, ...args) {
      calls.count++;
      return of.apply(this, args);
    };

  it.each(["before", "after"] as const)("do what the host has them do instead, patched %s wrap", async (when) => {
    for (const key of ["func", "_write", "invoke"] as const) {
      const host = graph();
      const early = when === "after" ? wrap(host) : null;
      const calls = { count: 0 };
      const writer = nodeOf(host, "c").writers.find((one) => one.writes !== undefined) as Step;
      const patched = writer as unknown as Record<string, Step["func"]>;
      patched[key] = counted(calls, (patched[key] as Step["func"]).bind(writer as never));
      expect(await run(early ?? wrap(host))).toEqual({ n: 3 });
      expect([key, calls.count]).toEqual([key, 1]);
    }
  });

  it("take what the host changes on them, on its own graph or on the wrapped one", async () => {
    const writerOf = (of: object): Step => nodeOf(of, "c").writers.find((one) => one.writes !== undefined) as Step;
    const more = { channel: "m", value: 7 };
    const changes: Readonly<Record<string, (writer: Step) => unknown>> = {
      push: (writer) => writer.writes?.push(more),
      replace: (writer) => (writer.writes = [...(writer.writes ?? []), more]),
      func: (writer) => {
        const { func } = writer;
        writer.func = counted({ count: 0 }, func);
        writer.writes?.push(more);
      },
    };
    for (const [name, change] of Object.entries(changes))
      for (const where of ["host", "wrapped"] as const) {
        const host = graph();
        const wrapped = wrap(host);
        // Whatever is made for a run must not hide what changes after it.
        await run(wrapped);
        change(writerOf(where === "host" ? host : wrapped));
        expect([name, where, await run(wrapped)]).toEqual([name, where, { n: 3, m: 7 }]);
      }
    const wrapped = wrap(graph());
    writerOf(wrapped).trace = true;
    expect(await run(wrapped)).toEqual({ n: 3 });
  });

  it("read the mapper that a write has now", async () => {
    const host = graph();
    const wrapped = wrap(host);
    await run(wrapped);
    const writes = nodeOf(host, "c").writers.flatMap((one) => one.writes ?? []) as { mapper?: unknown }[];
    for (const write of writes) if (write.mapper !== undefined) write.mapper = RunnableLambda.from(() => [["n", 9]]);
    expect([await run(wrapped), await run(host)]).toEqual([{ n: 9 }, { n: 9 }]);
  });

  it("run a schema's transforms in a whole run tree, as LangGraph does", async () => {
    const tree = (): { createChild(of: object): { name: string } } =>
      AsyncLocalStorageProviderSingleton.getInstance().getStore() as never;
    const named = (n: unknown): unknown => (n === 5 ? tree().createChild({ name: "inner" }).name : n);
    const made = () =>
      new StateGraph(z.object({ n: z.any().transform(named) }))
        .addNode("a", () => ({ n: 5 }))
        .addEdge(START, "a")
        .compile();
    expect(await made().invoke({ n: 0 })).toEqual({ n: "inner" });
    expect(await wrap(made()).invoke({ n: 0 })).toEqual({ n: "inner" });
  });

  it("are left alone where they are a host's own class", async () => {
    const { writers } = nodeOf(graph(), "c");
    const plain = writers.find((one) => one.writes !== undefined) as Step;
    const Base = plain.constructor as new (writes: unknown) => Pick<Step, "_write">;
    const Own = class ChannelWrite extends Base {
      readonly #mine = 7;
      constructor(readonly options: { writes: unknown }) {
        super(options.writes);
      }
      override _write = (input: unknown, config: unknown): Promise<unknown> =>
        this.#mine === 7 ? (Base.prototype._write?.call(this, input, config) ?? Promise.resolve()) : Promise.reject();
    };
    const host = graph();
    const node = nodeOf(host, "c");
    node.writers = node.writers.map((one) =>
      one.writes === undefined ? one : (new Own({ writes: one.writes }) as unknown as Step),
    );
    expect(await run(wrap(host))).toEqual({ n: 3 });
  });
});
