import { createStack, definePlugin, escalate, hooks, isDenied } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { Command, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { content } from "./index.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
const MASK = "[hidden:openai-key]";
type Options = Parameters<typeof content>[0];

/** A human is asked about every call of "pay". */
const desk = definePlugin({
  name: "desk",
  version: "1.0.0",
  identity: "none",
  setup: (api) =>
    void api.tap(hooks.tool.authorize, ({ name }) => (name === "pay" ? escalate({ reason: "money" }) : undefined)),
});

/** What one process builds: its own stack, model, tools and graph over the checkpoints of all. */
function build(saver: MemorySaver, args: unknown, options: Options = {}, stream = false) {
  const stack = createStack({ plugins: [content(options), desk()] });
  const send = scriptedTool("send", "sent");
  const pay = scriptedTool("pay", "paid");
  const calls = [
    { name: "send", args },
    { name: "pay", args: { amount: 5 } },
  ] as never;
  const model = stack.wrapModel(
    scriptedModel((messages) => (messages.at(-1)?.type === "tool" ? { say: "done" } : { calls })).bindTools([
      send,
      pay,
    ]),
  );
  const graph = stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => {
        if (!stream) return { messages: [await model.invoke(state.messages, config)] };
        let whole;
        for await (const chunk of await model.stream(state.messages, config))
          whole = whole === undefined ? chunk : whole.concat(chunk);
        return { messages: [whole as never] };
      })
      .addNode("tools", new ToolNode([send, pay]))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile({ checkpointer: saver }),
  );
  return { stack, send, pay, graph, as: () => stack.as({ userId: "alice", conversationId: "c" }) };
}
const ask = { messages: [{ role: "user" as const, content: "go" }] };
const approve = new Command({ resume: { decisions: [{ type: "approve" }] } }) as never;

describe("a call whose arguments were emptied before a pause", () => {
  for (const stream of [false, true])
    for (const where of ["the same process", "a new process"] as const)
      for (const pause of ["an approval beside it", "a breakpoint"] as const)
        it(`is refused after ${pause}, in ${where}, the model ${stream ? "streamed" : "invoked"}`, async () => {
          const saver = new MemorySaver();
          const first = build(saver, { text: `use ${KEY}` }, {}, stream);
          const stop = pause === "a breakpoint" ? { interruptBefore: ["tools" as const] } : {};
          await first.graph.invoke(ask, { ...first.as(), ...stop });
          expect(first.send.callCount).toBe(0);
          const then = where === "the same process" ? first : build(saver, { text: `use ${KEY}` }, {}, stream);
          if (pause === "a breakpoint") await then.graph.invoke(null, then.as());
          const out = await then.graph.invoke(approve, then.as());
          expect([then.send.callCount, then.pay.callCount]).toEqual([0, 1]);
          expect(out.messages.filter(isDenied).map((message) => message.text.split(":", 1)[0])).toEqual([
            "CONTENT_BLOCKED",
          ]);
          expect(JSON.stringify(out)).not.toContain("Zq8");
          await first.stack.dispose();
        });

  it("is counted once, however often it is judged", async () => {
    const { graph, stack, as } = build(new MemorySaver(), { text: `${KEY} of thea@example.com` });
    await graph.invoke(ask, as());
    await graph.invoke(approve, as());
    const { triggers } = stack.get(content).stats();
    expect(triggers.map(({ detector, place, action, count }) => [detector, place, action, count])).toEqual([
      ["email", "output", "flag", 1],
      ["openai-key", "output", "mask", 1],
      ["openai-key", "toolArguments", "block", 1],
    ]);
  });

  it("is counted once also where it is only flagged, or masked on its way in", async () => {
    for (const action of ["flag", "mask"] as const) {
      const options: Options = { secrets: "allow", personal: { output: "allow", toolArguments: action } };
      const { graph, stack, send, as } = build(new MemorySaver(), { text: "thea@example.com" }, options);
      await graph.invoke(ask, as());
      expect(stack.get(content).stats().total).toBe(0);
      await graph.invoke(approve, as());
      expect(send.callCount).toBe(1);
      const { triggers } = stack.get(content).stats();
      expect(triggers.map(({ detector, place, count }) => [detector, place, count])).toEqual([
        ["email", "toolArguments", 1],
      ]);
    }
  });
});

describe("a call that repeats what stands in the place of a hidden value", () => {
  const sent = async (args: unknown, options: Options = {}): Promise<number> => {
    const { stack, send, graph, as } = build(new MemorySaver(), args, options);
    await graph.invoke(ask, as());
    await graph.invoke(approve, as());
    await stack.dispose();
    return send.callCount;
  };

  it("is refused where the detector blocks arguments, for nobody can tell it from one that was emptied", async () => {
    expect(await sent({ text: `the user wrote ${MASK}` })).toBe(0);
    expect(await sent({ [`x ${MASK}`]: [{ deep: 1 }] })).toBe(0);
  });

  it("is made where arguments are masked, where the detector only masks, and for names of no detector", async () => {
    expect(await sent({ text: MASK }, { secrets: "mask" })).toBe(1);
    expect(await sent({ text: "[hidden:email] [hidden:nothing] [hidden:" })).toBe(1);
  });

  it("is refused for deny lists and patterns too", async () => {
    const options: Options = {
      deny: [{ id: "names", terms: ["falcon"], action: { output: "mask", toolArguments: "block" } }],
      patterns: [{ id: "ticket", pattern: "T-[0-9]{4}", action: { output: "mask", toolArguments: "block" } }],
    };
    expect(await sent({ text: "about falcon" }, options)).toBe(0);
    expect(await sent({ text: "about T-1234" }, options)).toBe(0);
    expect(await sent({ text: "about hawks" }, options)).toBe(1);
  });
});
