import type { RunRequest } from "@graphtap/langgraph";

/** How the chunks of a run are laid out. */
export interface Layout {
  readonly modes: readonly string[];
  readonly tuples: boolean;
  readonly subgraphs: boolean;
}

/** A chunk taken apart. */
export interface Chunk {
  /** Empty, or null in server-sent events, for the run's own chunks. */
  readonly ns: readonly unknown[] | null;
  readonly mode: string;
  readonly payload: unknown;
}

/** Where somebody judges the output, the stack asks the graph for its state as well, whatever the caller streams. */
export function layoutOf({ streamModes, tuples, subgraphs }: RunRequest, judged: boolean): Layout {
  return !judged || streamModes.includes("values")
    ? { modes: streamModes, tuples, subgraphs }
    : { modes: [...streamModes, "values"], tuples: true, subgraphs };
}

export function readChunk({ modes, tuples, subgraphs }: Layout, chunk: unknown): Chunk {
  const parts = chunk as readonly unknown[];
  if (tuples && subgraphs)
    return { ns: parts[0] as readonly unknown[] | null, mode: String(parts[1]), payload: parts[2] };
  if (tuples) return { ns: [], mode: String(parts[0]), payload: parts[1] };
  const mode = modes[0] ?? "values";
  return subgraphs
    ? { ns: parts[0] as readonly unknown[] | null, mode, payload: parts[1] }
    : { ns: [], mode, payload: chunk };
}

export function writeChunk({ tuples, subgraphs }: Layout, { ns, mode, payload }: Chunk): unknown {
  if (tuples && subgraphs) return [ns, mode, payload];
  if (tuples) return [mode, payload];
  return subgraphs ? [ns, payload] : payload;
}
