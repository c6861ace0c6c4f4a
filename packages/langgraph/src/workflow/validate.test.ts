import { MemorySaver } from "@langchain/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCatalog } from "../errors.js";
import { validateSpec } from "./validate.js";

const llm = scriptedModel([]);
const withoutTools = Object.create(llm, { bindTools: { value: undefined } }) as typeof llm;
const search = scriptedTool("search", "x");
const retriever = { invoke: async () => [] };
const found = (spec: unknown) => validateSpec(spec).map(({ code, path }) => [code, path]);

describe("validateSpec", () => {
  it.each([
    { llm },
    { model: llm, systemPrompt: "x" },
    { llm, mode: "rag", retriever },
    { llm: llm.withConfig({ tags: ["a"] }), mode: "tools", tools: [search, { type: "web_search" }] },
    {
      llm,
      mode: "full",
      retriever,
      tools: [search],
      checkpointer: new MemorySaver(),
      memoryWindow: 1,
      name: "a",
      description: "",
      userId: undefined,
    },
  ])("takes %o", (spec) => {
    expect(validateSpec(spec)).toEqual([]);
  });

  it.each<[string, unknown, [string, string][]]>([
    ["nothing", undefined, [["WORKFLOW_OPTIONS_INVALID", ""]]],
    ["a list", [], [["WORKFLOW_OPTIONS_INVALID", ""]]],
    ["an empty object", {}, [["WORKFLOW_MODEL_UNUSABLE", "llm"]]],
    ["rag without retriever", { llm, mode: "rag" }, [["WORKFLOW_RETRIEVER_MISSING", "retriever"]]],
    ["tools without tools", { llm, mode: "tools" }, [["WORKFLOW_TOOLS_MISSING", "tools"]]],
    ["tools with none", { llm, mode: "tools", tools: [] }, [["WORKFLOW_TOOLS_MISSING", "tools"]]],
    [
      "full without either",
      { llm, mode: "full" },
      [
        ["WORKFLOW_RETRIEVER_MISSING", "retriever"],
        ["WORKFLOW_TOOLS_MISSING", "tools"],
      ],
    ],
    ["an unknown mode", { llm, mode: "rga" }, [["WORKFLOW_OPTION_TYPE", "mode"]]],
    ["an unknown option", { llm, memory_window: 3 }, [["WORKFLOW_OPTION_UNKNOWN", "memory_window"]]],
    [
      "a user",
      { llm, userId: "alice", conversation_id: "c" },
      [
        ["WORKFLOW_IDENTITY", "userId"],
        ["WORKFLOW_IDENTITY", "conversation_id"],
      ],
    ],
    [
      "both words",
      { llm, model: llm, systemMessage: "a", systemPrompt: "b" },
      [
        ["WORKFLOW_OPTION_CONFLICT", "model"],
        ["WORKFLOW_OPTION_CONFLICT", "systemPrompt"],
      ],
    ],
    [
      "a saver without memory",
      { llm, enableMemory: false, checkpointer: new MemorySaver() },
      [["WORKFLOW_OPTION_CONFLICT", "checkpointer"]],
    ],
    [
      "what the mode never uses",
      { llm, retriever, tools: [search] },
      [
        ["WORKFLOW_OPTION_CONFLICT", "retriever"],
        ["WORKFLOW_OPTION_CONFLICT", "tools"],
      ],
    ],
    [
      "wrong types",
      {
        llm: "gpt",
        name: "",
        enableMemory: 1,
        checkpointer: {},
        store: true,
        systemMessage: 5,
        modelName: 7,
        mode: "rag",
        retriever: () => [],
      },
      [
        ["WORKFLOW_OPTION_TYPE", "name"],
        ["WORKFLOW_OPTION_TYPE", "systemMessage"],
        ["WORKFLOW_OPTION_TYPE", "enableMemory"],
        ["WORKFLOW_OPTION_TYPE", "checkpointer"],
        ["WORKFLOW_OPTION_TYPE", "store"],
        ["WORKFLOW_OPTION_TYPE", "modelName"],
        ["WORKFLOW_OPTION_TYPE", "retriever"],
        ["WORKFLOW_MODEL_UNUSABLE", "llm"],
      ],
    ],
    [
      "unusable tools",
      {
        llm,
        mode: "tools",
        tools: [null, () => 1, scriptedTool("two words", "x"), search, scriptedTool("search", "y")],
      },
      [
        ["WORKFLOW_TOOL_UNUSABLE", "tools[0]"],
        ["WORKFLOW_TOOL_UNUSABLE", "tools[1]"],
        ["WORKFLOW_TOOL_UNUSABLE", "tools[2].name"],
        ["WORKFLOW_TOOL_DUPLICATE", "tools[4].name"],
      ],
    ],
    ["tools that are no list", { llm, mode: "tools", tools: search }, [["WORKFLOW_OPTION_TYPE", "tools"]]],
    [
      "a model that takes no tools",
      { llm: withoutTools, mode: "tools", tools: [search] },
      [["WORKFLOW_MODEL_UNUSABLE", "llm"]],
    ],
    ["a chain that ends in no model", { llm: { invoke: async () => "x" } }, [["WORKFLOW_MODEL_UNUSABLE", "llm"]]],
  ])("names everything wrong with %s", (_, spec, expected) => {
    expect(found(spec)).toEqual(expected);
  });

  it.each([0, -1, 1.5, Number.NaN, 10_001, "20", Number.POSITIVE_INFINITY, null])(
    "refuses a window of %s",
    (memoryWindow) => {
      expect(found({ llm, memoryWindow })).toEqual([["WORKFLOW_MEMORY_WINDOW", "memoryWindow"]]);
    },
  );

  it("says what was got, what was expected and what to write, and quotes no prompt", () => {
    const secret = "the launch code is 1234 and more of it follows here";
    const issues = validateSpec({ lmm: llm, mode: "tolls", systemMessage: ["x"], userId: "alice", [secret]: secret });
    for (const issue of issues) {
      for (const part of [issue.got, issue.expected, issue.fix, issue.message]) expect(part).not.toBe("");
      expect(Object.keys(errorCatalog)).toContain(issue.code);
    }
    expect(issues.find(({ path }) => path === "lmm")).toMatchObject({ expected: '"llm"', fix: "llm: ..." });
    expect(issues.find(({ path }) => path === "mode")?.fix).toBe('mode: "tools"');
    expect(issues.find(({ path }) => path === "userId")?.fix).toContain("stack.as({ userId, conversationId })");
    expect(
      validateSpec({ llm, systemMessage: "", name: secret.repeat(9) })
        .map(({ message }) => message)
        .join(),
    ).not.toContain("launch");
  });

  it("never throws and never takes what is not there, whatever it is given", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("llm", "mode", "tools", "retriever", "name", "__proto__", "constructor", "toString"),
          fc.anything(),
        ),
        (spec) => {
          expect(validateSpec(spec).length).toBeGreaterThan(0);
        },
      ),
    );
    const own = Object.assign(Object.create(null) as object, { ["__proto__x"]: 1 });
    expect(found({ llm, ...own })).toEqual([["WORKFLOW_OPTION_UNKNOWN", "__proto__x"]]);
  });
});
