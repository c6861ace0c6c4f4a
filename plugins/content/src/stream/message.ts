import type { Program } from "../detect/program.js";
import type { Sink } from "../detect/sieve.js";
import { Channels } from "./channels.js";
import { Pieces, pieceWith } from "./pieces.js";

/** A chunk of a message, of any copy of LangChain. */
export interface ChunkLike {
  readonly content: unknown;
  readonly id?: string;
  readonly name?: string;
  readonly additional_kwargs?: Record<string, unknown>;
  readonly response_metadata?: Record<string, unknown>;
  readonly tool_call_chunks?: readonly unknown[];
  readonly usage_metadata?: unknown;
  readonly lc_kwargs?: Record<string, unknown>;
  concat(other: never): unknown;
}

export function isChunk(value: unknown): value is ChunkLike {
  return (
    typeof value === "object" &&
    value !== null &&
    "content" in value &&
    typeof (value as { concat?: unknown }).concat === "function"
  );
}

const WAYS = ["content", "additional_kwargs", "tool_call_chunks"] as const;

/** One message that arrives in chunks: what may leave of each, and what is left at the end. */
export class MessageStream {
  readonly #channels: Channels;
  readonly #texts: string[] = [];
  #last: ChunkLike | null = null;
  /** Whether the chunk last taken in held any text. */
  carried = false;

  constructor(program: Program, sink: Sink) {
    this.#channels = new Channels(program, sink);
  }

  get held(): number {
    return this.#channels.held;
  }

  /** The text that left, where a message is a plain one. */
  get text(): string {
    return this.#texts.join("");
  }

  /** The chunk with what may leave of it: the same object where that is all. */
  take<C extends ChunkLike>(chunk: C): C {
    this.#last = chunk;
    const pieces = new Pieces(this.#channels);
    let changes: Record<string, unknown> | null = null;
    for (const way of WAYS) {
      const part = chunk[way];
      if (part === undefined || part === "" || (Array.isArray(part) && part.length === 0)) continue;
      const shown = pieces.filtered(part, way, [way]);
      if (shown !== part) (changes ??= {})[way] = shown;
      if (way === "content" && typeof shown === "string") this.#texts.push(shown);
    }
    this.carried = pieces.carried;
    const { response_metadata } = chunk;
    // Probabilities of tokens spell out what is held back.
    if (this.carried && response_metadata !== undefined && "logprobs" in response_metadata) {
      const { logprobs: _, ...rest } = response_metadata;
      (changes ??= {})["response_metadata"] = rest;
    }
    return changes === null ? chunk : (changed(chunk, changes) as C);
  }

  /** What was held back, as chunks of the same message. */
  end(): readonly ChunkLike[] {
    const last = this.#last;
    if (last === null) return [];
    return this.#channels.end().map(({ path, text }) => {
      if (path.length === 1 && path[0] === "content") this.#texts.push(text);
      const Chunk = last.constructor as new (fields: object) => ChunkLike;
      return new Chunk({
        content: "",
        ...pieceWith(path, text),
        ...(last.id === undefined ? {} : { id: last.id }),
      });
    });
  }
}

/** The chunk with other parts. What it makes of the pieces of its calls is made anew. */
function changed(chunk: ChunkLike, changes: Record<string, unknown>): ChunkLike {
  if (chunk.tool_call_chunks !== undefined && chunk.tool_call_chunks.length > 0) {
    const Chunk = chunk.constructor as new (fields: object) => ChunkLike;
    const { content, id, name, additional_kwargs, response_metadata, tool_call_chunks, usage_metadata } = chunk;
    const own = { content, id, name, additional_kwargs, response_metadata, tool_call_chunks, usage_metadata };
    const given = Object.entries({ ...own, ...changes }).filter(([, value]) => value !== undefined);
    return new Chunk(Object.fromEntries(given));
  }
  const copy = Object.assign(
    Object.create(Object.getPrototypeOf(chunk) as object) as ChunkLike,
    chunk,
    changes,
  ) as ChunkLike & { lc_kwargs: Record<string, unknown> };
  copy.lc_kwargs = { ...chunk.lc_kwargs, ...changes };
  return copy;
}
