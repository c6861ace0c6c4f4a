import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { MemorySaver } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import type { Core } from "../core.js";
import { governCheckpointer } from "./saver.js";

type Tap = (given: {
  values: Record<string, unknown>;
}) => { values: Record<string, unknown> } | Promise<{ values: Record<string, unknown> }>;

/** The part of a stack that the view asks: the two hooks of the moment. */
function coreWith(taps: { load?: Tap; save?: Tap }): Core {
  const runner = (tap: Tap | undefined) => ({ used: tap !== undefined, call: tap });
  return { dispatchHere: () => ({ state: { load: runner(taps.load), save: runner(taps.save) } }) } as unknown as Core;
}

const config = { configurable: { thread_id: "t", checkpoint_ns: "" } };
const upper: Tap = ({ values }) => ({
  values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value).toUpperCase()])),
});
const lower: Tap = ({ values }) => ({
  values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value).toLowerCase()])),
});

const bytes = (saver: MemorySaver): string =>
  JSON.stringify(
    Object.values(saver.writes).flatMap((tasks) =>
      Object.values(tasks).map((record) =>
        [...(record as Iterable<unknown>)].map((part) =>
          part instanceof Uint8Array ? new TextDecoder().decode(part) : part,
        ),
      ),
    ),
  );

describe("a governed checkpointer", () => {
  it("leaves anything else as it is, and gives one view per saver and stack", () => {
    const core = coreWith({});
    for (const other of [undefined, null, true, "saver", {}]) expect(governCheckpointer(core, other)).toBe(other);
    const saver = new MemorySaver();
    expect(governCheckpointer(core, saver)).toBe(governCheckpointer(core, saver));
    expect(governCheckpointer(coreWith({}), saver)).not.toBe(governCheckpointer(core, saver));
  });

  it("hands on every argument of a write: whose it is, and where it sorts", async () => {
    const plain = new MemorySaver();
    const tapped = new MemorySaver();
    const view = governCheckpointer(coreWith({ save: (given) => given }), tapped);
    for (const saver of [plain, view]) {
      await saver.putWrites(
        { configurable: { ...config.configurable, checkpoint_id: "c1" } },
        [
          ["a", 1],
          ["b", 2],
        ],
        "task-1",
        "~__pregel_pull, node",
      );
    }
    expect(bytes(tapped)).toBe(bytes(plain));
    expect(bytes(tapped)).toContain("~__pregel_pull, node");
  });

  it("stores values as they are in the turn in which LangGraph gave them", async () => {
    const saver = new MemorySaver();
    const view = governCheckpointer(coreWith({ save: (given) => given }), saver);
    const message: { text: string; id?: string } = { text: "hi" };
    const written = view.putWrites(
      { configurable: { ...config.configurable, checkpoint_id: "c1" } },
      [["messages", message]],
      "task-1",
    );
    message.id = "given later, by a reducer";
    await written;
    expect(bytes(saver)).not.toContain("given later");
  });

  it.each([
    ["at once", upper, lower],
    [
      "after a wait",
      async (given: Parameters<Tap>[0]) => upper(given),
      async (given: Parameters<Tap>[0]) => lower(given),
    ],
  ])("changes what is stored and what is read, %s", async (_when, save: Tap, load: Tap) => {
    const saver = new MemorySaver();
    const view = governCheckpointer(coreWith({ save, load }), saver);
    const stored = await view.put(
      config,
      { ...emptyCheckpoint(), channel_values: { name: "Ann" } },
      { source: "input", step: -1, parents: {} },
    );
    await view.putWrites(stored as typeof config, [["word", "Hello"]], "task-1");
    const raw = await saver.getTuple(stored);
    expect([raw?.checkpoint.channel_values, raw?.pendingWrites]).toEqual([
      { name: "ANN" },
      [["task-1", "word", "HELLO"]],
    ]);
    const read = await view.getTuple(stored);
    expect([read?.checkpoint.channel_values, read?.pendingWrites]).toEqual([
      { name: "ann" },
      [["task-1", "word", "hello"]],
    ]);
    const listed: unknown[] = [];
    for await (const tuple of view.list({ configurable: { thread_id: "t" } }))
      listed.push(tuple.checkpoint.channel_values);
    expect(listed).toEqual([{ name: "ann" }]);
    expect(await view.getTuple({ configurable: { thread_id: "other" } })).toBeUndefined();
  });

  it("rejects, and does not throw, when a tap does", async () => {
    const view = governCheckpointer(
      coreWith({
        save: () => {
          throw new Error("cannot encrypt");
        },
      }),
      new MemorySaver(),
    );
    const writing = view.putWrites(config, [["a", 1]], "task-1");
    await expect(writing).rejects.toThrow("cannot encrypt");
    await expect(view.put(config, emptyCheckpoint(), { source: "input", step: -1, parents: {} })).rejects.toThrow(
      "cannot encrypt",
    );
  });

  it("costs nothing where nobody taps", async () => {
    const saver = new MemorySaver();
    const view = governCheckpointer(coreWith({}), saver);
    await view.putWrites({ configurable: { ...config.configurable, checkpoint_id: "c1" } }, [["a", 1]], "task-1");
    expect(bytes(saver)).toContain('"a"');
  });
});
