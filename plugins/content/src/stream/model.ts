import type { ChatGenerationChunk } from "@langchain/core/outputs";
import type { ChunkLike, MessageStream } from "./message.js";

/** Chunks without a text that wait for the text before them: what ends a message comes after all of it. */
const WAITING = 16;

/** What is asked of whoever follows a stream. */
export interface Watch {
  /** Throws when something was found that blocks. */
  check(): void;
  /** A message that leaves: nobody has to look at it again. */
  left(message: object): void;
}

/** The chunks of a reply on their way out. What was held when the source fails leaves before the error. */
export async function* filteredChunks(
  chunks: AsyncIterable<ChatGenerationChunk>,
  stream: MessageStream,
  watch: Watch,
): AsyncGenerator<ChatGenerationChunk> {
  const waiting: ChatGenerationChunk[] = [];
  let last: ChatGenerationChunk | null = null;
  const left = (chunk: ChatGenerationChunk): ChatGenerationChunk => {
    watch.left(chunk.message);
    return chunk;
  };
  const rest = (): ChatGenerationChunk[] => {
    const from = last;
    const messages = stream.end();
    watch.check();
    if (from === null) return [];
    return messages.map((message) => left(withMessage(from, message, false)));
  };
  try {
    for await (const chunk of chunks) {
      last = chunk;
      const message = stream.take(chunk.message as unknown as ChunkLike);
      watch.check();
      const shown = (message as unknown) === chunk.message ? chunk : withMessage(chunk, message, true);
      if (!stream.carried && stream.held > 0 && waiting.length < WAITING) {
        waiting.push(shown);
        continue;
      }
      for (const before of waiting.splice(0)) yield left(before);
      yield left(shown);
    }
  } catch (error) {
    yield* rest();
    for (const before of waiting) yield left(before);
    throw error;
  }
  yield* rest();
  for (const before of waiting) yield left(before);
}

/** A chunk around another message. Its class is kept: two copies of LangChain may be loaded. */
function withMessage(chunk: ChatGenerationChunk, message: ChunkLike, own: boolean): ChatGenerationChunk {
  const { content } = message;
  const text = typeof content === "string" ? content : textOf(content);
  const Chunk = chunk.constructor as new (fields: object) => ChatGenerationChunk;
  const { logprobs: _, ...info } = chunk.generationInfo ?? {};
  return new Chunk({ text, message, ...(own && chunk.generationInfo !== undefined ? { generationInfo: info } : {}) });
}

const textOf = (content: unknown): string =>
  Array.isArray(content)
    ? content
        .map((block: unknown) => (block as { type?: unknown; text?: unknown } | null) ?? {})
        .map(({ type, text }) => (type === "text" && typeof text === "string" ? text : ""))
        .join("")
    : "";
