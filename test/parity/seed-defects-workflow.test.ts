import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { type BaseMessage, ToolMessage } from "@langchain/core/messages";
import { createStack, definePlugin, hooks, isDenied, metrics, security, type Workflow } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, failure, keeper, START } from "./parts.js";

const keep = keeper();
const desk = () => keep(createStack({ name: "desk", plugins: [metrics(), security()], clock: fakeClock(START) }));

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: workflows", () => {
  it("a memory window bounded nothing: with 2, the model saw 1, 3, 5, 7, 9 messages", async () => {
    const stack = desk();
    const llm = scriptedModel(() => ({ say: "ok" }));
    const workflow = await stack.createWorkflow({ llm, enableMemory: true, memoryWindow: 2 });
    const conv456 = stack.as({ userId: "user123", conversationId: "conv456" });
    for (let turn = 0; turn < 5; turn++) await workflow.invoke(ask(`question ${turn}`), conv456);
    // Two would be an answer without its question and the new question: what is seen starts with a question.
    expect(llm.calls.map(({ messages }) => messages.map(({ text }) => text))).toEqual(
      [0, 1, 2, 3, 4].map((turn) => [`question ${turn}`]),
    );
    const { values } = await workflow.getState(conv456);
    expect((values as { messages: BaseMessage[] }).messages).toHaveLength(10);
  });

  it("Bob's run returned Alice's message", async () => {
    const stack = desk();
    const llm = scriptedModel((messages) => ({ say: `You said: ${messages.map(({ text }) => text).join(", ")}` }));
    const workflow = await stack.createWorkflow({ llm, enableMemory: true });
    const say = async (userId: string, text: string) =>
      JSON.stringify(await workflow.invoke(ask(text), stack.as({ userId, conversationId: `${userId}-1` })));
    const [, bob] = await Promise.all([say("alice", "my PIN is 4711"), say("bob", "hello")]);
    const bobAgain = await say("bob", "what was said?");
    const alice = await say("alice", "and now?");
    expect(alice).toContain("4711");
    expect(bob + bobAgain).not.toMatch(/4711|alice|and now/);
    expect(alice).not.toMatch(/what was said|bob/);
    // And a conversation that nobody named is not made up: it would be found by nobody, or by everybody.
    expect(await failure(workflow.invoke(ask("hello"), stack.as({ userId: "bob" })))).toMatchObject({
      code: "THREAD_ID_MISSING",
    });
  });

  it("whoever created a graph was the user of all its runs", async () => {
    const stack = desk();
    stack.get(security).grantToolPermission({ userId: "alice", toolName: "calculator", permissionLevel: "write" });
    const sums = scriptedTool("calculator", "4");
    const tools = [sums];
    const llm = scriptedModel(calling("calculator"));
    const made: Workflow[] = [];
    // Even when it is made inside a run of somebody.
    const maker = scriptedTool("maker", async () => {
      made.push(await stack.createWorkflow({ mode: "tools", llm, tools }));
      return "made";
    });
    stack.get(security).grantToolPermission({ userId: "alice", toolName: "maker", permissionLevel: "write" });
    const outer = await stack.createWorkflow({ mode: "tools", llm: scriptedModel(calling("maker")), tools: [maker] });
    await outer.invoke(ask("make one"), stack.as({ userId: "alice" }));
    expect(made).toHaveLength(1);
    const workflow = made[0] as Workflow;
    const run = (userId: string) => workflow.invoke(ask("2 + 2?"), stack.as({ userId }));
    const results = await Promise.all([run("alice"), run("bob")]);
    expect(results.map(({ messages }) => messages.filter(isDenied).length)).toEqual([0, 1]);
    expect(sums.callCount).toBe(1);
    const executions = (userId: string) => stack.get(metrics).getWorkflowStats({ userId }).totalExecutions;
    expect([executions("alice"), executions("bob")]).toEqual([2, 1]);
    expect(await failure(workflow.invoke(ask("2 + 2?")))).toMatchObject({ code: "IDENTITY_MISSING" });
  });

  it("tools that were asked for together ran one after the other", async () => {
    const stack = keep(createStack({ plugins: [metrics()] }));
    let meet = () => {};
    const met = new Promise<void>((resolve) => (meet = resolve));
    let waiting = 0;
    const both = async () => {
      if (++waiting === 2) meet();
      await met;
      return "met";
    };
    const workflow = await stack.createWorkflow({
      mode: "tools",
      llm: scriptedModel(calling("left", "right")),
      tools: [scriptedTool("left", both), scriptedTool("right", both)],
    });
    const { messages } = await workflow.invoke(ask("go"));
    expect(messages.filter((message) => ToolMessage.isInstance(message)).map(({ text }) => text)).toEqual([
      "met",
      "met",
    ]);
  });

  it("there was one of everything in a process: two systems shared users, limits and figures", async () => {
    const [one, two] = [desk(), desk()];
    one.get(security).grantToolPermission({ userId: "alice", toolName: "calculator", permissionLevel: "write" });
    const sums = scriptedTool("calculator", "4");
    const call = (stack: typeof one) => stack.wrapTool(sums).invoke({}, stack.as({ userId: "alice" }));
    expect(await call(one)).toBe("4");
    expect(await failure(call(two))).toMatchObject({ code: "PERMISSION_NOT_GRANTED" });
    expect(one.get(metrics).report().denials).toEqual([]);
    expect(two.get(metrics).report().tools).toMatchObject([{ name: "calculator", ok: 0, denied: 1 }]);
    // What one of them issued is nobody for the other.
    expect(
      await failure(two.wrapTool(scriptedTool("calculator", "4")).invoke({}, one.as({ userId: "alice" }))),
    ).toMatchObject({
      code: "IDENTITY_NOT_ISSUED",
    });
  });

  it("a concern more was an edit in one closure more: here it is a plugin, and the graph does not change", async () => {
    const seen: string[] = [];
    const watch = definePlugin({
      name: "watch",
      version: "1.0.0",
      setup(api) {
        api.tap(hooks.run.start, ({ workflow }) => void seen.push(`start ${workflow}`));
        api.tap(hooks.tool.end, ({ name, status }) => void seen.push(`${name} ${status}`));
        api.tap(hooks.run.end, ({ status }) => void seen.push(`end ${status}`));
      },
    });
    const stack = keep(createStack({ plugins: [metrics()] }));
    const tools = [scriptedTool("calculator", "4")];
    const workflow = await stack.createWorkflow({
      name: "sums",
      mode: "tools",
      llm: scriptedModel(calling("calculator")),
      tools,
    });
    const nodes = Object.keys(workflow.nodes);
    const without = await workflow.invoke(ask("2 + 2?"));
    await stack.use(watch());
    const withIt = await workflow.invoke(ask("2 + 2?"));
    await stack.remove("watch");
    await workflow.invoke(ask("2 + 2?"));
    expect(seen).toEqual(["start sums", "calculator ok", "end ok"]);
    expect(Object.keys(workflow.nodes)).toEqual(nodes);
    expect(withIt.messages.map(({ type, text }) => [type, text])).toEqual(
      without.messages.map(({ type, text }) => [type, text]),
    );
  });
});
