import { dump, dumpError } from "./dump.js";
import { Recorder } from "./tracer.js";
import { dumpSaver } from "./savers.js";
import { later } from "../gallery/make.js";
import type { GalleryGraph, Made, RunConfig, Turn } from "../gallery/index.js";

/** LangGraph's stream modes. */
export const STREAM_MODES = [
  "values",
  "updates",
  "messages",
  "custom",
  "checkpoints",
  "tasks",
  "debug",
  "tools",
] as const;

/** One way of running a graph. */
export interface Mode {
  readonly name: string;
  /** Whether callbacks watch: LangGraph takes another path where there are none, so both are recorded. */
  readonly traced: boolean;
  /** The key under which an example says that LangGraph cannot do it. */
  readonly way: "invoke" | "stream" | "events-v1" | "events-v2" | "events-v3" | "batch" | "state";
  run(graph: GalleryGraph, turn: Turn, config: RunConfig): Promise<unknown>;
}

/**
 * Chunks are looked at when the run is over: they hold live objects, and LangGraph changes them after they are out (a
 * reducer gives messages their ids in place, a failed task is noted on the error). What a reader finds in one on the way
 * depends on how fast it reads, wrapped or not.
 */
async function drained(chunks: AsyncIterable<unknown>): Promise<unknown> {
  const seen: unknown[] = [];
  try {
    for await (const chunk of chunks) seen.push(chunk);
  } catch (error) {
    return { seen: dump(seen), ...((await thrown(error)) as object) };
  }
  await later(1);
  return { seen: dump(seen) };
}

/** A failed run may go on for a while behind its error: what it still tells belongs to it. */
async function thrown(error: unknown): Promise<unknown> {
  await later(20);
  return dumpError(error);
}

const stream = (name: string, options: RunConfig, traced = false): Mode => ({
  name: `stream ${name}`,
  traced,
  way: "stream",
  run: async (graph, turn, config) => drained(await graph.stream(turn.input, { ...config, ...options })),
});

interface RunV3 extends AsyncIterable<unknown> {
  readonly output: Promise<unknown>;
  readonly interrupted: boolean;
  readonly interrupts: readonly unknown[];
}

const events = (version: "v1" | "v2" | "v3", traced = false): Mode => ({
  name: `streamEvents ${version}`,
  traced,
  way: `events-${version}`,
  async run(graph, turn, config) {
    const run = (await graph.streamEvents(turn.input, { ...config, version })) as RunV3;
    const told = await drained(run);
    if (version !== "v3") return told;
    const output = await run.output.then(dump, thrown);
    return { told, output, interrupted: run.interrupted, interrupts: dump(run.interrupts) };
  },
});

/** Every way of running that is compared. */
export const modes: readonly Mode[] = [
  {
    name: "invoke",
    traced: true,
    way: "invoke",
    run: async (graph, turn, config) => dump(await graph.invoke(turn.input, config)),
  },
  {
    name: "invoke, updates",
    traced: false,
    way: "invoke",
    run: async (graph, turn, config) => dump(await graph.invoke(turn.input, { ...config, streamMode: "updates" })),
  },
  {
    name: "invoke, bound by withConfig",
    traced: true,
    way: "invoke",
    run: async (graph, turn, config) => dump(await graph.withConfig(config).invoke(turn.input)),
  },
  stream("by default", {}),
  ...STREAM_MODES.map((mode) => stream(mode, { streamMode: mode })),
  ...STREAM_MODES.map((mode) => stream(`${mode}, subgraphs`, { streamMode: mode, subgraphs: true })),
  stream("all modes", { streamMode: [...STREAM_MODES] }),
  stream("all modes, subgraphs", { streamMode: [...STREAM_MODES], subgraphs: true }, true),
  {
    name: "stream, server-sent events",
    traced: false,
    way: "stream",
    async run(graph, turn, config) {
      const bytes = await graph.stream(turn.input, {
        ...config,
        streamMode: ["values", "messages", "updates"],
        subgraphs: true,
        encoding: "text/event-stream",
      });
      const decoder = new TextDecoder();
      let text = "";
      try {
        for await (const part of bytes) text += decoder.decode(part as Uint8Array, { stream: true });
      } catch (error) {
        return { text, ...((await thrown(error)) as object) };
      }
      // An error is sent as an event here; the run goes on behind it as behind any other.
      if (text.includes("event: error")) await later(20);
      return { text };
    },
  },
  events("v1"),
  events("v2", true),
  events("v3"),
  {
    name: "batch",
    traced: false,
    way: "batch",
    // One after the other: runs of one graph share its scripted models, whose answers go by the order of the calls.
    async run(graph, turn, config) {
      if (graph.batch === undefined) return "no batch";
      const thread = (config.configurable?.["thread_id"] as string | undefined) ?? undefined;
      const second =
        thread === undefined
          ? config
          : { ...config, configurable: { ...config.configurable, thread_id: `${thread}-b` } };
      const results = await graph.batch(
        [turn.input, turn.input],
        [config, second].map((one) => ({ ...one, maxConcurrency: 1 })),
        { returnExceptions: true },
      );
      if (results.some((result) => result instanceof Error)) await later(20);
      return dump(results);
    },
  },
  {
    name: "state",
    traced: false,
    way: "state",
    async run(graph, turn, config) {
      const out = await graph.invoke(turn.input, config).then(dump, thrown);
      if (graph.getState === undefined || graph.getStateHistory === undefined) return out;
      const state = await graph.getState(config, { subgraphs: true }).then(dump, thrown);
      return { out, state, history: await drained(graph.getStateHistory(config)) };
    },
  },
];

/** What is left of an example after one mode: results and chunks of every turn, trace, effects, checkpoints. */
export interface Recording {
  readonly turns: readonly unknown[];
  readonly trace: readonly unknown[];
  readonly effects: unknown;
  readonly savers: readonly unknown[];
}

/** Runs all turns of an example in one mode. `identify` is the last to touch each config. */
export async function record(
  made: Made,
  graph: GalleryGraph,
  mode: Mode,
  identify: (config: RunConfig) => RunConfig,
): Promise<Recording> {
  const recorder = new Recorder();
  const turns: unknown[] = [];
  for (const turn of made.turns) {
    const config = { ...made.config, ...turn.config, ...(mode.traced ? { callbacks: [recorder] } : {}) };
    turns.push(await mode.run(graph, turn, identify(config)).catch(thrown));
  }
  return { turns, trace: recorder.seen, effects: dump(made.effects), savers: made.savers.map(dumpSaver) };
}
