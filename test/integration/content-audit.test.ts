import { audit } from "@graphtap/audit";
import { content } from "@graphtap/content";
import { createStack } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { Annotation, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";

describe("content beside audit", () => {
  it.each(["before", "after"])("writes finds into its log, and a refusal only once, listed %s it", async (order) => {
    const mine = content();
    const theirs = audit();
    await using stack = createStack({ plugins: order === "before" ? [mine, theirs] : [theirs, mine] });
    const note = scriptedTool("note", "noted");
    const desk = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel((messages) =>
        messages.at(-1)?.type === "tool"
          ? { say: `the key is ${KEY}`, chunks: ["the key is ", ...KEY] }
          : { call: { name: "note", args: { text: KEY } } },
      ),
      tools: [note],
    });
    const who = { userId: "alice", tenantId: "acme" };
    await desk.invoke({ messages: [{ role: "user", content: `mail thea@example.com, key ${KEY}` }] }, stack.as(who));
    expect(note.callCount).toBe(0);
    const { entries } = stack.get(audit).query({ class: "denial", ...who });
    expect(
      entries.map(({ event, code }) => [event, code]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ).toEqual([
      ["content.flagged", null],
      ["content.masked", null],
      ["content.masked", null],
      ["content.masked", null],
      ["tool.denied", "CONTENT_BLOCKED"],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/Zq8Xw|thea/);
  });

  it("writes a refusal of what leaves a run, or comes out of a bare call, once", async () => {
    await using stack = createStack({
      plugins: [content({ personal: { output: "block", toolResult: "block" } }), audit()],
    });
    const who = { userId: "alice" };
    const graph = stack.wrap(
      new StateGraph(Annotation.Root({ note: Annotation<string> }))
        .addNode("write", () => ({ note: "mail thea@example.com" }))
        .addEdge("__start__", "write")
        .compile(),
    );
    await expect(graph.invoke({ note: "hi" }, stack.as(who))).rejects.toMatchObject({ code: "CONTENT_BLOCKED" });
    const tool = stack.wrapTool(scriptedTool("look", "mail thea@example.com"));
    await expect(tool.invoke({}, stack.as(who))).rejects.toMatchObject({ code: "CONTENT_BLOCKED" });
    const { entries } = stack.get(audit).query({ class: "denial" });
    expect(entries.map(({ event, code, plugin }) => [event, code, plugin])).toEqual(
      expect.arrayContaining([
        ["tool.denied", "CONTENT_BLOCKED", "content"],
        ["run.denied", "CONTENT_BLOCKED", "content"],
      ]),
    );
    expect(entries).toHaveLength(2);
  });
});
