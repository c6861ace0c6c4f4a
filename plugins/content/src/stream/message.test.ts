import { AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutText, programOf, sifted } from "../fixtures/texts.js";
import { type ChunkLike, MessageStream } from "./message.js";
import { filteredChunks } from "./model.js";

const program = programOf({ personal: "mask" });
const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";

/** All chunks in one, as LangChain joins them. */
function joined(chunks: readonly AIMessageChunk[]): AIMessageChunk {
  const stream = new MessageStream(program, () => undefined);
  const out = chunks.map((chunk) => stream.take(chunk as unknown as ChunkLike) as unknown as AIMessageChunk);
  out.push(...(stream.end() as unknown as AIMessageChunk[]));
  return out.reduce((all, chunk) => all.concat(chunk));
}

/** Each way in which a provider puts a text into pieces. */
const WAYS: Readonly<Record<string, { make(piece: string): AIMessageChunk; read(message: AIMessageChunk): string }>> = {
  "the content": {
    make: (piece) => new AIMessageChunk({ content: piece, id: "m" }),
    read: (message) => message.content as string,
  },
  "a block of text": {
    make: (piece) => new AIMessageChunk({ content: [{ type: "text", text: piece, index: 0 }], id: "m" } as never),
    read: (message) => (message.content as { text?: string }[]).map(({ text }) => text ?? "").join(""),
  },
  "a block of reasoning beside one of text": {
    make: (piece) =>
      new AIMessageChunk({
        content: [
          { type: "reasoning", reasoning: piece, index: 0 },
          { type: "text", text: "-", index: 1 },
        ],
      } as never),
    read: (message) => (message.content as { reasoning?: string }[])[0]?.reasoning ?? "",
  },
  "the arguments of a call": {
    make: (piece) =>
      new AIMessageChunk({ content: "", tool_call_chunks: [{ index: 0, args: piece, type: "tool_call_chunk" }] }),
    read: (message) => message.tool_call_chunks?.[0]?.args ?? "",
  },
  additional_kwargs: {
    make: (piece) => new AIMessageChunk({ content: "", additional_kwargs: { reasoning_content: piece } }),
    read: (message) => (message.additional_kwargs["reasoning_content"] as string | undefined) ?? "",
  },
};

describe("a message in chunks", () => {
  for (const [name, { make, read }] of Object.entries(WAYS))
    it(`is filtered like the whole: ${name}`, () => {
      fc.assert(
        fc.property(cutText, ({ whole, pieces }) => {
          const parts = pieces.filter((piece) => piece !== "");
          fc.pre(parts.length > 0);
          const message = joined(parts.map(make));
          expect(read(message)).toBe(sifted(program, whole).text);
        }),
        { numRuns: 200 },
      );
    });

  it("keeps chunks that are clean and whole, and what is no text, as they are", () => {
    const stream = new MessageStream(program, () => undefined);
    for (const chunk of [
      new AIMessageChunk({ content: "It is done. ", id: "m" }),
      new AIMessageChunk({
        content: "",
        response_metadata: { finish_reason: "stop" },
        usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      } as never),
    ])
      expect(stream.take(chunk as unknown as ChunkLike)).toBe(chunk);
  });

  it("gives a call whose arguments were cut its name, its id and its masked arguments", () => {
    const call = (fields: object): AIMessageChunk =>
      new AIMessageChunk({ content: "", tool_call_chunks: [{ type: "tool_call_chunk", index: 0, ...fields }] });
    const stream = new MessageStream(program, () => undefined);
    const chunks = [
      call({ id: "c1", name: "pay", args: "" }),
      ...[...`{"note":"${KEY}"}`].map((args) => call({ args })),
    ];
    const out = chunks.map((chunk) => stream.take(chunk as unknown as ChunkLike) as unknown as AIMessageChunk);
    out.push(...(stream.end() as unknown as AIMessageChunk[]));
    expect(out.reduce((all, chunk) => all.concat(chunk)).tool_calls).toEqual([
      { type: "tool_call", id: "c1", name: "pay", args: { note: "[hidden:openai-key]" } },
    ]);
    for (const chunk of out)
      expect(JSON.stringify([chunk, chunk.tool_calls, chunk.invalid_tool_calls, chunk.lc_kwargs])).not.toContain("Zq8");
  });

  it("lets what ends a message come after all of its text, and no probability of a token through", async () => {
    const generation = (
      fields: ConstructorParameters<typeof AIMessageChunk>[0],
      info?: object,
    ): ChatGenerationChunk => {
      const message = new AIMessageChunk(fields as never);
      return new ChatGenerationChunk({
        text: message.text,
        message,
        ...(info === undefined ? {} : { generationInfo: { ...info } }),
      });
    };
    async function* source(): AsyncGenerator<ChatGenerationChunk> {
      yield generation({ content: `a ${KEY}`, id: "m" }, { logprobs: { content: [{ token: "Zq8" }] } });
      yield generation({ content: " bob" });
      yield generation({ content: "", response_metadata: { finish_reason: "stop" } });
    }
    const left: object[] = [];
    const out: ChatGenerationChunk[] = [];
    for await (const chunk of filteredChunks(source(), new MessageStream(program, () => undefined), {
      check: () => undefined,
      left: (message) => left.push(message),
    }))
      out.push(chunk);
    expect(out.map(({ text }) => text)).toEqual(["a [hidden:openai-key]", " ", "bob", ""]);
    expect(out.at(-1)?.message.response_metadata).toEqual({ finish_reason: "stop" });
    expect(out.every(({ message, text }) => message.content === text)).toBe(true);
    expect(JSON.stringify(out)).not.toContain("Zq8");
    expect(left).toHaveLength(4);
  });
});
