import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clipMessage, clipText } from "./clip.js";
import { MessageCounter } from "./message.js";
import { approximateTokens } from "./tokens.js";

/** Tokens by o200k_base, counted once with a tokenizer. */
const SAMPLES: readonly (readonly [string, string, number])[] = [
  [
    "English",
    "The weather report said that it would rain in the afternoon, so we took our umbrellas and walked to the station. Nobody had told the others, who were waiting there without coats. ".repeat(
      5,
    ),
    181,
  ],
  [
    "Chinese",
    "今天天气很好,我们决定去公园散步。公园里有很多人,孩子们在草地上玩耍,老人们在树下下棋。请问如何申请退款?我的订单号是一二三四,已经等待了三个星期,还没有收到任何回复。".repeat(
      5,
    ),
    320,
  ],
  [
    "Japanese",
    "今日は天気がとても良いので、公園へ散歩に行くことにしました。返金を申請するにはどうすればよいですか?注文番号をお知らせください。".repeat(
      5,
    ),
    215,
  ],
  [
    "Russian",
    "Сегодня очень хорошая погода, поэтому мы решили пойти гулять в парк. Как мне получить возврат денег за заказ?".repeat(
      5,
    ),
    130,
  ],
  [
    "German",
    "Das Wetter war heute sehr schön, deshalb beschlossen wir, im Park spazieren zu gehen. Größere Änderungen müssen überprüft werden. ".repeat(
      5,
    ),
    136,
  ],
  ["one letter", "a".repeat(20_000), 2_500],
  ["emoji", "😀🎉🔥👍".repeat(100), 500],
  ["a table", "| id | name | value |\n|---|---|---|\n| 1 | Alice | 12.50 |\n".repeat(40), 1_000],
  ["newlines", "\n".repeat(1_000), 63],
];

describe("approximateTokens", () => {
  it.each(SAMPLES)("is within 15 %% for %s", (_name, text, exact) => {
    expect(Math.abs(approximateTokens(text) / exact - 1)).toBeLessThanOrEqual(0.15);
  });

  it("does not take base64 and digits for words", () => {
    const base64 = Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 7919 + 13 * i * i) % 256)).toString(
      "base64",
    );
    expect(approximateTokens(base64) / base64.length).toBeGreaterThan(0.55);
    expect(approximateTokens("1234567890".repeat(30))).toBe(100);
    expect(approximateTokens("")).toBe(0);
  });
});

describe("clipText", () => {
  it("stays within its tokens, keeps both ends, splits no pair, and marks what is missing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), fc.integer({ min: 16, max: 200 }), (text, most) => {
        const clipped = clipText(text, most, approximateTokens);
        expect(approximateTokens(clipped)).toBeLessThanOrEqual(most);
        // Longer in characters only where that is what brings it under its tokens.
        if (clipped.length > text.length) expect(approximateTokens(text)).toBeGreaterThan(most);
        expect(() => encodeURIComponent(clipped)).not.toThrow();
        if (clipped !== text) {
          const [head = "", tail = ""] = clipped.split(/\n\[\.\.\. \d+ characters left out \.\.\.\]\n/);
          expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
        }
      }),
    );
  });
});

describe("clipMessage", () => {
  const counter = new MessageCounter(approximateTokens);
  const call = {
    name: "write",
    id: "c1",
    type: "tool_call" as const,
    args: { path: "a.txt", lines: ["x ".repeat(4_000), "short"] },
  };

  it("shortens contents, arguments and blocks, and leaves names, ids and form", () => {
    const message = new AIMessage({
      content: [
        { type: "text", text: "word ".repeat(3_000) },
        { type: "tool_use", id: "c1", name: "write", input: call.args },
      ],
      tool_calls: [call],
    });
    const short = clipMessage(message, 300, counter);
    expect(counter.count(short)).toBeLessThanOrEqual(300);
    expect(short).toBeInstanceOf(AIMessage);
    expect((short as AIMessage).tool_calls).toMatchObject([
      { name: "write", id: "c1", args: { path: "a.txt", lines: [expect.stringContaining("left out"), "short"] } },
    ]);
    expect(short.content).toMatchObject([{ type: "text" }, { type: "tool_use", id: "c1", input: { path: "a.txt" } }]);
    expect(JSON.stringify(short.toJSON()).length).toBeLessThan(8_000);
    expect(message.tool_calls?.[0]).toBe(call);
  });

  it("leaves pictures and signed thoughts whole, or leaves a picture out and says so", () => {
    const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(9_000)}` } };
    const thought = { type: "thinking", thinking: "so", signature: "s".repeat(200) };
    const message = new AIMessage({
      content: [thought, picture, { type: "text", text: "word ".repeat(3_000) }] as never,
    });
    const [kept, shown, cut] = clipMessage(message, 2_500, counter).content as { text?: string }[];
    expect([kept, shown]).toEqual([thought, picture]);
    expect(cut?.text).toContain("left out");
    expect(clipMessage(message, 300, counter).content).toMatchObject([thought, { text: "[image_url left out]" }, {}]);
  });

  it("counts a message once, and again when it was given another content", () => {
    let counted = 0;
    const own = new MessageCounter((text) => (counted++, text.length));
    const message = new HumanMessage("hello");
    expect([own.count(message), own.count(message), counted]).toEqual([9, 9, 1]);
    message.content = "hello you";
    expect(own.count(message)).toBe(13);
    expect(
      own.count(new HumanMessage({ content: [{ type: "image_url", image_url: "data:image/png;base64,AAAA" }] })),
    ).toBe(1_004);
  });

  it("10 MB in one message take no time worth speaking of", () => {
    const message = new ToolMessage({ content: "ab1 ".repeat(2_500_000), tool_call_id: "c1" });
    const short = clipMessage(message, 500, counter);
    expect(counter.count(short)).toBeLessThanOrEqual(500);
    expect((short as ToolMessage).tool_call_id).toBe("c1");
  });
});
