import { definePlugin, deny, hooks } from "@graphtap/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import type { BaseMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { ask, desks, echo, speaker, texts } from "../fixtures/desk.js";

const desk = desks();
const model = () => scriptedModel(() => ({ say: "one two three" }));
type Chunk = [BaseMessage, { langgraph_node?: string }];

const composed = async () => {
  const made = desk();
  const { manager } = made;
  const nested = await manager.createCompositeWorkflow({ name: "nested", workflows: [{ llm: model() }] });
  const conditional = await manager.createConditionalWorkflow({
    llm: model(),
    conditions: { user_tier: "premium" },
    workflowConfigs: { user_tier: {}, default: nested },
  });
  const parallel = await manager.createCompositeWorkflow({
    executionStrategy: "parallel",
    workflows: [{ llm: model() }, speaker("whole")],
  });
  return { ...made, nested, conditional, parallel };
};

describe("messages of members", () => {
  it.each(["nested", "conditional", "parallel"] as const)("come as they are made (%s), each once", async (name) => {
    const { stack, [name]: graph } = await composed();
    const pieces: string[] = [];
    const config = stack.as({ userId: "a" }, { streamMode: "messages" });
    for await (const [message] of (await graph.stream(ask("hi"), config)) as unknown as AsyncIterable<Chunk>)
      pieces.push(message.text);
    const spoken = name === "parallel" ? pieces.filter((piece) => piece !== "whole") : pieces;
    expect(spoken.length).toBeGreaterThan(2);
    expect(spoken.join("")).toBe("one two three");
  });

  it("leave other modes as they are", async () => {
    const { stack, nested } = await composed();
    const seen: string[] = [];
    let values: unknown;
    const config = stack.as({ userId: "a" }, { streamMode: ["messages", "updates", "values"] });
    for await (const [mode, chunk] of (await nested.stream(ask("hi"), config)) as unknown as AsyncIterable<
      [string, unknown]
    >) {
      if (mode === "updates") seen.push(...Object.keys(chunk as object));
      if (mode === "values") values = chunk;
    }
    expect(seen).toEqual(["member_1"]);
    expect(texts(values)).toEqual(["hi", "one two three"]);
  });

  it("keep their namespace for who asks for subgraphs", async () => {
    const { stack, nested } = await composed();
    const spaces = new Set<boolean>();
    const config = stack.as({ userId: "a" }, { streamMode: "messages", subgraphs: true });
    for await (const [ns] of (await nested.stream(ask("hi"), config)) as unknown as AsyncIterable<[string[], Chunk]>)
      spaces.add(ns.length > 0);
    expect([...spaces]).toEqual([true]);
  });

  it("come over an event stream too", async () => {
    const { stack, nested } = await composed();
    const config = stack.as({ userId: "a" }, { streamMode: "messages", encoding: "text/event-stream" as const });
    let text = "";
    for await (const part of (await nested.stream(ask("hi"), config)) as unknown as AsyncIterable<Uint8Array>)
      text += new TextDecoder().decode(part);
    expect(text.match(/event: messages/g)?.length).toBeGreaterThan(2);
    expect(text).not.toContain("messages|");
  });

  it("wait for whoever judges the output", async () => {
    const judge = definePlugin({
      name: "judge",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.run.output, ({ value }) =>
          texts(value).at(-1)?.includes("secret") === true ? deny("NO", "no") : undefined,
        );
      },
    });
    const { stack, manager, told } = desk({ plugins: [judge()] });
    const run = async (say: string) => {
      const graph = await manager.createCompositeWorkflow({
        name: "judged",
        workflows: [{ llm: scriptedModel(() => ({ say })) }],
      });
      let text = "";
      const config = stack.as({ userId: "a" }, { streamMode: "messages" });
      for await (const [message] of (await graph.stream(ask("hi"), config)) as unknown as AsyncIterable<Chunk>)
        text += message.text;
      return text;
    };
    expect(await run("one two three")).toBe("one two three");
    await expect(run("a secret")).rejects.toMatchObject({ code: "NO" });
    expect(told.runs.filter((line) => line.startsWith("end"))).toEqual(["end judged ok", "end judged denied NO"]);
  });

  it("end with a consumer that leaves", async () => {
    const { stack, manager, told } = desk();
    const slow = await manager.createCompositeWorkflow({
      name: "slow",
      workflows: [{ llm: scriptedModel(() => ({ say: "a b c d", delayMs: 5 })) }, { llm: echo("late") }],
    });
    const config = stack.as({ userId: "a" }, { streamMode: "messages" });
    for await (const _ of await slow.stream(ask("hi"), config)) break;
    await expect.poll(() => told.runs).toEqual(["start slow", "end slow cancelled ABORTED"]);
  });

  it("survive withConfig", async () => {
    const { stack, nested } = await composed();
    const bound = nested.withConfig(stack.as({ userId: "a" }));
    let pieces = 0;
    for await (const _ of await bound.stream(ask("hi"), { streamMode: "messages" })) pieces++;
    expect(pieces).toBeGreaterThan(2);
  });
});
