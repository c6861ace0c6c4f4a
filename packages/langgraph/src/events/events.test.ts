import { getEventListeners } from "node:events";
import { scriptedModel } from "@graphtap/testkit";
import { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStack, definePlugin, deny, hooks, transform } from "../index.js";
import { chain, ENDLESS, type Link, type Made, type Runnable, SECRET, SECRETIVE } from "./fixtures/graphs.js";
import { LAYOUTS, type Told, told, WAYS } from "./fixtures/told.js";

type Verdict = ReturnType<typeof deny> | ReturnType<typeof transform> | undefined;
type Judge = (value: unknown, signal: AbortSignal | undefined) => Verdict | Promise<Verdict>;
const judged = (judge: Judge, graph: Runnable): Runnable =>
  createStack({
    plugins: [
      definePlugin({
        name: "judge",
        version: "1.0.0",
        identity: "none",
        setup: (api) => void api.tap(hooks.run.output, ({ value }, { signal }) => judge(value, signal) as undefined),
      })(),
    ],
  }).wrap(graph as never) as unknown as Runnable;

const both = async (made: () => Made, judge: Judge, way: (typeof WAYS)[number], layout: object) => {
  const [plain, wrapped] = [made(), made()];
  return {
    plain: await told(plain.graph, way, { ...plain.config, ...layout }),
    wrapped: await told(judged(judge, wrapped.graph), way, { ...wrapped.config, ...layout }),
  };
};

/** Whether `part` is `whole` with something left out. */
function isPart(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const event of whole) if (part[at] === event) at++;
  return at === part.length;
}

for (const way of WAYS)
  for (const layout of LAYOUTS)
    describe(`${way === "log" ? "streamLog" : `streamEvents ${way}`} ${JSON.stringify(layout)}`, () => {
      it.each(Object.entries(SECRETIVE))("tells the very same where the output is allowed: %s", async (_name, made) => {
        const { plain, wrapped } = await both(made, () => undefined, way, layout);
        expect(wrapped).toEqual(plain);
      });

      it.each(Object.entries(SECRETIVE))("shows nothing of an output that is denied: %s", async (_name, made) => {
        const { plain, wrapped } = await both(made, async () => deny("NO", "No."), way, layout);
        expect(wrapped.error).toBe("NO");
        expect(wrapped.events.join()).not.toContain(SECRET);
        expect(wrapped.events.length).toBeGreaterThan(0);
        expect(isPart(wrapped.events, plain.events)).toBe(true);
      });

      it.each(Object.entries(SECRETIVE))("tells the transformed output as the root's: %s", async (_name, made) => {
        const mask = (value: unknown): Verdict =>
          transform({ value: Array.isArray(value) ? ["masked"] : { ...(value as object), log: ["masked"] } });
        const { plain, wrapped } = await both(made, mask, way, layout);
        expect(wrapped.error).toBe(null);
        const [last = "", end] = [wrapped.events.at(-1), plain.events.at(-1)];
        if (way === "log") expect(wrapped.events.filter((text) => text.includes("masked")).length).toBeGreaterThan(0);
        else expect(last).toContain("masked");
        expect(last).not.toContain(SECRET);
        const changed = wrapped.events.filter((text) => !plain.events.includes(text));
        const states = JSON.stringify(layout).includes("values") ? 1 : 0;
        expect(changed.length, changed.join("\n")).toBe(1 + states);
        for (const text of changed) expect(text).not.toContain(SECRET);
        expect(wrapped.events.length).toBe(plain.events.length);
        expect(end).toContain(way === "log" ? "" : SECRET);
      });

      it.each(Object.entries(ENDLESS))("tells all where no output comes: %s", async (_name, made) => {
        let asked = 0;
        const { plain, wrapped } = await both(made, () => void asked++, way, layout);
        expect(wrapped).toEqual(plain);
        expect(asked).toBe(0);
      });
    });

describe("the events of a judged run", () => {
  it("hold back what may be the output, whatever comes in which order", async () => {
    const links = fc.array(fc.constantFrom<Link>("writes", "writes nothing", "subgraph", "branches"), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(links, fc.constantFrom(...WAYS), fc.constantFrom(...LAYOUTS), async (given, way, layout) => {
        const made = (): Made => ({ graph: chain(given) });
        const allowed = await both(made, () => undefined, way, layout);
        expect(allowed.wrapped).toEqual(allowed.plain);
        const { wrapped } = await both(made, () => deny("NO", "No."), way, layout);
        expect(wrapped.error).toBe("NO");
        expect(wrapped.events.join()).not.toContain(SECRET);
      }),
      { numRuns: 15 },
    );
  }, 30_000);

  const chat = (model: { invoke(...args: never[]): Promise<unknown> }): Runnable =>
    new StateGraph(MessagesAnnotation)
      .addNode("before", () => ({}))
      .addNode("chat", async ({ messages }, config) => ({
        messages: [(await model.invoke(...([messages, config] as never[]))) as never],
      }))
      .addEdge("__start__", "before")
      .addEdge("before", "chat")
      .compile() as unknown as Runnable;

  it("let a model's tokens through as they come", async () => {
    let reached = (): void => {};
    const hangs = new Promise<void>((resolve) => (reached = resolve));
    const model = scriptedModel(() => {
      reached();
      return { say: "half an answer", hang: true };
    });
    const gone = new AbortController();
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      const events = judged(() => undefined, chat(model as never)).streamEvents(
        { messages: [] },
        { version: "v2", signal: gone.signal },
      );
      for await (const event of events as AsyncIterable<{ event: string }>) {
        seen.push(event.event);
        if (event.event === "on_chat_model_stream") gone.abort();
      }
    };
    const reading = read();
    await hangs;
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    expect(seen).toContain("on_chat_model_stream");
  });

  it("let go of the run's signal at its end", async () => {
    const signals: AbortSignal[] = [];
    const { graph } = SECRETIVE["two nodes"]?.() as Made;
    const judge = (_value: unknown, signal: AbortSignal | undefined): undefined =>
      void (signal && signals.push(signal));
    await told(judged(judge, graph), "v2");
    expect(signals.map((signal) => getEventListeners(signal, "abort").length)).toEqual([0]);
  });

  it("show a caller who leaves nothing that was not judged", async () => {
    for (const version of ["v1", "v2"]) {
      const { graph } = SECRETIVE["two nodes"]?.() as Made;
      let asked = 0;
      const seen: object[] = [];
      const events = judged(() => void asked++, graph).streamEvents({ n: 0 }, { version });
      const leave = async (): Promise<void> => {
        for await (const event of events) {
          seen.push(event);
          if (seen.length === 2) break;
        }
      };
      await leave().catch(() => undefined);
      expect(JSON.stringify(seen)).not.toContain(SECRET);
      expect(asked).toBeLessThanOrEqual(1);
    }
  });

  it("are judged in an encoded stream as well", async () => {
    const { graph } = SECRETIVE["two nodes"]?.() as Made;
    const bytes: Uint8Array[] = [];
    const events = judged(() => deny("NO", "No."), graph).streamEvents(
      { n: 0 },
      { version: "v2", encoding: "text/event-stream" },
    );
    const read = async (): Promise<void> => {
      for await (const part of events) bytes.push(part as Uint8Array);
    };
    await read().catch(() => undefined);
    const text = Buffer.concat(bytes).toString();
    expect(text).toContain("on_chain_start");
    expect(text).not.toContain(SECRET);
  });
});

describe("the chunks of a run that comes to no output", () => {
  const MODES = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug"] as const;
  const chunks = async ({ graph, config }: Made, layout: object): Promise<Told> => {
    const raw: string[] = [];
    let error: unknown = null;
    try {
      for await (const chunk of await graph.stream({ n: 0 }, { ...config, ...layout })) raw.push(JSON.stringify(chunk));
    } catch (thrown) {
      error = String(thrown);
    }
    const events = raw.map((text) =>
      text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}/g, "#").replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>"),
    );
    return { events, error };
  };
  for (const streamMode of [MODES, ["values", "updates"], ["updates"], ["values"], ["tasks"], ["debug"]])
    for (const subgraphs of streamMode === MODES ? [false, true] : [false])
      it.each(Object.entries(ENDLESS))(
        // LangGraph itself loses what its reader has not read when a run fails: more may get through, never less.
        `${streamMode.join()}${subgraphs ? ", subgraphs" : ""}: have all that it gives unwrapped: %s`,
        async (_name, made) => {
          const plain = await chunks(made(), { streamMode, subgraphs });
          const wrapped = made();
          const seen = await chunks(
            { ...wrapped, graph: judged(() => undefined, wrapped.graph) },
            { streamMode, subgraphs },
          );
          expect(seen.error).toBe(plain.error);
          expect(isPart(plain.events, seen.events), `${seen.events.join("\n")}\n\n${plain.events.join("\n")}`).toBe(
            true,
          );
        },
      );
});
