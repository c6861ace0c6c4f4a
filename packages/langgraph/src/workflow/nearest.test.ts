import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearest } from "./nearest.js";
import { OPTION_NAMES } from "./options.js";

describe("nearest", () => {
  it.each([
    ["memory_window", "memoryWindow"],
    ["MemoryWindow", "memoryWindow"],
    ["systemMesage", "systemMessage"],
    ["tool", "tools"],
    ["checkpoint", "checkpointer"],
    ["checkpointr", "checkpointer"],
    ["temperature", null],
    ["x", null],
    ["", null],
  ])("%s means %s", (given, meant) => {
    expect(nearest(given, OPTION_NAMES)).toBe(meant);
  });

  it("finds every option with one letter lost, and never invents one", () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPTION_NAMES.filter((name) => name.length > 5)), fc.nat(), (name, seed) => {
        const at = seed % name.length;
        expect(nearest(name.slice(0, at) + name.slice(at + 1), OPTION_NAMES)).toBe(name);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => [null, ...OPTION_NAMES].includes(nearest(text, OPTION_NAMES))));
  });
});
