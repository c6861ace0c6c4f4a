import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import {
  type BaseCheckpointSaver,
  Command,
  END,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  Send,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { createReactAgent, ToolNode } from "@langchain/langgraph/prebuilt";
import {
  createStack,
  DeniedError,
  definePlugin,
  deny,
  escalate,
  hooks,
  isDenied,
  type Stack,
  type ToolCall,
  type Who,
} from "@graphtap/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import { createAgent, createMiddleware } from "langchain";
import { hash } from "@graphtap/values";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Callable } from "./bench.js";

type Verdict = ReturnType<typeof deny> | ReturnType<typeof escalate> | undefined;

/** A stack whose guard asks what the test says now, and tools that record what they ran with. */
interface Desk {
  readonly stack: Stack;
  guard: (call: ToolCall) => Verdict;
  prepare: ((args: unknown) => unknown) | null;
  readonly ran: string[];
  readonly quota: { taken: number; settled: number; released: number };
  readonly denied: string[];
  tool(name: string, body?: (args: { amount: number }) => unknown): Callable;
}

const ask = (): Verdict => escalate({ reason: "a person must agree" });

function desk(guard: (call: ToolCall) => Verdict, ran: string[] = []): Desk {
  const quota = { taken: 0, settled: 0, released: 0 };
  const denied: string[] = [];
  const policy = definePlugin({
    name: "test-desk",
    version: "1.0.0",
    setup(api) {
      api.tap(hooks.tool.prepare, (draft) =>
        made.prepare === null ? undefined : { ...draft, args: made.prepare(draft.args) },
      );
      api.tap(hooks.tool.authorize, (call) => made.guard(call));
      api.tap(hooks.tool.admit, () => {
        quota.taken++;
        return { settle: () => void quota.settled++, release: () => void quota.released++ };
      });
      api.tap(hooks.tool.denied, (event) => void denied.push(`${event.name}:${event.code}`));
    },
  });
  const made: Desk = {
    stack: createStack({ name: "desk", plugins: [policy()] }),
    guard,
    prepare: null,
    ran,
    quota,
    denied,
    tool: (name, body = () => "paid") =>
      tool(
        async (args) => {
          const result = await body(args);
          ran.push(`${name} ${args.amount}`);
          return String(result);
        },
        { name, description: name, schema: z.object({ amount: z.number() }) },
      ) as unknown as Callable,
  };
  return made;
}

const call = (name: string, amount = 1, id = name) => ({ type: "tool_call" as const, name, args: { amount }, id });
const clerk: Who = { userId: "alice" };
const at = ({ stack }: Desk, thread = "t1") => stack.as(clerk, { configurable: { thread_id: thread } });
const resume = (value: unknown) => new Command({ resume: value });
const decide = (...decisions: object[]) => resume({ decisions });
const approve = decide({ type: "approve" });

interface Result {
  messages: BaseMessage[];
  __interrupt__?: {
    id?: string;
    value: { actionRequests: { name: string; args: unknown }[]; graphtap: { argsHash: string } };
  }[];
}
interface Graph {
  invoke(input: unknown, config: object): Promise<Result>;
}

/** One node with all calls of a message, as a StateGraph runs it. */
function node(
  d: Desk,
  tools: readonly Callable[],
  checkpointer: BaseCheckpointSaver | undefined = new MemorySaver(),
  options: object = {},
): Graph {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("tools", new ToolNode(tools as never))
    .addEdge(START, "tools")
    .compile({ ...(checkpointer === undefined ? {} : { checkpointer }), ...options });
  return d.stack.wrap(graph) as unknown as Graph;
}
const says = (...calls: ReturnType<typeof call>[]) => ({
  messages: [new AIMessage({ id: "ai", content: "", tool_calls: calls })],
});
const asked = (result: Result): string[] =>
  (result.__interrupt__ ?? []).map(({ value }) =>
    value.actionRequests.map(({ name, args }) => `${name} ${(args as { amount?: number }).amount}`).join(),
  );
const outcomes = (result: Result): string[] =>
  result.messages
    .filter((m) => ToolMessage.isInstance(m))
    .map((m) => `${m.name}: ${isDenied(m) ? String(m.content).split(":", 1)[0] : String(m.content)}`);
const only =
  (...names: string[]) =>
  (c: ToolCall): Verdict =>
    names.includes(c.name) ? ask() : undefined;

describe("parallel calls of one ToolNode", () => {
  it("two that need approval and one that does not: asked in order, each run once, each answer for its own question", async () => {
    const d = desk(only("a", "b"));
    const graph = node(d, [d.tool("a"), d.tool("plain"), d.tool("b")]);
    const first = await graph.invoke(says(call("a", 1), call("plain", 2), call("b", 3)), at(d));
    expect({ asked: asked(first), ran: d.ran, taken: d.quota.taken }).toEqual({ asked: ["a 1"], ran: [], taken: 0 });
    const second = await graph.invoke(approve, at(d));
    expect({ asked: asked(second), ran: d.ran, taken: d.quota.taken }).toEqual({ asked: ["b 3"], ran: [], taken: 0 });
    const third = await graph.invoke(approve, at(d));
    expect({ asked: asked(third), ran: [...d.ran].sort(), quota: d.quota }).toEqual({
      asked: [],
      ran: ["a 1", "b 3", "plain 2"],
      quota: { taken: 3, settled: 3, released: 0 },
    });
    expect(outcomes(third)).toEqual(["a: paid", "plain: paid", "b: paid"]);
  });

  it("the answers are told apart: the first rejected, the second approved", async () => {
    const d = desk(only("a", "b"));
    const graph = node(d, [d.tool("a"), d.tool("b")]);
    await graph.invoke(says(call("a"), call("b")), at(d));
    await graph.invoke(decide({ type: "reject", message: "Not today." }), at(d));
    const last = await graph.invoke(approve, at(d));
    expect({ ran: d.ran, denied: d.denied, quota: d.quota }).toEqual({
      ran: ["b 1"],
      denied: ["a:APPROVAL_REJECTED"],
      quota: { taken: 1, settled: 1, released: 0 },
    });
    expect(String(last.messages.find((m) => isDenied(m))?.content)).toContain("Not today.");
  });

  it("the same tool twice with the same arguments is asked about twice", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")]);
    await graph.invoke(says(call("a", 1, "x"), call("a", 1, "y")), at(d));
    await graph.invoke(approve, at(d));
    await graph.invoke(decide({ type: "reject" }), at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["a 1"], denied: ["a:APPROVAL_REJECTED"] });
  });

  it("a call that is denied never asks, and the others do", async () => {
    const d = desk((c) => (c.name === "a" ? deny("NO", "No.") : ask()));
    const graph = node(d, [d.tool("a"), d.tool("b")]);
    const first = await graph.invoke(says(call("a"), call("b")), at(d));
    expect({ asked: asked(first), denied: d.denied }).toEqual({ asked: ["b 1"], denied: [] });
    await graph.invoke(approve, at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["b 1"], denied: ["a:NO"] });
  });
});

describe("answers", () => {
  const answered = async (
    decision: unknown,
    guard: (c: ToolCall) => Verdict = ask,
  ): Promise<{ ran: string[]; denied: string[]; last: Result }> => {
    const d = desk(guard);
    const graph = node(d, [d.tool("a"), d.tool("b")]);
    await graph.invoke(says(call("a", 5)), at(d));
    const last = await graph.invoke(resume(decision), at(d));
    return { ran: d.ran, denied: d.denied, last };
  };
  const editedTo = (editedAction: object): object => ({ decisions: [{ type: "edit", editedAction }] });

  it("edit runs the edited arguments", async () =>
    expect(await answered(editedTo({ name: "a", args: { amount: 2 } }))).toMatchObject({ ran: ["a 2"], denied: [] }));
  it("edit may not rename the tool", async () =>
    expect(await answered(editedTo({ name: "b", args: { amount: 5 } }))).toMatchObject({
      ran: [],
      denied: ["a:APPROVAL_VOID"],
    }));
  it("edit is judged again", async () => {
    const limit = (c: ToolCall): Verdict =>
      (c.parsed as { amount: number }).amount > 100 ? deny("TOO_MUCH", "Too much.") : ask();
    expect(await answered(editedTo({ name: "a", args: { amount: 1_000 } }), limit)).toMatchObject({
      ran: [],
      denied: ["a:TOO_MUCH"],
    });
  });
  it("edit with arguments that the schema refuses runs nothing, not even the original", async () => {
    for (const args of [{ amount: "many" }, undefined, null])
      expect(await answered(editedTo({ name: "a", args }))).toMatchObject({ ran: [], denied: ["a:APPROVAL_VOID"] });
  });
  it("an answer that only inherits its type is none", async () =>
    expect(await answered(Object.create({ type: "approve" }))).toMatchObject({ ran: [], denied: ["a:APPROVAL_VOID"] }));
  it("edit without an action runs nothing", async () =>
    expect(await answered({ decisions: [{ type: "edit" }] })).toMatchObject({ ran: [], denied: ["a:APPROVAL_VOID"] }));
  for (const value of [
    "yes",
    true,
    { approved: true },
    { decisions: [] },
    { decisions: [{ type: "Approve" }] },
    [],
    { type: "respond" },
    { decisions: "approve" },
    { decisions: [{ type: "approve" }, { type: "reject" }] },
  ])
    it(`${JSON.stringify(value)} is no approval`, async () =>
      expect(await answered(value)).toMatchObject({ ran: [], denied: ["a:APPROVAL_VOID"] }));
  it("a decision that names other arguments by hash is void", async () =>
    expect(await answered({ decisions: [{ type: "approve", argsHash: "0".repeat(64) }] })).toMatchObject({
      ran: [],
      denied: ["a:APPROVAL_VOID"],
    }));
  it("a decision that names the shown arguments by hash counts", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")]);
    const first = await graph.invoke(says(call("a")), at(d));
    await graph.invoke(decide({ type: "approve", argsHash: first.__interrupt__?.[0]?.value.graphtap.argsHash }), at(d));
    expect(d.ran).toEqual(["a 1"]);
  });
  it("an approval does not beat a denial of today", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")]);
    await graph.invoke(says(call("a")), at(d));
    d.guard = () => deny("REVOKED", "Not any more.");
    await graph.invoke(approve, at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: [], denied: ["a:REVOKED"] });
  });
  it("arguments that changed while it waited void the approval", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")]);
    await graph.invoke(says(call("a", 1)), at(d));
    d.prepare = () => ({ amount: 1_000 });
    await graph.invoke(approve, at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: [], denied: ["a:APPROVAL_VOID"] });
  });
});

describe("guards that change their mind during a pause", () => {
  it("would now allow: the same question keeps its answer, and the next one is asked", async () => {
    const d = desk(only("a", "b"));
    const graph = node(d, [d.tool("a"), d.tool("b")]);
    await graph.invoke(says(call("a"), call("b")), at(d));
    d.guard = only("b");
    const second = await graph.invoke(decide({ type: "reject" }), at(d));
    expect({ asked: asked(second), ran: d.ran }).toEqual({ asked: ["b 1"], ran: [] });
    d.guard = () => undefined;
    await graph.invoke(approve, at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["b 1"], denied: ["a:APPROVAL_REJECTED"] });
  });
  it("would now ask about an earlier call too: the answer stays with the call it was given for", async () => {
    const d = desk(only("b"));
    const graph = node(d, [d.tool("a"), d.tool("b")]);
    await graph.invoke(says(call("a"), call("b")), at(d));
    d.guard = only("a", "b");
    const second = await graph.invoke(approve, at(d));
    expect({ asked: asked(second), ran: d.ran }).toEqual({ asked: ["a 1"], ran: [] });
    await graph.invoke(decide({ type: "reject" }), at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["b 1"], denied: ["a:APPROVAL_REJECTED"] });
  });
  it("has no taps any more: the open question is still answered first", async () => {
    const d = desk(ask);
    const saver = new MemorySaver();
    await node(d, [d.tool("a")], saver).invoke(says(call("a")), at(d));
    const bare = createStack({ name: "bare", plugins: [] });
    let own: unknown;
    const asks = tool(
      async () => {
        own = interrupt("pin?");
        return "done";
      },
      { name: "a", description: "a", schema: z.object({ amount: z.number() }) },
    );
    const graph = bare.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("tools", new ToolNode([asks]))
        .addEdge(START, "tools")
        .compile({ checkpointer: saver }),
    );
    const config = { configurable: { thread_id: "t1" } };
    await (graph as unknown as Graph).invoke(approve, config);
    await (graph as unknown as Graph).invoke(resume("1234"), config);
    expect(own).toBe("1234");
  });
});

describe("answers that were given to no question", () => {
  it("an approval sent before anybody was asked approves nothing", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")], new MemorySaver(), { interruptBefore: ["tools"] });
    await graph.invoke(says(call("a")), at(d));
    const blind = await graph.invoke(approve, at(d));
    expect({ asked: asked(blind), ran: d.ran }).toEqual({ asked: ["a 1"], ran: [] });
    await graph.invoke(approve, at(d));
    expect(d.ran).toEqual(["a 1"]);
  });
  it("an approval of arguments that updateState replaced asks again, with the new ones", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")]);
    await graph.invoke(says(call("a", 1)), at(d));
    await (graph as unknown as { updateState(c: object, v: object, as: string): Promise<unknown> }).updateState(
      at(d),
      says(call("a", 1_000)),
      START,
    );
    const second = await graph.invoke(approve, at(d));
    expect({ asked: asked(second), ran: d.ran }).toEqual({ asked: ["a 1000"], ran: [] });
  });
  for (const form of ["one answer", "answers by id"] as const)
    it(`the answer to a tool's own interrupt cannot pass for a question that was asked: ${form}`, async () => {
      const d = desk(() => undefined);
      let pin: unknown = null;
      const graph = node(d, [d.tool("own", () => (pin = interrupt("pin?")))]);
      const first = await graph.invoke(says(call("own")), at(d));
      d.ran.length = 0;
      d.guard = ask;
      const forged = { graphtap: "asked", name: "own", callId: "own", at: 0, hash: hash({ amount: 1 }) };
      const id = (first as { __interrupt__?: { id: string }[] }).__interrupt__?.[0]?.id ?? "";
      await expect(
        graph.invoke(resume(form === "one answer" ? forged : { [id]: forged }), at(d)),
      ).rejects.toMatchObject({ code: "APPROVAL_VOID" });
      const second = await graph.invoke(approve, at(d));
      expect({ asked: asked(second), ran: d.ran, pin }).toEqual({ asked: ["own 1"], ran: [], pin: null });
    });
  it("the answer to a tool's own interrupt approves no new question", async () => {
    const d = desk(() => undefined);
    let pin: unknown = null;
    const graph = node(d, [d.tool("a"), d.tool("own", () => (pin = interrupt("pin?")))]);
    await graph.invoke(says(call("a"), call("own")), at(d));
    d.ran.length = 0;
    d.guard = only("a");
    const second = await graph.invoke(approve, at(d));
    expect({ asked: asked(second), ran: d.ran, pin }).toEqual({ asked: ["a 1"], ran: [], pin: null });
  });
  it("nor do those that it was given in earlier runs", async () => {
    const d = desk(() => undefined);
    const graph = node(d, [d.tool("a"), d.tool("own", () => (interrupt("one?"), interrupt("two?"), "paid"))]);
    await graph.invoke(says(call("a"), call("own")), at(d));
    await graph.invoke(approve, at(d));
    d.ran.length = 0;
    d.guard = only("a");
    const third = await graph.invoke(approve, at(d));
    expect({ asked: asked(third), ran: d.ran }).toEqual({ asked: ["a 1"], ran: [] });
    await graph.invoke(decide({ type: "reject" }), at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: [], denied: ["a:APPROVAL_REJECTED"] });
  });
});

describe("a tool's own interrupt", () => {
  it("after approvals, gets its own answer", async () => {
    const d = desk(only("a", "b"));
    const pins: unknown[] = [];
    const graph = node(d, [d.tool("a"), d.tool("b", () => (pins.push(interrupt("pin?")), "paid"))]);
    await graph.invoke(says(call("a"), call("b")), at(d));
    await graph.invoke(approve, at(d));
    const third = (await graph.invoke(approve, at(d))) as unknown as { __interrupt__: { value: unknown }[] };
    expect({ asked: third.__interrupt__.map((i) => i.value), pins }).toEqual({ asked: ["pin?"], pins: [] });
    await graph.invoke(resume("1234"), at(d));
    expect({ pins, b: d.ran.filter((r) => r.startsWith("b")) }).toEqual({ pins: ["1234"], b: ["b 1"] });
  });
  it("of an approved tool alone: it runs to its end once, two answers, two questions", async () => {
    const d = desk(ask);
    const pins: unknown[] = [];
    const graph = node(d, [d.tool("a", () => pins.push(interrupt("one?"), interrupt("two?")))]);
    await graph.invoke(says(call("a")), at(d));
    await graph.invoke(approve, at(d));
    await graph.invoke(resume("1"), at(d));
    await graph.invoke(resume("2"), at(d));
    expect({ pins, ran: d.ran }).toEqual({ pins: ["1", "2"], ran: ["a 1"] });
    // A pause gives its place back, and the run that goes on takes one of its own.
    expect(d.quota).toEqual({ taken: 3, settled: 1, released: 2 });
  });
});

describe("one Send per call", () => {
  const ids = ["x", "y"];
  const model = () =>
    scriptedModel((messages) =>
      messages.some((m) => m.type === "tool")
        ? { say: "done" }
        : { calls: ids.map((id, i) => ({ name: "a", args: { amount: i + 1 }, id })) },
    );
  const start = { messages: [new HumanMessage("go")] };
  const sends = (d: Desk, checkpointer: MemorySaver): Graph =>
    d.stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("agent", () => ({
          messages: [new AIMessage({ content: "", tool_calls: ids.map((id, i) => call("a", i + 1, id)) })],
        }))
        .addNode("tools", new ToolNode([d.tool("a") as never]))
        .addEdge(START, "agent")
        .addConditionalEdges(
          "agent",
          (s) =>
            ((s.messages.at(-1) as AIMessage).tool_calls ?? []).map(
              (c) => new Send("tools", { ...s, lg_tool_call: c }),
            ),
          ["tools"],
        )
        .addEdge("tools", END)
        .compile({ checkpointer }),
    ) as unknown as Graph;
  const kinds: Record<string, (d: Desk, checkpointer: MemorySaver) => Graph> = {
    "StateGraph with Send": sends,
    "createAgent v2": (d, checkpointer) =>
      d.stack.wrap(
        createAgent({ model: model(), tools: [d.tool("a") as never], version: "v2", checkpointer }),
      ) as unknown as Graph,
    "createReactAgent v2": (d, checkpointer) =>
      d.stack.wrap(
        createReactAgent({ llm: model(), tools: [d.tool("a") as never], version: "v2", checkpointSaver: checkpointer }),
      ) as unknown as Graph,
  };
  for (const [name, make] of Object.entries(kinds)) {
    it(`${name}: one answer approves one call`, async () => {
      const d = desk(ask);
      const graph = make(d, new MemorySaver());
      const first = await graph.invoke(start, at(d));
      expect(asked(first).sort()).toEqual(["a 1", "a 2"]);
      const second = await graph.invoke(approve, at(d));
      expect(d.ran).toHaveLength(1);
      expect(asked(second)).toHaveLength(1);
      await graph.invoke(decide({ type: "reject" }), at(d));
      expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["a 1"], denied: ["a:APPROVAL_REJECTED"] });
    });
    it(`${name}: answers by id reach their own questions`, async () => {
      const d = desk(ask);
      const graph = make(d, new MemorySaver());
      const first = await graph.invoke(start, at(d));
      const answers = Object.fromEntries(
        (first.__interrupt__ ?? []).map((i) => [
          i.id,
          {
            decisions: [
              { type: (i.value.actionRequests[0]?.args as { amount: number }).amount === 2 ? "approve" : "reject" },
            ],
          },
        ]),
      );
      await graph.invoke(resume(answers), at(d));
      expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["a 2"], denied: ["a:APPROVAL_REJECTED"] });
    });
  }
});

describe("other places", () => {
  it("createAgent v1 with a middleware of its own", async () => {
    const d = desk(only("a"));
    const model = scriptedModel((messages) =>
      messages.some((m) => m.type === "tool")
        ? { say: "done" }
        : {
            calls: [
              { name: "a", args: { amount: 1 }, id: "x" },
              { name: "b", args: { amount: 2 }, id: "y" },
            ],
          },
    );
    const middleware = [
      createMiddleware({
        name: "Copies",
        wrapToolCall: (request, handler) => handler({ ...request, toolCall: structuredClone(request.toolCall) }),
      }),
    ];
    const graph = d.stack.wrap(
      createAgent({
        model,
        tools: [d.tool("a"), d.tool("b")] as never,
        version: "v1",
        checkpointer: new MemorySaver(),
        middleware,
      }),
    ) as unknown as Graph;
    expect(asked(await graph.invoke({ messages: [new HumanMessage("go")] }, at(d)))).toEqual(["a 1"]);
    await graph.invoke(approve, at(d));
    expect({ ran: d.ran.sort(), quota: d.quota }).toEqual({
      ran: ["a 1", "b 2"],
      quota: { taken: 2, settled: 2, released: 0 },
    });
  });

  it("a middleware that changes an approved call", async () => {
    const d = desk(ask);
    const model = scriptedModel((messages) =>
      messages.some((m) => m.type === "tool") ? { say: "done" } : { call: { name: "a", args: { amount: 1 }, id: "x" } },
    );
    const middleware = [
      createMiddleware({
        name: "Changes",
        wrapToolCall: (request, handler) =>
          handler({ ...request, toolCall: { ...request.toolCall, args: { amount: 1_000 } } }),
      }),
    ];
    const graph = d.stack.wrap(
      createAgent({ model, tools: [d.tool("a") as never], checkpointer: new MemorySaver(), middleware }),
    ) as unknown as Graph;
    await graph.invoke({ messages: [new HumanMessage("go")] }, at(d));
    await graph.invoke(approve, at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: [], denied: ["a:APPROVAL_NOT_POSSIBLE"] });
  });

  it("a subgraph", async () => {
    const d = desk(only("a", "b"));
    const inner = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([d.tool("a"), d.tool("b")] as never))
      .addEdge(START, "tools")
      .compile();
    const graph = d.stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("inner", inner)
        .addEdge(START, "inner")
        .compile({ checkpointer: new MemorySaver() }),
    ) as unknown as Graph;
    expect(asked(await graph.invoke(says(call("a"), call("b")), at(d)))).toEqual(["a 1"]);
    expect(asked(await graph.invoke(approve, at(d)))).toEqual(["b 1"]);
    await graph.invoke(decide({ type: "reject" }), at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["a 1"], denied: ["b:APPROVAL_REJECTED"] });
  });

  it("another process: what was asked is in the checkpoint", async () => {
    const saver = new MemorySaver();
    const ran: string[] = [];
    const build = (guard: (c: ToolCall) => Verdict): { d: Desk; graph: Graph } => {
      const d = desk(guard, ran);
      return { d, graph: node(d, [d.tool("a"), d.tool("b")], saver) };
    };
    const first = build(only("b"));
    await first.graph.invoke(says(call("a"), call("b")), at(first.d));
    const second = build(only("a", "b"));
    expect(asked(await second.graph.invoke(approve, at(second.d)))).toEqual(["a 1"]);
    const third = build(() => undefined);
    await third.graph.invoke(decide({ type: "reject" }), at(third.d));
    expect({ ran, denied: third.d.denied }).toEqual({ ran: ["b 1"], denied: ["a:APPROVAL_REJECTED"] });
  });

  it("a resume that nobody makes is refused, and the question stays open", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")]);
    await graph.invoke(says(call("a")), at(d));
    for (const config of [
      { configurable: { thread_id: "t1" } },
      { configurable: { thread_id: "t1", langgraph_auth_user: { identity: "alice" } } },
      JSON.parse(JSON.stringify(at(d))) as object,
    ])
      await expect(graph.invoke(approve, config)).rejects.toMatchObject({ code: "IDENTITY_MISSING" });
    expect(d.ran).toEqual([]);
    await graph.invoke(approve, at(d));
    expect(d.ran).toEqual(["a 1"]);
  });

  it("a replayed approval runs nothing again", async () => {
    const d = desk(ask);
    const graph = node(d, [d.tool("a")]);
    await graph.invoke(says(call("a")), at(d));
    await graph.invoke(approve, at(d));
    await graph.invoke(approve, at(d)).catch(() => undefined);
    expect(d.ran).toEqual(["a 1"]);
  });
});

describe("where nobody can be asked, an escalation is a denial", () => {
  it("a bare call, a ToolCall, and a call inside a tool", async () => {
    const d = desk((c) => (c.name === "a" ? ask() : undefined));
    const a = d.stack.wrapTool(d.tool("a"));
    const outer = d.stack.wrapTool(d.tool("outer", () => a.invoke({ amount: 1 })));
    const code = async (work: Promise<unknown>): Promise<unknown> =>
      work.catch((error: unknown) => (DeniedError.isDenied(error) ? error.code : error));
    expect(await code(a.invoke({ amount: 1 }, d.stack.as(clerk)))).toBe("APPROVAL_NOT_POSSIBLE");
    expect(isDenied(await a.invoke(call("a"), d.stack.as(clerk)))).toBe(true);
    expect(await code(outer.invoke({ amount: 1 }, d.stack.as(clerk)))).toBe("APPROVAL_NOT_POSSIBLE");
    expect(d.ran).toEqual([]);
  });
  it("a graph without a checkpointer", async () => {
    const d = desk(only("a"));
    const graph = d.stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("tools", new ToolNode([d.tool("a"), d.tool("b")] as never))
        .addEdge(START, "tools")
        .compile(),
    ) as unknown as Graph;
    const result = await graph.invoke(says(call("a"), call("b")), d.stack.as(clerk));
    expect({ outcomes: outcomes(result), ran: d.ran }).toEqual({
      outcomes: ["a: APPROVAL_NOT_POSSIBLE", "b: paid"],
      ran: ["b 1"],
    });
  });
});

// The notes live in LangGraph's own book of a task: every supported version must have it where it is looked for.
describe.each(["langgraph-1-0", "langgraph-1-3", "langgraph-1-5"])("%s", (version) => {
  it("asks in order and keeps each answer with its call", async () => {
    const lg = (await import(version)) as typeof import("@langchain/langgraph");
    const prebuilt = (await import(`${version}/prebuilt`)) as typeof import("@langchain/langgraph/prebuilt");
    const d = desk(only("b"));
    const graph = d.stack.wrap(
      new lg.StateGraph(lg.MessagesAnnotation)
        .addNode("tools", new prebuilt.ToolNode([d.tool("a"), d.tool("b")] as never))
        .addEdge(lg.START, "tools")
        .compile({ checkpointer: new MemorySaver() }),
    ) as unknown as Graph;
    const answer = (type: string) => new lg.Command({ resume: { decisions: [{ type }] } });
    expect(asked(await graph.invoke(says(call("a"), call("b")), at(d)))).toEqual(["b 1"]);
    d.guard = only("a", "b");
    expect(asked(await graph.invoke(answer("approve"), at(d)))).toEqual(["a 1"]);
    await graph.invoke(answer("reject"), at(d));
    expect({ ran: d.ran, denied: d.denied }).toEqual({ ran: ["b 1"], denied: ["a:APPROVAL_REJECTED"] });
  });
});
