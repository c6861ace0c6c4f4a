import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import {
  Annotation,
  Command,
  entrypoint,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  Send,
  START,
  StateGraph,
  task,
} from "@langchain/langgraph";
import * as langgraph from "@langchain/langgraph";
import { createReactAgent, ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { createStack, definePlugin, deny, escalate, hooks, isDenied, type Plugin } from "@graphtap/langgraph";
import { type HookRecorder, recordHooks, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { MINOR } from "../parity-modes/routes.js";

const schema = z.object({ q: z.string() });
const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  n: Annotation<number>(),
});

/** Denies `refund`, asks a person about `wire`, lets everything else pass. */
const policy = definePlugin({
  name: "test-policy",
  version: "1.0.0",
  setup(api) {
    api.tap(hooks.tool.authorize, ({ name }) =>
      name === "refund"
        ? deny("NOT_GRANTED", "Not available.")
        : name === "wire"
          ? escalate({ reason: "money leaves the house" })
          : undefined,
    );
  },
});

async function bench(plugins: readonly Plugin[] = [policy()]) {
  const stack = createStack({ name: "ranges", plugins });
  const seen: HookRecorder = recordHooks(stack);
  await seen.ready;
  const as = (config: object = {}) => stack.as({ userId: "alice", conversationId: "c-1" }, config);
  /** `node.start a`, ... : hook and subject of each firing. */
  const told = (prefix: string): string[] =>
    seen
      .events()
      .filter(({ hook }) => hook.startsWith(prefix))
      .map(({ hook, value }) =>
        [hook, (value as { name?: string }).name, (value as { status?: string }).status]
          .filter((part) => part !== undefined)
          .join(" "),
      );
  return { stack, seen, as, told };
}

const asks = (...calls: { name: string; id: string }[]): AIMessage =>
  new AIMessage({
    content: "",
    tool_calls: calls.map(({ name, id }) => ({ name, id, args: { q: id }, type: "tool_call" })),
  });
const textOf = (messages: readonly BaseMessage[]): string[] =>
  messages.map((message) => `${message.type}: ${message.text}`);

it("runs on the version that was asked for, with GraphTap on the same copy or on its own", async () => {
  const exported = ["createGraphRunStream", "RunControl", "UnknownInterruptError"].map((name) => name in langgraph);
  expect(exported).toEqual([MINOR >= 3, MINOR >= 5, MINOR >= 7]);
  const { stack } = await bench();
  const workflow: object = await stack.createWorkflow({ llm: scriptedModel([]) });
  expect(workflow instanceof langgraph.CompiledStateGraph).toBe(process.env["GRAPHTAP_TEST_OWN_COPY"] !== "yes");
});

describe("tools", () => {
  const graphOf = (ran: string[], first: AIMessage) => {
    const tools = ["search", "refund", "wire"].map((name) =>
      tool(
        async ({ q }) => {
          ran.push(`${name} ${q}`);
          return `${name} did ${q}`;
        },
        { name, description: name, schema },
      ),
    );
    return new StateGraph(MessagesAnnotation)
      .addNode("plan", ({ messages }) => ({
        messages: [messages.some((m) => ToolMessage.isInstance(m)) ? new AIMessage("done") : first],
      }))
      .addNode("tools", new ToolNode(tools))
      .addEdge(START, "plan")
      .addConditionalEdges("plan", toolsCondition)
      .addEdge("tools", "plan")
      .compile({ checkpointer: new MemorySaver() });
  };

  it("runs what is granted and denies what is not, side by side", async () => {
    const ran: string[] = [];
    const { stack, as, told } = await bench();
    const graph = stack.wrap(graphOf(ran, asks({ name: "search", id: "c1" }, { name: "refund", id: "c2" })));
    const { messages } = await graph.invoke({ messages: [new HumanMessage("go")] }, as());
    expect(ran).toEqual(["search c1"]);
    expect(messages.filter(isDenied)).toHaveLength(1);
    expect(textOf(messages).at(-1)).toBe("ai: done");
    expect(told("tool.").toSorted()).toEqual(["tool.denied refund", "tool.end search ok", "tool.start search"]);
    expect(told("run.end")).toEqual(["run.end ok"]);
  });

  it("asks a person by an interrupt of the graph's own, and runs each tool once", async () => {
    const ran: string[] = [];
    const { stack, as, told, seen } = await bench();
    const graph = stack.wrap(
      graphOf(ran, asks({ name: "search", id: "c1" }, { name: "wire", id: "c2" }, { name: "wire", id: "c3" })),
    );
    const first = await graph.invoke({ messages: [new HumanMessage("go")] }, as());
    expect(
      (first as unknown as { __interrupt__: { value: { actionRequests: { name: string }[] } }[] }).__interrupt__.map(
        ({ value }) => value.actionRequests[0]?.name,
      ),
    ).toEqual(["wire"]);
    expect(ran).toEqual([]);
    expect((await graph.getState(as())).next).toEqual(["tools"]);
    await graph.invoke(new Command({ resume: { decisions: [{ type: "approve" }] } }), as());
    const { messages } = await graph.invoke(
      new Command({ resume: { decisions: [{ type: "reject", message: "no" }] } }),
      as(),
    );
    expect(ran.toSorted()).toEqual(["search c1", "wire c2"]);
    expect(messages.filter(isDenied)).toHaveLength(1);
    expect(told("run.end")).toEqual(["run.end paused", "run.end paused", "run.end ok"]);
    const [one, two, three] = seen.of(hooks.run.start).map(({ context }) => context);
    expect([two?.resumedFrom, three?.resumedFrom]).toEqual([one?.runId, two?.runId]);
  });

  it("governs createReactAgent and a bare tool", async () => {
    const { stack, as, told } = await bench();
    const refund = scriptedTool("refund", "refunded", { schema });
    const model = scriptedModel((messages) =>
      messages.some((m) => m.type === "tool") ? { say: "sorry" } : { call: { name: "refund", args: { q: "1" } } },
    );
    const agent = stack.wrap(createReactAgent({ llm: model, tools: [refund as never] }));
    const { messages } = await agent.invoke({ messages: [new HumanMessage("go")] }, as());
    expect(messages.at(-1)?.text).toBe("sorry");
    await expect(stack.wrapTool(refund).invoke({ q: "2" }, as())).rejects.toMatchObject({ code: "NOT_GRANTED" });
    expect(refund.callCount).toBe(0);
    expect(told("tool.")).toEqual(["tool.denied refund", "tool.denied refund"]);
  });
});

describe("graphs", () => {
  it("shows Send fan-out, subgraphs and retries with their attempts", async () => {
    const { stack, as, seen } = await bench([]);
    let failures = 0;
    const child = new StateGraph(Log)
      .addNode("deep", () => ({ log: ["deep"] }))
      .addEdge(START, "deep")
      .compile();
    const graph = stack.wrap(
      new StateGraph(Log)
        .addNode("work", ({ n }) => ({ log: [`work ${n}`] }))
        .addNode(
          "flaky",
          () => {
            if (++failures < 3) throw new Error("again");
            return { log: ["flaky"] };
          },
          { retryPolicy: { maxAttempts: 3, initialInterval: 1, jitter: false, logWarning: false } },
        )
        .addNode("child", child)
        .addConditionalEdges(START, () => [1, 2, 3].map((n) => new Send("work", { n })), ["work"])
        .addEdge("work", "flaky")
        .addEdge("flaky", "child")
        .compile({ checkpointer: new MemorySaver() }),
    );
    const { log } = await graph.invoke({ log: [] }, as());
    const sent = ["work 1", "work 2", "work 3", "flaky"];
    // A subgraph gives back the whole log it was given.
    expect(log).toEqual([...sent, ...sent, "deep"]);
    const nodes = (hook: string): string[] =>
      seen.of(hook).map(({ value, context }) => `${(value as { name: string }).name} ${context?.attempt}`);
    expect(nodes("node.start")).toEqual([
      "work 1",
      "work 1",
      "work 1",
      "flaky 1",
      "flaky 2",
      "flaky 3",
      "child 1",
      "deep 1",
    ]);
    expect(nodes("node.error")).toEqual(["flaky 1", "flaky 2"]);
    expect(seen.of("run.start")).toHaveLength(1);
    expect(new Set(seen.of("node.start").map(({ context }) => context?.taskId)).size).toBe(6);
    expect(seen.of("node.start").find(({ value }) => (value as { name: string }).name === "deep")?.context?.ns).toMatch(
      /^child:/,
    );
  });

  it("follows hand-offs to the parent out of two tools at once, and says that their node ended well", async () => {
    const { stack, as, told } = await bench();
    const handOff = (to: string) =>
      scriptedTool(
        `to_${to}`,
        (_args, config) =>
          new Command({
            graph: Command.PARENT,
            goto: [new Send(to, { messages: [], log: [to] })],
            update: {
              messages: [
                new ToolMessage({
                  content: `moved to ${to}`,
                  tool_call_id: (config as { toolCall?: { id?: string } }).toolCall?.id ?? "",
                }),
              ],
            },
          }),
        { schema },
      );
    const State = Annotation.Root({ ...MessagesAnnotation.spec, ...Log.spec });
    const inner = new StateGraph(State)
      .addNode("tools", new ToolNode([handOff("left"), handOff("right")]))
      .addEdge(START, "tools")
      .compile();
    const graph = stack.wrap(
      new StateGraph(State)
        .addNode("supervisor", inner, { ends: ["left", "right"] })
        .addNode("left", () => ({ log: ["was left"] }))
        .addNode("right", () => ({ log: ["was right"] }))
        .addEdge(START, "supervisor")
        .compile({ checkpointer: new MemorySaver() }),
    );
    const { log } = await graph.invoke(
      { messages: [asks({ name: "to_left", id: "c1" }, { name: "to_right", id: "c2" })] },
      as(),
    );
    expect(log).toEqual(["was left", "was right"]);
    expect(told("node.end").filter((line) => !line.includes("left") && !line.includes("right"))).toEqual([
      "node.end tools ok",
      "node.end supervisor ok",
    ]);
    expect(told("tool.end").toSorted()).toEqual(["tool.end to_left ok", "tool.end to_right ok"]);
    expect(told("run.end")).toEqual(["run.end ok"]);
  });

  it("runs entrypoints with tasks, and goes on after their interrupts", async () => {
    const { stack, as, told } = await bench();
    const search = stack.wrapTool(scriptedTool("search", ({ q }) => `about ${q}`, { schema }));
    const model = stack.wrapModel(scriptedModel(() => ({ say: "drafted", usage: { input: 3, output: 2 } })));
    const draft = task(
      "draft",
      async (topic: string) => `${(await model.invoke(topic)).text} ${await search.invoke({ q: topic })}`,
    );
    const graph = stack.wrap(
      entrypoint({ name: "writer", checkpointer: new MemorySaver() }, async (topic: string) => {
        const text = await draft(topic);
        return { text, verdict: interrupt("fine?") as unknown };
      }),
    );
    await graph.invoke("cats", as());
    expect(await graph.invoke(new Command({ resume: "yes" }), as())).toEqual({
      text: "drafted about cats",
      verdict: "yes",
    });
    expect(told("model.end")).toEqual(["model.end ok"]);
    expect(told("tool.")).toEqual(["tool.start search", "tool.end search ok"]);
    expect(told("run.")).toEqual(["run.start", "run.pause", "run.end paused", "run.start", "run.resume", "run.end ok"]);
  });

  it("keeps the identity of withConfig(as) and takes it off what the graph and its checkpoints see", async () => {
    const { stack, as, seen } = await bench();
    const saver = new MemorySaver();
    const keys: string[][] = [];
    const graph = stack
      .wrap(
        new StateGraph(Log)
          .addNode("look", (_state, config) => {
            keys.push(Object.keys(config.configurable ?? {}).filter((key) => key.includes("graphtap")));
            return { log: ["looked"] };
          })
          .addEdge(START, "look")
          .compile({ checkpointer: saver }),
      )
      .withConfig(as());
    await graph.invoke({ log: [] }, {});
    await graph.invoke({ log: [] }, { configurable: { thread_id: "c-2" } });
    expect(keys).toEqual([[], []]);
    expect(seen.of(hooks.run.start).map(({ context }) => [context?.principal?.label, context?.threadId])).toEqual([
      ["alice", "c-1"],
      ["alice", "c-2"],
    ]);
    for await (const { metadata, config } of saver.list({ configurable: { thread_id: "c-1" } }))
      expect(JSON.stringify([metadata, config])).not.toContain("alice");
  });

  it("reads and updates the state with the config of a run, and goes on from there", async () => {
    const { stack, as, told } = await bench([]);
    const graph = stack.wrap(
      new StateGraph(Log)
        .addNode("a", () => ({ log: ["a"] }))
        .addNode("b", () => ({ log: ["b"] }))
        .addEdge(START, "a")
        .addEdge("a", "b")
        .compile({ checkpointer: new MemorySaver(), interruptBefore: ["b"] }),
    );
    await graph.invoke({ log: [] }, as());
    expect((await graph.getState(as())).next).toEqual(["b"]);
    await graph.updateState(as(), { log: ["by hand"] });
    expect((await graph.invoke(null, as())).log).toEqual(["a", "by hand", "b"]);
    const states = [];
    for await (const state of graph.getStateHistory(as())) states.push(state.next);
    expect(states[0]).toEqual([]);
    expect(told("run.")).toEqual(["run.start", "run.pause", "run.end paused", "run.start", "run.resume", "run.end ok"]);
  });
});
