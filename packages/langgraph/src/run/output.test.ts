import { definePlugin, deny, transform } from "@graphtap/kernel";
import { Annotation, entrypoint, MemorySaver, StateGraph, task } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { hooks } from "../hooks/index.js";
import { createStack } from "../stack.js";

type Judge = (value: unknown) => ReturnType<typeof deny> | ReturnType<typeof transform> | undefined;
const stackOf = (judge: Judge) =>
  createStack({
    plugins: [
      definePlugin({
        name: "judge",
        version: "1.0.0",
        identity: "none",
        setup: (api) => void api.tap(hooks.run.output, ({ value }) => judge(value) as undefined),
      })(),
    ],
  });
const pass: Judge = () => undefined;
const never: Judge = () => deny("NO", "No.");

const State = Annotation.Root({ n: Annotation<number>, seen: Annotation<string> });
const gate = (): { open: () => void; opened: Promise<void> } => {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

async function read(stream: AsyncIterable<unknown>): Promise<{ chunks: unknown[]; error: unknown }> {
  const chunks: unknown[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (error) {
    return { chunks, error };
  }
  return { chunks, error: null };
}

const two = () =>
  new StateGraph(State)
    .addNode("one", () => ({ n: 1 }))
    .addNode("two", () => ({ n: 2 }))
    .addEdge("__start__", "one")
    .addEdge("one", "two")
    .compile({ checkpointer: new MemorySaver() });
const config = (more: object) => ({ configurable: { thread_id: "t" }, ...more });

describe("the judge of the output", () => {
  for (const streamMode of ["updates", "values", "tasks", "checkpoints", "debug"] as const) {
    it(`changes no chunk where it allows, and keeps back the last where it does not: ${streamMode}`, async () => {
      const plain = await read(await two().stream({ n: 0 }, config({ streamMode })));
      const allowed = await read(await stackOf(pass).wrap(two()).stream({ n: 0 }, config({ streamMode })));
      expect(allowed.chunks.length).toBe(plain.chunks.length);
      const denied = await read(await stackOf(never).wrap(two()).stream({ n: 0 }, config({ streamMode })));
      expect(denied.error).toMatchObject({ code: "NO" });
      expect(JSON.stringify(denied.chunks)).not.toContain('"n":2');
    });
  }

  it("keeps the last update back where the caller streams states too", async () => {
    const { chunks } = await read(
      await stackOf(never)
        .wrap(two())
        .stream({ n: 0 }, config({ streamMode: ["updates", "values"] })),
    );
    expect(chunks).toEqual([
      ["values", { n: 0 }],
      ["updates", { one: { n: 1 } }],
      ["values", { n: 1 }],
    ]);
  });

  it("keeps the checkpoints that protocol events carry unasked", async () => {
    const count = async (graph: ReturnType<typeof two>) => {
      const run = await graph.streamEvents({ n: 0 }, { version: "v3", configurable: { thread_id: "t" } });
      const events = (await read(run as AsyncIterable<unknown>)).chunks as { method: string }[];
      return events.map(({ method }) => method);
    };
    expect(await count(stackOf(pass).wrap(two()))).toEqual(await count(two()));
  });

  it("lets an update go while another node is at work, and as soon as the next one begins", async () => {
    const slow = gate();
    const next = gate();
    const graph = new StateGraph(State)
      .addNode("quick", () => ({ n: 1 }))
      .addNode("slow", async () => {
        await slow.opened;
        return { seen: "slow" };
      })
      .addNode("next", async () => {
        await next.opened;
        return { n: 2 };
      })
      .addEdge("__start__", "quick")
      .addEdge("__start__", "slow")
      .addEdge(["quick", "slow"], "next")
      .compile();
    const stream = await stackOf(pass).wrap(graph).stream({ n: 0 }, { streamMode: "updates" });
    const reader = stream[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual({ quick: { n: 1 } });
    slow.open();
    expect((await reader.next()).value).toEqual({ slow: { seen: "slow" } });
    next.open();
    expect((await reader.next()).value).toEqual({ next: { n: 2 } });
    expect((await reader.next()).done).toBe(true);
  });

  it("lets a task's update go while its entrypoint runs on", async () => {
    const open = gate();
    const step = task("step", async (n: number) => n + 1);
    const flow = entrypoint("flow", async (n: number) => {
      const first = await step(n);
      await open.opened;
      return first;
    });
    const reader = (await stackOf(pass).wrap(flow).stream(1, { streamMode: "updates" }))[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual({ step: 2 });
    open.open();
    expect((await reader.next()).value).toEqual({ flow: 2 });
  });

  it("gives the transformed state, also after a last node that wrote nothing", async () => {
    const masked: Judge = (value) => transform({ value: { ...(value as object), seen: "masked" } });
    const quiet = new StateGraph(State)
      .addNode("one", () => ({ seen: "secret" }))
      .addNode("quiet", () => ({}))
      .addEdge("__start__", "one")
      .addEdge("one", "quiet")
      .compile();
    expect((await stackOf(masked).wrap(quiet).invoke({ n: 0 })).seen).toBe("masked");
    const { chunks } = await read(
      await stackOf(masked)
        .wrap(quiet)
        .stream({ n: 0 }, { streamMode: ["values", "custom", "tasks"] }),
    );
    const states = (chunks as [string, { seen?: string }][]).filter(([mode]) => mode === "values");
    expect(states.at(-1)?.[1].seen).toBe("masked");
  });

  it("delivers the state from before a failure, and none that nobody could judge", async () => {
    const fails = new StateGraph(State)
      .addNode("one", () => ({ n: 1 }))
      .addNode("two", () => Promise.reject(new Error("two failed")))
      .addEdge("__start__", "one")
      .addEdge("one", "two")
      .compile();
    const plain = await read(await fails.stream({ n: 0 }, { streamMode: "values" }));
    const judged = await read(await stackOf(pass).wrap(fails).stream({ n: 0 }, { streamMode: "values" }));
    expect(judged.chunks).toEqual(plain.chunks);
    expect((judged.error as Error).message).toBe("two failed");

    const loop = new StateGraph(State)
      .addNode("one", ({ n }) => ({ n: n + 1 }))
      .addEdge("__start__", "one")
      .addEdge("one", "one")
      .compile();
    const limit = { streamMode: "values" as const, recursionLimit: 3 };
    expect((await read(await stackOf(pass).wrap(loop).stream({ n: 0 }, limit))).chunks).toEqual(
      (await read(await loop.stream({ n: 0 }, limit))).chunks,
    );
  });
});
