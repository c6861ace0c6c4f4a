import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command } from "./command.js";
import { parseCall, splitLine } from "./flags.js";

const command: Command = {
  name: "look",
  summary: "",
  args: ["graph", "[depth]"],
  options: { deep: { type: "boolean", doc: "" }, at: { type: "string", multiple: true, doc: "" } },
  run: () => ({ exit: 0, text: "", data: null }),
};

describe("parseCall", () => {
  it("takes options of the command and those that all have", () => {
    const { args, flags } = parseCall(command, ["g", "--deep", "--at", "a", "--at=b", "--stack", "s.ts#x", "--json"]);
    expect(args).toEqual(["g"]);
    expect([flags.on("deep"), flags.on("json"), flags.on("help")]).toEqual([true, true, false]);
    expect([flags.texts("at"), flags.text("stack"), flags.text("nothing"), flags.texts("stack")]).toEqual([
      ["a", "b"],
      "s.ts#x",
      undefined,
      [],
    ]);
  });

  it.each([
    [[], "graph is missing."],
    [["g", "1", "2"], '"2" is one argument too many.'],
    [["g", "--depp"], "--depp"],
    [["g", "--deep=yes"], "--deep"],
    [["g", "--stack"], "--stack"],
  ])("refuses %j", (argv, text) => {
    expect(() => parseCall(command, argv)).toThrow(
      expect.objectContaining({ code: "CLI_USAGE", message: expect.stringContaining(text) }),
    );
  });

  it("asks for no arguments where only help is wanted", () => {
    expect(parseCall(command, ["-h"]).flags.on("help")).toBe(true);
  });
});

describe("splitLine", () => {
  it.each([
    [["doctor", "--stack", "s.ts"], "doctor", []],
    [["--stack", "s.ts", "doctor"], "doctor", []],
    [["--stack=s.ts", "audit", "tail", "--follow", "--json"], "audit", ["tail", "--follow"]],
    [["audit", "--", "--json", "--help"], "audit", ["--json", "--help"]],
    [["--", "audit"], null, ["audit"]],
    [[], null, []],
  ])("%j", (argv, name, own) => {
    const split = splitLine(argv);
    expect([split.command, split.own]).toEqual([name, own]);
  });

  it("leaves a plugin's own arguments as they are, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (own) => {
        const split = splitLine(["audit", "--stack", "s.ts", "--json", "--", ...own]);
        expect([split.command, split.own, split.flags.text("stack"), split.flags.on("json")]).toEqual([
          "audit",
          own,
          "s.ts",
          true,
        ]);
      }),
    );
  });

  it("gives built-in commands everything but the name", () => {
    expect(splitLine(["--json", "why", "X", "--list"]).rest).toEqual(["--json", "X", "--list"]);
  });
});
