import { describe, expect, it } from "vitest";
import { hiddenIn } from "./labels.js";

const openai = (id: string): boolean => id === "openai-key";

describe("what was hidden in a value", () => {
  it.each([
    ["a text", "use [hidden:openai-key] now"],
    ["the second of a text", "[hidden:email] [hidden:openai-key]"],
    ["data", { a: [1, { b: "[hidden:openai-key]" }] }],
    ["a key", { "x [hidden:openai-key]": 1 }],
    ["JSON in a text", '{"a":"[hidden:openai-key]"}'],
    ["a Map and a Set", new Map([["a", new Set(["[hidden:openai-key]"])]])],
  ])("is known by what stands in its place: %s", (_where, value) => {
    expect(hiddenIn(value, openai, 1_000)).toBe("openai-key");
  });

  it.each([
    ["another detector", "[hidden:email]"],
    ["nothing", { a: "hidden: openai-key", b: null, c: 1, d: [undefined] }],
    ["half of it", "[hidden:openai-key"],
    ["a live object", { a: new URL("https://example.com/?[hidden:openai-key]") }],
  ])("is none in %s", (_where, value) => {
    expect(hiddenIn(value, openai, 1_000)).toBe(null);
  });

  it("is looked for in circles and large values only as far as asked", () => {
    const loop: { self?: unknown; a: string } = { a: "x" };
    loop.self = loop;
    expect(hiddenIn(loop, openai, 1_000)).toBe(null);
    expect(hiddenIn([..."[hidden:openai-key]".repeat(100)], openai, 50)).toBe(null);
  });
});
