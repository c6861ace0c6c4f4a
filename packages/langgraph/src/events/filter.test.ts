import { setImmediate as turn } from "node:timers/promises";
import { Annotation, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack, definePlugin, hooks, type RunEvent, transform } from "../index.js";
import { ENDLESS, type Made, type Runnable, SECRET, SECRETIVE } from "./fixtures/graphs.js";
import { LAYOUTS, told, WAYS } from "./fixtures/told.js";

type Tap = (event: RunEvent) => RunEvent | undefined | Promise<RunEvent | undefined>;
const taps = (tap: Tap) =>
  definePlugin({
    name: "filter",
    version: "1.0.0",
    identity: "none",
    setup: (api) => void api.tap(hooks.run.event, (event) => tap(event) as undefined),
  })();
const filtered = (tap: Tap, graph: Runnable): Runnable =>
  createStack({ plugins: [taps(tap)] }).wrap(graph as never) as unknown as Runnable;

const without = (value: unknown): unknown =>
  typeof value === "string"
    ? value.replaceAll(SECRET, "masked")
    : (JSON.parse(JSON.stringify(value ?? null).replaceAll(SECRET, "masked")) as unknown);
const masked: Tap = (event) => ({
  ...event,
  data: Object.fromEntries(Object.entries(event.data).map(([key, value]) => [key, without(value)])),
});

for (const way of WAYS)
  for (const layout of [LAYOUTS[0], LAYOUTS[2]])
    describe(`a tap of run.event in ${way} ${JSON.stringify(layout)}`, () => {
      it.each(Object.entries({ ...SECRETIVE, ...ENDLESS }))(
        "changes nothing by looking on: %s",
        async (_name, made) => {
          for (const tap of [() => undefined, async () => turn(undefined)] as Tap[]) {
            const [plain, wrapped] = [made(), made()];
            expect(await told(filtered(tap, wrapped.graph), way, { ...wrapped.config, ...layout })).toEqual(
              await told(plain.graph, way, { ...plain.config, ...layout }),
            );
          }
        },
      );

      it.each(Object.entries(SECRETIVE))("hides a value in all events, and drops none: %s", async (_name, made) => {
        const [plain, wrapped] = [made(), made()];
        const seen = await told(filtered(masked, wrapped.graph), way, { ...wrapped.config, ...layout });
        const before = await told(plain.graph, way, { ...plain.config, ...layout });
        expect(seen.error).toBe(null);
        expect(seen.events.join()).not.toContain(SECRET);
        expect(before.events.join()).toContain(SECRET);
        expect(seen.events).toHaveLength(before.events.length);
      });

      it.each(Object.entries(SECRETIVE))(
        "that fails shows nothing more, and refuses the run: %s",
        async (_name, made) => {
          const { graph, config } = made();
          const ends: unknown[] = [];
          const stack = createStack({
            plugins: [
              taps((event) => {
                if (JSON.stringify(event.data).includes(SECRET)) throw new Error(`cannot say ${SECRET}`);
                return undefined;
              }),
              definePlugin({
                name: "ends",
                version: "1.0.0",
                identity: "none",
                setup(api) {
                  api.tap(hooks.run.denied, ({ code, hook }) => void ends.push([code, hook]));
                  api.tap(hooks.run.end, ({ status, code }) => void ends.push([status, code]));
                },
              })(),
            ],
          });
          const seen = await told(stack.wrap(graph as never) as unknown as Runnable, way, { ...config, ...layout });
          expect(seen.error).toBe("RESULT_WITHHELD");
          expect(seen.events.join()).not.toContain(SECRET);
          expect(ends).toEqual([
            ["RESULT_WITHHELD", "run.event"],
            ["denied", "RESULT_WITHHELD"],
          ]);
        },
      );
    });

describe("the events that a tap gets", () => {
  it("may be left at any of them: nobody hears of the abort that LangChain makes then", async () => {
    const pause = (): Promise<object> => new Promise((resolve) => setTimeout(() => resolve({ n: 1 }), 2));
    for (let count = 1; count < 12; count++) {
      const graph = new StateGraph(Annotation.Root({ n: Annotation<number>() }))
        .addNode("a", pause)
        .addNode("b", pause)
        .addNode("c", pause)
        .addEdge("__start__", "a")
        .addEdge("a", "b")
        .addEdge("b", "c")
        .compile();
      let seen = 0;
      const stream = filtered(async () => turn(undefined), graph as never).streamEvents({ n: 0 }, { version: "v2" });
      for await (const _ of stream) if (++seen === count) break;
      expect(seen).toBe(count);
    }
  });

  it.each(WAYS)("refuse a run that is still at work when the tap fails: %s", async (way) => {
    let hear = (): void => {};
    const denied = new Promise<void>((resolve) => (hear = resolve));
    const ends: unknown[] = [];
    const State = Annotation.Root({ n: Annotation<number>(), log: Annotation<string>() });
    const graph = new StateGraph(State)
      .addNode("a", () => ({ log: SECRET }))
      .addNode("b", () => denied.then(() => ({ n: 1 })))
      .addNode("c", () => (ends.push("c ran"), {}))
      .addEdge("__start__", "a")
      .addEdge("a", "b")
      .addEdge("b", "c")
      .compile();
    const watch = definePlugin({
      name: "watch",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.run.denied, ({ code }) => (ends.push(code), hear()));
        api.tap(hooks.run.end, ({ status }) => void ends.push(status));
      },
    })();
    const tap: Tap = (event) => {
      if (JSON.stringify(event.data).includes(SECRET)) throw new Error("not this");
      return undefined;
    };
    const wrapped = createStack({ plugins: [taps(tap), watch] }).wrap(graph) as unknown as Runnable;
    expect((await told(wrapped, way)).error).toBe("RESULT_WITHHELD");
    expect(ends).toEqual(["RESULT_WITHHELD", "denied"]);
  });

  const graph = (): Made => SECRETIVE["two nodes"]?.() as Made;

  it("begin with the caller's own input, which LangChain puts into the first event by itself", async () => {
    const shown: unknown[] = [];
    const tap: Tap = (event) => {
      if (event.root && event.phase === "start") shown.push(event.data.input);
      return event.root ? { ...event, data: { ...event.data, input: { n: "hidden" } } } : undefined;
    };
    for (const version of ["v1", "v2"]) {
      const events: { data: { input?: unknown } }[] = [];
      for await (const event of filtered(tap, graph().graph).streamEvents({ n: 7 }, { version }))
        events.push(event as never);
      expect(events[0]?.data.input).toEqual({ n: "hidden" });
      expect(shown).toContainEqual({ n: 7 });
    }
  });

  it("hide the input also where the first event that is asked for is another one", async () => {
    const tap: Tap = (event) =>
      event.root ? { ...event, data: { ...event.data, input: { n: "hidden" } } } : undefined;
    const events: { name: string; data: { input?: unknown } }[] = [];
    const stream = filtered(tap, graph().graph).streamEvents as (...args: unknown[]) => AsyncIterable<never>;
    const { graph: made } = graph();
    for await (const event of stream.call(filtered(tap, made), { n: 7 }, { version: "v2" }, { includeNames: ["b"] }))
      events.push(event);
    expect(events[0]?.name).toBe("b");
    expect(events[0]?.data.input).toEqual({ n: "hidden" });
  });

  it("show the output as a judge of the output changed it", async () => {
    const outputs: unknown[] = [];
    const judge = definePlugin({
      name: "judge",
      version: "1.0.0",
      identity: "none",
      setup: (api) => void api.tap(hooks.run.output, () => transform({ value: { log: ["judged"] } })),
    })();
    const tap: Tap = (event) => void (event.root && event.phase === "end" && outputs.push(event.data.output));
    const stack = createStack({ plugins: [taps(tap), judge] });
    await told(stack.wrap(graph().graph as never) as unknown as Runnable, "v2");
    expect(outputs).toEqual([{ log: ["judged"] }]);
  });

  it("may be preceded by what a filter held back, in the form of the stream they belong to", async () => {
    const tap: Tap = (event) =>
      event.phase === "end" && event.name === "b" ? { ...event, before: ["held"] } : undefined;
    for (const way of WAYS) {
      const { events } = await told(filtered(tap, graph().graph), way);
      const at = events.findIndex((text) => text.includes('"held"'));
      expect(events[at]).toContain(way === "log" ? "/logs/b/streamed_output/-" : '"on_chain_stream"');
      expect(events[at + 1]).toContain(way === "log" ? "/logs/b/final_output" : '"on_chain_end"');
    }
  });
});
