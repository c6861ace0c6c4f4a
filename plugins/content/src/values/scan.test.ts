import { AIMessage, AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Command, Send } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { programOf } from "../fixtures/texts.js";
import { Memory } from "./memory.js";
import { type FoundAt, Scan } from "./scan.js";

const KEY = "sk-live-4f8a9b2c1d7e";
const MASK = "[hidden:openai-key]";
const limits = { characters: 100_000, nodes: 10_000, depth: 32 };

function scanned(
  value: unknown,
  given: Parameters<typeof programOf>[0] = {},
  own = limits,
  memory: Memory | null = null,
) {
  const found: FoundAt[] = [];
  const scan = new Scan(programOf(given), own, memory, (at) => found.push(at));
  const result = scan.run(value);
  return { ...result, found, paths: found.map(({ path }) => path), shown: () => scan.hidden(value).value };
}

describe("data of any shape", () => {
  it("is looked through with the names of its keys", () => {
    const value = {
      max_tokens: 100,
      timeoutMs: 5_000,
      metadata: { token_type: "bearer", tokens: ["the", "tokenizer"] },
      password: "x",
      nested: [{ apiKey: "abc", note: `use ${KEY}` }],
      limits: new Map<unknown, unknown>([
        ["secret", "s3"],
        ["other", new Set([KEY])],
      ]),
    };
    const { paths, shown, hides } = scanned(value);
    expect(paths.toSorted()).toEqual([
      "$.limits[1]",
      "$.limits[3][0]",
      "$.nested[0].apiKey",
      "$.nested[0].note",
      "$.password",
    ]);
    expect(hides).toBe(true);
    expect(shown()).toEqual({
      ...value,
      password: "[hidden:credential]",
      nested: [{ apiKey: "[hidden:credential]", note: `use ${MASK}` }],
      limits: new Map<unknown, unknown>([
        ["secret", "[hidden:credential]"],
        ["other", new Set([MASK])],
      ]),
    });
    expect(value.password).toBe("x");
  });

  it("reads the names of keys as it reads texts", () => {
    for (const key of [
      "ｐassword",
      "pass\u200bword",
      "p\u0430ssword",
      "password1",
      "PGPASSWORD",
      "passwordConfirmation",
    ])
      expect(scanned({ [key]: "hunter2" }).shown()).toEqual({ [key]: "[hidden:credential]" });
    for (const key of ["passwordLength", "password_policy", "page_token2"])
      expect(scanned({ [key]: "hunter2" }).hides).toBe(false);
  });

  it("knows a list by the name it has", () => {
    const value = {
      password: ["hunter2", ""],
      passwords: ["a"],
      apiKeys: ["abcdef123456", "OPENAI_API_KEY"],
      nested: new Map([["secrets", ["s3cr3tv4lue"]]]),
      tokens: ["the", "tokenizer12"],
      passes: ["1234"],
    };
    const hidden = "[hidden:credential]";
    expect(scanned(value).shown()).toEqual({
      ...value,
      password: [hidden, ""],
      passwords: [hidden],
      apiKeys: [hidden, "OPENAI_API_KEY"],
      nested: new Map([["secrets", [hidden]]]),
    });
  });

  it("keeps what has nothing to hide, as the same object", () => {
    const clean = { a: [1, 2, { text: "hello" }] };
    const value = { clean, dirty: KEY };
    const shown = scanned(value).shown() as typeof value;
    expect(shown.clean).toBe(clean);
    expect(scanned(clean).shown()).toBe(clean);
  });

  it("hides a part at every place that holds it, in circles too", () => {
    const part: Record<string, unknown> = { text: KEY };
    const value: Record<string, unknown> = { one: part, two: [part] };
    part["back"] = value;
    const shown = scanned(value).shown() as { one: Record<string, unknown>; two: unknown[] };
    expect(shown.one["text"]).toBe(MASK);
    expect(shown.two[0]).toBe(shown.one);
    expect(shown.one["back"]).toBe(shown);
    expect(part["text"]).toBe(KEY);
  });

  it("hides names of keys, and a key of any name at any depth", () => {
    expect(scanned({ [KEY]: 1, plain: 2 }).shown()).toEqual({ [MASK]: 1, plain: 2 });
    let deep: unknown = KEY;
    for (let i = 0; i < 25; i++) deep = { deep };
    expect(JSON.stringify(scanned(deep).shown())).not.toContain("sk-live");
  });

  it("says when it could not look at everything: too deep, too wide, too long, unreadable", () => {
    let deep: unknown = "x";
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(scanned(deep).over).toBe("depth");
    expect(scanned(Array.from({ length: 20_000 }, () => 1)).over).toBe("nodes");
    expect(scanned("y".repeat(10_000_000)).over).toBe("characters");
    expect(
      scanned({
        get a(): string {
          throw new Error("no");
        },
      }).over,
    ).toBe("unreadable");
    expect(scanned(new Proxy({}, {})).over).toBe("unreadable");
    expect(scanned({ a: 1 }).over).toBeNull();
    // What is readable beside it is looked at all the same.
    expect(scanned({ p: new Proxy({}, {}), key: KEY }).hides).toBe(true);
  });
});

describe("a value with a getter", () => {
  it("is looked into nowhere beside it, and the getter does not run, on the first look and the second", () => {
    let ran = 0;
    const value = {
      child: { api_key: KEY },
      get late(): string {
        ran++;
        return KEY;
      },
    };
    const { over, hides, paths, shown } = scanned({ value, other: KEY });
    expect({ over, hides, paths }).toEqual({ over: "unreadable", hides: true, paths: ["$.other"] });
    expect((shown() as { value: unknown }).value).toBe(value);
    expect(ran).toBe(0);
  });
});

describe("messages", () => {
  const chunk = new AIMessageChunk({
    content: `take ${KEY}`,
    id: "m-1",
    tool_call_chunks: [{ index: 0, id: "c", name: "t", args: `{"password":"hunter2"}`, type: "tool_call_chunk" }],
    response_metadata: { logprobs: { content: [{ token: "sk" }] }, model_name: "m" },
  });

  it("are looked through: text, blocks, calls, kwargs, artifacts", () => {
    const messages = [
      new HumanMessage({ content: [{ type: "text", text: `a ${KEY}` }] }),
      new AIMessage({
        content: "",
        tool_calls: [{ name: "t", args: { password: "x", note: KEY }, id: "1" }],
        additional_kwargs: { reasoning_content: `it is ${KEY}` },
      }),
      new ToolMessage({ content: "ok", tool_call_id: "1", artifact: { raw: KEY } }),
      chunk,
      new Command({ update: { messages: [new HumanMessage(KEY)] }, goto: new Send("n", { text: KEY }) }),
      new Error(`failed with ${KEY}`),
    ];
    const shown = scanned(messages).shown() as unknown[];
    const text = [
      JSON.stringify(shown),
      String((shown[5] as Error).message),
      JSON.stringify((shown[3] as AIMessageChunk).tool_calls),
      JSON.stringify((shown[3] as AIMessageChunk).lc_kwargs),
    ].join();
    expect(text).not.toContain("4f8a9b2c");
    expect(text).not.toContain("hunter2");
    expect((shown[0] as HumanMessage).text).toBe(`a ${MASK}`);
    expect(HumanMessage.isInstance(shown[0])).toBe(true);
    expect((shown[3] as AIMessageChunk).id).toBe("m-1");
    expect((shown[3] as AIMessageChunk).response_metadata).toEqual({ model_name: "m" });
    expect((shown[3] as AIMessageChunk).concat(new AIMessageChunk("!")).text).toBe(`take ${MASK}!`);
    expect(chunk.text).toBe(`take ${KEY}`);
    expect((shown[4] as Command).lg_name).toBe("Command");
  });

  it("are looked at once in a run, and again when they changed", () => {
    const memory = new Memory(new Set());
    const message = new HumanMessage("mail bob@example.com");
    expect(scanned([message], { personal: "flag" }, limits, memory).paths).toEqual(["$[0].content"]);
    expect(scanned([message], { personal: "flag" }, limits, memory).paths).toEqual([]);
    message.content = `now ${KEY}`;
    expect(scanned([message], {}, limits, memory).hides).toBe(true);
    // What has to be hidden is found again every time.
    expect(scanned([message], {}, limits, memory).hides).toBe(true);
  });
});
