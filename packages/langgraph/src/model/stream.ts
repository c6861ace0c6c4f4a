import { fitting } from "../answer.js";
import { type AIMessageChunk, isAIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { Core } from "../core.js";
import type { ModelReply } from "../hooks/model.js";
import type { ModelFlight } from "./call.js";

/**
 * The chunks of a reply on their way to the caller: around taps, result filters, observers and the end, in one
 * generator for all plugins.
 */
export async function* released(
  core: Core,
  flight: ModelFlight,
  reply: ModelReply,
): AsyncGenerator<ChatGenerationChunk> {
  const { dispatch } = flight.frame.scope;
  let done = false;
  if (reply.kind === "message") flight.gave(reply.result);
  const arriving = reply.kind === "stream" ? reply.chunks : wholeAsChunks(reply.result);
  const held = heldBack(flight);
  const source = held || dispatch.model.stream.used ? flight.arriving(arriving) : arriving;
  const filtered = dispatch.model.stream.used
    ? fitting(
        "model.stream",
        dispatch.model.stream,
        dispatch.model.stream.call({ ...flight.call, chunks: source }, flight.frame.ctx, (request) => request.chunks),
      )
    : source;
  const chunks = held ? judgedWhole(flight, filtered) : filtered;
  const watch = dispatch.model.chunk.used;
  try {
    const iterator = chunks[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await core.frames.run(flight.frame, () => iterator.next());
        if (next.done === true) break;
        flight.passed(next.value);
        if (watch) flight.chunk(next.value);
        yield next.value;
      }
      done = true;
    } finally {
      if (!done) await iterator.return?.();
    }
  } catch (error) {
    await flight.fail(error);
    throw error;
  } finally {
    // A consumer that left early gets here without an error.
    await (done ? flight.end("ok", null, null) : flight.left());
  }
}

/** A plugin that filters whole replies and not streams must see the whole before anything leaves. */
function heldBack(flight: ModelFlight): boolean {
  const { result, stream } = flight.frame.scope.dispatch.model;
  if (!result.used) return false;
  const streaming = new Set(stream.taps.map((tap) => tap.plugin));
  return result.taps.some((tap) => !streaming.has(tap.plugin));
}

async function* judgedWhole(
  flight: ModelFlight,
  chunks: AsyncIterable<ChatGenerationChunk>,
): AsyncGenerator<ChatGenerationChunk> {
  let whole: ChatGenerationChunk | undefined;
  for await (const chunk of chunks) whole = whole === undefined ? chunk : whole.concat(chunk);
  if (whole === undefined) return;
  yield* wholeAsChunks(await flight.result({ generations: [whole] }));
}

/** A whole reply where chunks were asked for: a cache or a fallback answered. */
async function* wholeAsChunks(result: ChatResult): AsyncGenerator<ChatGenerationChunk> {
  for (const generation of result.generations) {
    const message = generation.message as AIMessageChunk;
    if (isAIMessageChunk(message)) yield new ChatGenerationChunk({ ...generation, text: generation.text, message });
    else yield new ChatGenerationChunk({ ...generation, text: generation.text, message: await chunkOf(message) });
  }
}

async function chunkOf(message: AIMessageChunk): Promise<AIMessageChunk> {
  const { AIMessageChunk: Chunk } = await import("@langchain/core/messages");
  return new Chunk({
    ...(message as object),
    content: message.content,
    tool_call_chunks: (message.tool_calls ?? []).map((call, index) => ({
      ...call,
      args: JSON.stringify(call.args),
      index,
      type: "tool_call_chunk" as const,
    })),
  } as never);
}

/** Chunks where a whole reply was asked for. */
export async function gathered(reply: ModelReply): Promise<ChatResult> {
  if (reply.kind === "message") return reply.result;
  let whole: ChatGenerationChunk | undefined;
  for await (const chunk of reply.chunks) whole = whole === undefined ? chunk : whole.concat(chunk);
  return { generations: whole === undefined ? [] : [whole] };
}
