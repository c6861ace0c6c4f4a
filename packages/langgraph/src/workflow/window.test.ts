import { AIMessage, type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visibleMessages } from "./window.js";

const human = (text: string) => new HumanMessage(text);
const says = (text: string) => new AIMessage(text);
const calls = (...ids: string[]) =>
  new AIMessage({ content: "", tool_calls: ids.map((id) => ({ id, name: "t", args: {} })) });
const result = (id: string) => new ToolMessage({ content: "r", tool_call_id: id });

/** A turn: a question, some rounds of calls with their results, an answer; the last turn may be still under way. */
const turn = fc.record({ rounds: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }), answered: fc.boolean() });
const conversation = fc
  .record({ turns: fc.array(turn, { minLength: 1, maxLength: 8 }), reuse: fc.boolean() })
  .map(({ turns, reuse }) => {
    let next = 0;
    const messages: BaseMessage[] = [];
    turns.forEach(({ rounds, answered }, index) => {
      messages.push(human(`q${index}`));
      for (const parallel of rounds) {
        const ids = Array.from({ length: parallel }, (_, i) => (reuse ? `call_${i}` : `call_${next++}`));
        messages.push(calls(...ids), ...ids.map(result));
      }
      if (answered || index < turns.length - 1) messages.push(says(`a${index}`));
    });
    return messages;
  });

describe("visibleMessages", () => {
  it("keeps a suffix that starts with a question, holds the current turn whole and splits no call from its result", () => {
    fc.assert(
      fc.property(conversation, fc.integer({ min: 1, max: 40 }), (messages, limit) => {
        const seen = visibleMessages(messages, limit);
        expect(seen).toEqual(messages.slice(messages.length - seen.length));
        const current = messages.slice(messages.findLastIndex((m) => m.type === "human"));
        expect(seen.slice(-current.length)).toEqual(current);
        expect(seen.length).toBeLessThanOrEqual(Math.max(limit, current.length));
        expect(seen[0]?.type).toBe("human");
        const made = new Set<string>();
        const orphans = seen.filter((message) => {
          for (const call of (message as AIMessage).tool_calls ?? []) made.add(call.id ?? "");
          return message.type === "tool" && !made.has((message as ToolMessage).tool_call_id);
        });
        expect(orphans).toEqual([]);
        // The most that the rules allow: one turn more would be too long.
        const earlier = messages.slice(0, messages.length - seen.length);
        const before = earlier.length - earlier.findLastIndex((m) => m.type === "human");
        expect(earlier.length === 0 || seen.length + before > limit).toBe(true);
      }),
    );
  });

  it("gives everything without a limit, and the same list where all of it fits", () => {
    const messages = [human("1"), says("2"), human("3")];
    expect(visibleMessages(messages, undefined)).toBe(messages);
    expect(visibleMessages(messages, 3)).toBe(messages);
    expect(visibleMessages([], 1)).toEqual([]);
  });

  it("keeps system messages where they are and does not count them", () => {
    const system = new SystemMessage("s");
    const late = new SystemMessage("late");
    const messages = [system, human("1"), says("2"), human("3"), late, says("4"), human("5")];
    expect(visibleMessages(messages, 3)).toEqual(
      [system, human("3"), late, says("4"), human("5")].map((m) => messages.find((o) => o.text === m.text)),
    );
  });

  it("widens to the call where a result came after the next question", () => {
    const messages = [human("0"), says("0"), human("1"), calls("a"), human("2"), result("a"), says("3")];
    expect(visibleMessages(messages, 2)).toEqual(messages.slice(2));
  });

  it("keeps calls and results together where nobody asked anything", () => {
    const messages = [calls("a"), result("a"), calls("b"), result("b"), says("x")];
    expect(visibleMessages(messages, 2)).toEqual(messages.slice(2));
    expect(visibleMessages([result("gone"), result("gone too"), says("x")], 2)).toEqual([
      expect.objectContaining({ type: "ai" }),
    ]);
  });

  it("stays whole in a tool loop of thousands of rounds", () => {
    const messages: BaseMessage[] = [human("old"), says("old"), human("go")];
    for (let round = 0; round < 3_000; round++) messages.push(calls(`c${round}`), result(`c${round}`));
    expect(visibleMessages(messages, 20)).toHaveLength(6_001);
  });
});
