import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { Command, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fakeClock, scriptedTool } from "../index.js";

const calling = (name: string, args: Record<string, unknown> = {}): { messages: AIMessage[] } => ({
  messages: [new AIMessage({ content: "", tool_calls: [{ type: "tool_call", id: "c1", name, args }] })],
});
const answersOf = async (
  tool: ReturnType<typeof scriptedTool>,
  args?: Record<string, unknown>,
): Promise<ToolMessage[]> =>
  ((await new ToolNode([tool]).invoke(calling(tool.name, args))) as { messages: ToolMessage[] }).messages;

describe("scriptedTool", () => {
  it("answers values and computed values, and records what it was called with", async () => {
    const clock = fakeClock(1_000);
    const refund = scriptedTool("refund", ({ orderId }, _config, index) => `${index}: refunded ${orderId}`, {
      schema: z.object({ orderId: z.string().trim() }),
      clock,
    });
    expect(await refund.invoke({ orderId: " A-17 " }, { configurable: { thread_id: "t" } })).toBe("0: refunded A-17");
    expect(refund.calls).toMatchObject([
      { args: { orderId: "A-17" }, at: 1_000, index: 0, config: { configurable: { thread_id: "t" } } },
    ]);
    const typed: string | undefined = refund.calls[0]?.args.orderId;
    expect(typed).toBe("A-17");
    expect((await answersOf(scriptedTool("list", { items: [1, 2] })))[0]).toMatchObject({
      content: '{"items":[1,2]}',
      tool_call_id: "c1",
      name: "list",
    });
  });

  it("throws errors that are given, returned or thrown", async () => {
    const error = new Error("out of stock");
    for (const answer of [error, () => error, () => Promise.reject(error)]) {
      const tool = scriptedTool("refund", answer);
      await expect(tool.invoke({})).rejects.toBe(error);
      expect(await answersOf(tool)).toMatchObject([
        { status: "error", content: expect.stringContaining("out of stock") as string },
      ]);
      expect(tool.callCount).toBe(2);
    }
  });

  it("does not run when its schema refuses the arguments", async () => {
    const tool = scriptedTool("refund", "ok", { schema: z.object({ orderId: z.string() }) });
    await expect(tool.invoke({ orderId: 5 } as unknown as { orderId: string })).rejects.toThrow(
      "did not match expected schema",
    );
    expect(tool.calls).toEqual([]);
  });

  it("hands Commands and ToolMessages on", async () => {
    const hop = scriptedTool(
      "hop",
      () =>
        new Command({
          goto: "end",
          update: { messages: [new ToolMessage({ content: "hopped", tool_call_id: "c1" })] },
        }),
    );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([hop]), { ends: ["end"] })
      .addNode("end", () => ({ messages: [new AIMessage("arrived")] }))
      .addEdge(START, "tools")
      .addEdge("end", END)
      .compile();
    expect((await graph.invoke(calling("hop"))).messages.map((message) => message.text)).toEqual([
      "",
      "hopped",
      "arrived",
    ]);
    const message = new ToolMessage({ content: "mine", tool_call_id: "c1", artifact: { a: 1 } });
    expect((await answersOf(scriptedTool("own", message)))[0]?.artifact).toEqual({ a: 1 });
  });

  it("returns an artifact beside the content when it is told to", async () => {
    const tool = scriptedTool("chart", ["drawn", { points: 3 }], { responseFormat: "content_and_artifact" });
    expect((await answersOf(tool))[0]).toMatchObject({ content: "drawn", artifact: { points: 3 } });
  });

  it("waits, and ends the wait when the run is aborted", async () => {
    const clock = fakeClock();
    const tool = scriptedTool("slow", "done", { delayMs: 50, clock });
    const waiting = tool.invoke({});
    await clock.advanceAsync(50);
    expect(await waiting).toBe("done");
    const stop = new AbortController();
    const aborted = tool.invoke({}, { signal: stop.signal });
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await expect(aborted).rejects.toThrow(/[Aa]bort/);
    expect(clock.pending).toBe(0);
  });

  it("forgets the oldest calls, counts them all, and works through derived objects", async () => {
    const tool = scriptedTool("many", "x", { keep: 2, metadata: { level: "read" }, description: "Many." });
    const derived = Object.create(tool) as typeof tool;
    for (let index = 0; index < 4; index++) await (index % 2 === 0 ? tool : derived).invoke({ index });
    expect([tool.calls.map(({ args }) => args["index"]), tool.callCount]).toEqual([[2, 3], 4]);
    expect([tool.metadata, tool.description, scriptedTool("d", 1).description]).toEqual([
      { level: "read" },
      "Many.",
      "Scripted tool d",
    ]);
  });
});
