import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { wrote } from "./wrote.js";

describe("wrote", () => {
  const keys = ["n", "log"];
  it.each([
    [{ n: 1 }, true],
    [{ n: null }, true],
    [{ n: undefined }, false],
    [{}, false],
    [{ hidden: 1 }, false],
    [null, false],
    [undefined, false],
    ["text", false],
    [new Command({ goto: "b" }), false],
    [new Command({ update: { n: 1 } }), true],
    [new Command({ update: [["n", 1]] }), true],
    [new Command({ update: [["hidden", 1]] }), false],
    [[{ hidden: 1 }, new Command({ update: { log: [] } })], true],
    [[new Command({ goto: "b" })], false],
  ])("%j: %s", (output, expected) => {
    expect(wrote(output, keys)).toBe(expected);
  });

  it("takes any value for what a graph gives out that has no keys", () => {
    expect(wrote("text", "__end__")).toBe(true);
    expect(wrote({}, "__end__")).toBe(true);
    expect(wrote(null, "__end__")).toBe(false);
  });
});
