import { describe, expect, it } from "vitest";
import { programOf } from "../fixtures/texts.js";
import { EventBlocks } from "./events.js";

const KEY = "sk-live-4f8a9b2c1d7e6a5b";

function through(events: readonly object[]): unknown[] {
  const blocks = new EventBlocks(
    programOf(),
    () => undefined,
    (value) => value,
  );
  const pieces = events.flatMap((event) => blocks.take({ ns: [], payload: [event, { run_id: "r" }] }));
  return [...pieces, ...blocks.end()].map(({ payload: [event] }) => event);
}
const start = (type: string) => ({ event: "content-block-start", index: 0, content: { type } });
const finish = { event: "content-block-finish", index: 0, content: {} };
const joined = (events: unknown[], field: string): string =>
  events.map((event) => (event as { delta?: Record<string, string> }).delta?.[field] ?? "").join("");

describe("events of streamEvents v3", () => {
  it("hide a key that comes letter by letter, and end with what was held, before the block does", () => {
    for (const [type, delta, field] of [
      ["text", "text-delta", "text"],
      ["reasoning", "reasoning-delta", "reasoning"],
      ["tool_call_chunk", "tool-call-delta", "args"],
    ] as const) {
      const letters = [...`it is ${KEY} ok`].map((letter) => ({
        event: "content-block-delta",
        index: 0,
        delta: { type: delta, [field]: letter },
      }));
      const out = through([start(type), ...letters, finish]);
      expect(joined(out, field)).toBe("it is [hidden:openai-key] ok");
      expect(out.at(-1)).toBe(finish);
    }
  });

  it("hide it where each event repeats the arguments from their beginning", () => {
    const whole = `{"note":"${KEY}"}`;
    const events = [...whole].map((_, i) => ({
      event: "content-block-delta",
      index: 0,
      delta: { type: "block-delta", fields: { type: "tool_call_chunk", args: whole.slice(0, i + 1) } },
    }));
    const out = through([...events, finish]);
    const args = out
      .map((event) => (event as { delta?: { fields?: { args: string } } }).delta?.fields?.args)
      .filter((text) => text !== undefined);
    expect(args.at(-1)).toBe('{"note":"[hidden:openai-key]"}');
    for (const text of args) expect(text).not.toContain("4f8a");
  });

  it("hide what the beginning of a block holds already", () => {
    const out = through([
      { event: "content-block-start", index: 0, content: { type: "text", text: "sk-live-4f" } },
      { event: "content-block-delta", index: 0, delta: { type: "text-delta", text: "8a9b2c1d7e6a5b!" } },
    ]);
    expect(JSON.stringify(out)).not.toContain("sk-live");
    expect(joined(out, "text")).toBe("[hidden:openai-key]!");
  });
});
