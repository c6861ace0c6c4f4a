import { AIMessage } from "@langchain/core/messages";
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { callsIn } from "./asked.js";

describe("calls that an input asks for", () => {
  const call = { type: "tool_call" as const, id: "c1", name: "drop", args: { target: "t1" } };
  const message = new AIMessage({ content: "", tool_calls: [call] });
  const asOpenAI = {
    role: "assistant",
    tool_calls: [{ id: "c1", type: "function", function: { name: "drop", arguments: '{"target":"t1"}' } }],
  };
  it.each([
    ["a message", { messages: [message] }, { target: "t1" }],
    ["a command", new Command({ goto: "tools", update: { messages: [message] } }), { target: "t1" }],
    ["a message of OpenAI's", { messages: [asOpenAI] }, '{"target":"t1"}'],
  ])("are found in %s", (_where, input, args) => {
    expect(callsIn(input)).toContainEqual({ id: "c1", args });
  });

  it("are none where nothing asks, and no getter is run", () => {
    const loop: Record<string, unknown> = { messages: ["hi", null, { tool_calls: [null, { id: 1 }] }] };
    loop["self"] = loop;
    Object.defineProperty(loop, "trap", {
      enumerable: true,
      get: () => {
        throw new Error("was run");
      },
    });
    expect(callsIn(loop)).toEqual([]);
  });
});
