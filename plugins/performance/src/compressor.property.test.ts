import type { BaseMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateCompressor } from "./compressor.js";
import { conversation, faults } from "./fixtures/conversations.js";
import type { Summarizer } from "./summarize.js";
import { summaryOf } from "./summary-message.js";

/** Shrinking a conversation takes minutes; the seed that is printed gives it again. */
const RUNS = { numRuns: 2_000, endOnFailure: true };
const summarize: Summarizer = ({ previous, messages }) => `${previous ?? ""} ${messages.length} more, $& and $'`.trim();
const question = (messages: readonly BaseMessage[]): BaseMessage | undefined =>
  messages.findLast((message) => message.type === "human" && summaryOf(message) === null);
/** A text, or its two ends with the mark between them. */
const isOrClipped = (given: string, original: string): boolean => {
  if (given === original) return true;
  const [head, tail] = given.split(/\n\[\.\.\. \d+ characters left out \.\.\.\]\n/);
  return tail !== undefined && original.startsWith(head ?? "") && original.endsWith(tail);
};

describe("StateCompressor over 2,000 conversations", () => {
  it("holds its promises, with a summariser and without one", async () => {
    let cut = 0;
    await fc.assert(
      fc.asyncProperty(conversation, fc.boolean(), async ({ messages, maxTokens }, asks) => {
        expect(faults(messages)).toEqual([]);
        const compressor = new StateCompressor(asks ? { maxTokens, summarize } : { maxTokens });
        const before = compressor.countTokens(messages);
        const done = await compressor.compress(messages);
        const after = done.messages;
        expect(done.tokensAfter).toBe(compressor.countTokens(after));
        expect(done.tokensAfter).toBeLessThanOrEqual(maxTokens);
        expect(done.tokensAfter).toBeLessThanOrEqual(before);
        expect(after.length).toBeLessThanOrEqual(messages.length);
        expect(faults(after)).toEqual([]);
        if (before <= maxTokens) {
          expect(after).toBe(messages);
          return;
        }
        cut++;
        const system = messages.filter((message) => message.type === "system");
        expect(
          after.filter((message) => message.type === "system").every((message, at) => message === system[at]),
        ).toBe(true);
        expect(isOrClipped(question(after)?.text ?? "", question(messages)?.text ?? "")).toBe(true);
        // The step that waits for an answer is there, or the model would ask for it again for ever.
        expect(after.at(-1)?.type).toBe(messages.at(-1)?.type);
        expect(isOrClipped(after.at(-1)?.text ?? "", messages.at(-1)?.text ?? "")).toBe(true);
        // What is kept whole is the very message, in the same order.
        const places = after.map((message) => messages.indexOf(message)).filter((place) => place !== -1);
        expect(places).toEqual([...places].toSorted((a, b) => a - b));
        // Again, and with nothing remembered: the same.
        expect((await compressor.compress(after)).messages).toBe(after);
        const again = await compressor.compress(messages);
        expect(again.messages.map((message) => message.content)).toEqual(after.map((message) => message.content));
        const summary = after.find((message) => summaryOf(message) !== null);
        if (summary !== undefined) {
          const whole = after.filter((message) => summaryOf(message) === null).length;
          expect(summaryOf(summary)?.messages).toBe(messages.length - whole);
        }
      }),
      RUNS,
    );
    expect(cut).toBeGreaterThan(500);
  }, 120_000);

  it("holds them turn after turn, and tells each message to the summariser once", async () => {
    await fc.assert(
      fc.asyncProperty(conversation, async ({ messages, maxTokens }) => {
        const told: BaseMessage[] = [];
        const compressor = new StateCompressor({
          maxTokens,
          summarize: ({ previous, messages: left }) => {
            told.push(...left);
            return `${previous ?? "s"}+${left.length}`;
          },
        });
        for (const [index, message] of messages.entries()) {
          const next = messages[index + 1]?.type;
          // A model is called where it is its turn to speak.
          if (!(message.type === "human" || (message.type === "tool" && next !== "tool"))) continue;
          const soFar = messages.slice(0, index + 1);
          const { messages: sent, tokensAfter } = await compressor.compress(soFar, { scope: "alice" });
          expect(tokensAfter).toBeLessThanOrEqual(maxTokens);
          expect(faults(sent)).toEqual([]);
          expect(question(sent) === undefined).toBe(question(soFar) === undefined);
        }
        const whole = told.filter((message) => messages.includes(message));
        expect(new Set(whole).size).toBe(whole.length);
      }),
      { numRuns: 150, endOnFailure: true },
    );
  }, 120_000);
});
