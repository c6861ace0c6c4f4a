import type { RunRequest } from "../hooks/run.js";

/** The parts of a stream config that decide what chunks look like. */
export interface StreamOptions {
  readonly streamMode?: string | readonly string[];
  readonly subgraphs?: boolean;
  readonly encoding?: string;
  readonly version?: string;
}

/** How the chunks of one execution are laid out. */
export interface Layout {
  readonly modes: readonly string[];
  /** `[mode, payload]` instead of the payload alone. */
  readonly tuples: boolean;
  /** Namespace first. */
  readonly subgraphs: boolean;
  /** Server-sent events: always namespace, mode and payload. */
  readonly encoded: boolean;
  /** Protocol events (v3): chunks of modes that nobody named are part of them. */
  readonly protocol: boolean;
}

/** Reads the layout the way LangGraph does. */
export function layoutOf(options: StreamOptions | undefined, graphModes: readonly string[], nested: boolean): Layout {
  const given = options?.streamMode;
  const modes = given === undefined ? (nested ? ["values"] : graphModes) : typeof given === "string" ? [given] : given;
  return {
    modes,
    tuples: given !== undefined && typeof given !== "string",
    subgraphs: options?.subgraphs === true,
    encoded: options?.encoding === "text/event-stream" && !("version" in options),
    protocol: options?.version === "v3",
  };
}

/** A chunk taken apart. */
export interface Chunk {
  /** Empty for the run's own chunks. */
  readonly ns: readonly unknown[];
  readonly mode: string;
  readonly payload: unknown;
}

/** Takes a chunk apart. */
export function readChunk(layout: Layout, chunk: unknown): Chunk {
  const parts = chunk as readonly unknown[];
  const first = layout.modes[0] ?? "values";
  if (layout.encoded) return { ns: (parts[0] ?? []) as unknown[], mode: String(parts[1]), payload: parts[2] };
  if (layout.subgraphs && layout.tuples)
    return { ns: parts[0] as unknown[], mode: String(parts[1]), payload: parts[2] };
  if (layout.tuples) return { ns: [], mode: String(parts[0]), payload: parts[1] };
  if (layout.subgraphs) return { ns: parts[0] as unknown[], mode: first, payload: parts[1] };
  return { ns: [], mode: first, payload: chunk };
}

/** Puts a chunk together again. */
export function writeChunk(layout: Layout, { ns, mode, payload }: Chunk): unknown {
  if (layout.encoded) return [layout.subgraphs ? ns : null, mode, payload];
  if (layout.subgraphs && layout.tuples) return [ns, mode, payload];
  if (layout.tuples) return [mode, payload];
  return layout.subgraphs ? [ns, payload] : payload;
}

/** What a `run.call` tap is told of the layout. */
export function requestOf(layout: Layout, base: Pick<RunRequest, "workflow" | "input" | "kind">): RunRequest {
  return Object.freeze({
    ...base,
    streamModes: layout.modes,
    tuples: layout.tuples || layout.encoded,
    subgraphs: layout.subgraphs || layout.encoded,
  });
}
