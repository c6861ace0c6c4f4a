import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { CompiledStateGraph, MemorySaver } from "@langchain/langgraph";
import { createStack, isDenied, metrics, PermissionLevel, security, type WorkflowMode } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, failure, keeper, shelf, START } from "./parts.js";

const keep = keeper();
const TOOLS = {
  file_manager: { level: "read" },
  calculator: { level: "read" },
  web_search: { level: "read" },
} as const;
function desk() {
  const stack = keep(
    createStack({ name: "desk", plugins: [metrics(), security({ tools: TOOLS })], clock: fakeClock(START) }),
  );
  return { stack, collector: stack.get(metrics), manager: stack.get(security) };
}
const textOf = ({ messages }: { readonly messages: readonly BaseMessage[] }) => messages.at(-1)?.text;

/** The document's "Enhanced createWorkflow", and what happens by itself when such a graph runs. */
describe("TestCreateWorkflow", () => {
  it("takes the document's options, and says who runs it per run", async () => {
    const { stack, collector, manager } = desk();
    manager.grantToolPermission({ userId: "user123", toolName: "file_manager", permissionLevel: "read" });
    manager.grantToolPermission({ userId: "user123", toolName: "calculator", permissionLevel: "read" });
    const llm = scriptedModel(
      (messages) =>
        messages.at(-1)?.type === "human"
          ? { calls: [{ name: "file_manager" }, { name: "calculator" }], usage: { input: 60, output: 20 } }
          : { say: "done", usage: { input: 50, output: 20 } },
      { provider: "openai", model: "gpt-4" },
    );
    const workflow = await stack.createWorkflow({
      llm,
      mode: "full",
      systemMessage: "You are a helpful assistant.",
      retriever: shelf("GraphTap is plugin middleware."),
      tools: [scriptedTool("file_manager", "3 files"), scriptedTool("calculator", "4")],
      enableMemory: true,
      memoryWindow: 20,
      providerName: "openai",
      modelName: "gpt-4",
    });
    const out = await workflow.invoke(
      ask("What is GraphTap?"),
      stack.as({ userId: "user123", conversationId: "conv456" }),
    );

    expect(workflow).toBeInstanceOf(CompiledStateGraph);
    expect(textOf(out)).toBe("done");
    const [first = []] = llm.calls.map(({ messages }) => messages);
    expect(first.map(({ type }) => type)).toEqual(["system", "human", "human"]);
    expect(first[1]?.text).toContain("GraphTap is plugin middleware.");
    // The figures of the document's metrics example, with nobody's call.
    expect(collector.getWorkflowStats({ hours: 24, userId: "user123" })).toMatchObject({
      totalExecutions: 1,
      totalTokens: 150,
      totalToolCalls: 2,
      providers: { openai: 1 },
    });
    const allowed = await manager.getAuditLog({ userId: "user123", decision: "allowed" });
    expect(allowed).toHaveLength(2);
    expect(new Set(allowed.map(({ tool }) => tool))).toEqual(new Set(["calculator", "file_manager"]));
  });

  it.each<[WorkflowMode, readonly string[]]>([
    ["plain", ["__start__", "model"]],
    ["rag", ["__start__", "model", "retrieve"]],
    ["tools", ["__start__", "model", "tools"]],
    ["full", ["__start__", "model", "retrieve", "tools"]],
  ])("builds mode %s", async (mode, nodes) => {
    const { stack, manager } = desk();
    manager.grantToolPermission({ userId: "user123", toolName: "calculator", permissionLevel: "read" });
    const usesTools = mode === "tools" || mode === "full";
    const llm = scriptedModel(usesTools ? calling("calculator") : () => ({ say: "Result: 4" }));
    const workflow = await stack.createWorkflow({
      llm,
      mode,
      ...(mode === "rag" || mode === "full" ? { retriever: shelf("2 + 2 = 4") } : {}),
      ...(usesTools ? { tools: [scriptedTool("calculator", "4")] } : {}),
    } as Parameters<typeof stack.createWorkflow>[0]);
    expect(Object.keys(workflow.nodes).toSorted()).toEqual(nodes);
    const run = stack.as({ userId: "user123" });
    expect(textOf(await workflow.invoke(ask("2 + 2?"), run))).toBe("Result: 4");
    const streamed: BaseMessage[] = [];
    for await (const [message] of await workflow.stream(ask("2 + 2?"), { ...run, streamMode: "messages" }))
      streamed.push(message);
    expect(streamed.map(({ text }) => text).join("")).toContain("Result: 4");
  });

  it("is plain and without memory unless asked", async () => {
    const { stack } = desk();
    const llm = scriptedModel(() => ({ say: "hi" }));
    const workflow = await stack.createWorkflow({ llm });
    for (let turn = 0; turn < 3; turn++)
      await workflow.invoke(ask("hello"), stack.as({ userId: "user123", conversationId: "conv456" }));
    expect(llm.calls.map(({ messages }) => messages.length)).toEqual([1, 1, 1]);
  });

  it("remembers a conversation, 20 messages of it unless asked otherwise", async () => {
    const { stack } = desk();
    const seen = async (more: { readonly memoryWindow?: number }): Promise<number> => {
      const llm = scriptedModel(() => ({ say: "hi" }));
      const workflow = await stack.createWorkflow({ llm, enableMemory: true, ...more });
      for (let turn = 0; turn < 30; turn++)
        await workflow.invoke(ask("hello"), stack.as({ userId: "user123", conversationId: "conv456" }));
      return Math.max(...llm.calls.map(({ messages }) => messages.length));
    };
    expect(await seen({})).toBe(19);
    expect(await seen({ memoryWindow: 50 })).toBe(49);
  });

  it("refuses a user or a conversation when it is created, and says where it belongs", async () => {
    const { stack } = desk();
    const spec = { llm: scriptedModel([]), userId: "user123", conversationId: "conv456" };
    expect(stack.validate(spec).map(({ code, path }) => [code, path])).toEqual([
      ["WORKFLOW_IDENTITY", "userId"],
      ["WORKFLOW_IDENTITY", "conversationId"],
    ]);
    const error = await failure(stack.createWorkflow(spec as never));
    expect(error.message).toContain("workflow.invoke(input, stack.as({ userId, conversationId }))");
  });

  it.each<[WorkflowMode, readonly string[]]>([
    ["plain", []],
    ["rag", ["WORKFLOW_RETRIEVER_MISSING"]],
    ["tools", ["WORKFLOW_TOOLS_MISSING"]],
    ["full", ["WORKFLOW_RETRIEVER_MISSING", "WORKFLOW_TOOLS_MISSING"]],
  ])("knows what mode %s needs, before anything is built", (mode, codes) => {
    const { stack } = desk();
    expect(stack.validate({ llm: scriptedModel([]), mode }).map(({ code }) => code)).toEqual(codes);
  });

  it("secures and measures one tool call in one place", async () => {
    const { stack, collector, manager } = desk();
    manager.grantToolPermission({ userId: "user123", toolName: "file_manager", permissionLevel: PermissionLevel.READ });
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(calling("file_manager", "calculator")),
      tools: [scriptedTool("file_manager", "3 files"), scriptedTool("calculator", "4")],
    });
    await workflow.invoke(ask("list my files"), stack.as({ userId: "user123", conversationId: "conv456" }));
    expect(collector.report().tools).toMatchObject([
      { name: "calculator", calls: 1, ok: 0, denied: 1 },
      { name: "file_manager", calls: 1, ok: 1, denied: 0 },
    ]);
    const log = await manager.getAuditLog({ userId: "user123" });
    expect(log.filter(({ tool, decision }) => tool === "file_manager" && decision === "allowed")).toHaveLength(1);
    expect(log.filter(({ tool, decision }) => tool === "calculator" && decision === "denied")).toHaveLength(1);
  });

  it("runs the document's quick start, as far as there is a service for it", async () => {
    const { stack, collector, manager } = desk();
    // Grant permissions
    manager.grantToolPermission({ userId: "demo_user", toolName: "calculator", permissionLevel: PermissionLevel.READ });
    // Create the workflow
    const workflow = await stack.createWorkflow({
      llm: scriptedModel(calling("calculator")),
      mode: "tools",
      tools: [scriptedTool("calculator", "4")],
      enableMemory: true,
    });
    // Execute with monitoring
    const result = await workflow.invoke(ask("2 + 2?"), stack.as({ userId: "demo_user", conversationId: "conv123" }));
    expect(textOf(result)).toBe("Result: 4");
    expect(result.messages.some(isDenied)).toBe(false);
    expect(collector.getWorkflowStats({ userId: "demo_user" }).totalExecutions).toBe(1);
  });

  it("branches a conversation at an earlier checkpoint, which stays as it was", async () => {
    const { stack } = desk();
    const llm = scriptedModel((messages) => ({ say: `answer to ${messages.at(-1)?.text}` }));
    const workflow = await stack.createWorkflow({ llm, checkpointer: new MemorySaver() });
    const conv456 = stack.as({ userId: "user123", conversationId: "conv456" });
    await workflow.invoke(ask("first"), conv456);
    const { config: after } = await workflow.getState(conv456);
    await workflow.invoke(ask("second"), conv456);
    const { thread_id, checkpoint_id, checkpoint_ns } = after.configurable ?? {};
    const branch = stack.as({ userId: "user123" }, { configurable: { thread_id, checkpoint_id, checkpoint_ns } });
    const forked = await workflow.invoke(ask("other"), branch);
    expect(forked.messages.map(({ text }) => text)).toEqual(["first", "answer to first", "other", "answer to other"]);
    const kept: string[][] = [];
    for await (const { values } of workflow.getStateHistory(conv456))
      kept.push((values as { messages?: BaseMessage[] }).messages?.map(({ text }) => text) ?? []);
    expect(kept).toContainEqual(["first", "answer to first", "second", "answer to second"]);
    expect(forked.messages.at(-1)).toBeInstanceOf(AIMessage);
  });
});
