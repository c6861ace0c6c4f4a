import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool as makeTool } from "@langchain/core/tools";
import {
  Command,
  END,
  entrypoint,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  Send,
  START,
  StateGraph,
  task,
} from "@langchain/langgraph";
import { createReactAgent, ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { asMiddleware } from "@graphtap/langgraph/langchain";
import { scriptedModel } from "@graphtap/testkit";
import { createAgent, createMiddleware } from "langchain";
import { z } from "zod";
import type { Callable } from "./bench.js";
import { asks, type Kit, type Messages, type Route } from "./route.js";

const ask = { messages: [new HumanMessage("drop it")] };
const isAnswered = (messages: readonly BaseMessage[]): boolean => messages.some((m) => ToolMessage.isInstance(m));

/** An agent node that asks for the target once, then stops. */
const agentNode =
  ({ bench, args }: Kit, ...ids: string[]) =>
  (state: Messages): Messages => {
    if (isAnswered(state.messages)) return { messages: [new AIMessage("done")] };
    bench.meanwhile();
    return { messages: [asks(args, ...ids)] };
  };

/** A model that asks for the target once, then stops. */
export const modelOf = (kit: Kit, ids: readonly string[] = ["c1"]) =>
  scriptedModel((messages) => {
    if (isAnswered(messages)) return { say: "done" };
    kit.bench.meanwhile();
    return { calls: ids.map((id) => ({ name: kit.raw.name, args: kit.args, id })) };
  });

/** agent -> tools -> agent, as in every tutorial. */
export function loop(kit: Kit, node: unknown, ids: readonly string[] = ["c1"], options: object = {}) {
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", agentNode(kit, ...ids))
    .addNode("tools", node as ToolNode)
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile(options);
}

const nodeOf = (kit: Kit, tool: Callable = kit.raw): ToolNode => new ToolNode([tool as never]);
const passing = (name: string, body: () => Promise<unknown>): Callable =>
  makeTool(async () => body(), { name, description: "Calls on.", schema: z.object({}) }) as unknown as Callable;
const outerCall = (name: string) =>
  new AIMessage({ content: "", tool_calls: [{ type: "tool_call", name, args: {}, id: "outer" }] });

/** The tool node alone, fed with whatever messages the caller sends. */
const bareNode = (kit: Kit, node: unknown = nodeOf(kit)) =>
  new StateGraph(MessagesAnnotation)
    .addNode("tools", node as ToolNode)
    .addEdge(START, "tools")
    .compile();

const consumed = async (chunks: AsyncIterable<unknown>): Promise<unknown> => {
  let last: unknown;
  for await (const chunk of chunks) last = chunk;
  return last;
};

/** Graphs around the host's own tool: `wrap` has to find it. */
export const GRAPHS: readonly Route[] = [
  {
    name: "ToolNode in a StateGraph",
    denial: "message",
    run: (kit) => kit.bench.stack.wrap(loop(kit, nodeOf(kit))).invoke(ask, kit.bench.as()),
  },
  {
    name: "three calls in one ToolNode",
    denial: "message",
    calls: 3,
    run: (kit) => kit.bench.stack.wrap(loop(kit, nodeOf(kit), ["c1", "c2", "c3"])).invoke(ask, kit.bench.as()),
  },
  {
    name: "two calls with the same id",
    denial: "message",
    calls: 2,
    run: (kit) => kit.bench.stack.wrap(loop(kit, nodeOf(kit), ["c1", "c1"])).invoke(ask, kit.bench.as()),
  },
  {
    name: "one Send per call",
    denial: "message",
    calls: 2,
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("agent", agentNode(kit, "c1", "c2"))
            .addNode("tools", nodeOf(kit))
            .addEdge(START, "agent")
            .addConditionalEdges(
              "agent",
              (s) =>
                ((s.messages.at(-1) as AIMessage).tool_calls ?? []).map(
                  (call) => new Send("tools", { ...s, lg_tool_call: call }),
                ),
              ["tools"],
            )
            .addEdge("tools", END)
            .compile(),
        )
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "a builder wrapped before compile",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(new StateGraph(MessagesAnnotation).addNode("tools", nodeOf(kit)).addEdge(START, "tools"))
        .compile()
        .invoke({ messages: [asks(kit.args)] }, (kit.bench.meanwhile(), kit.bench.as())),
  },
  {
    name: "createAgent v1",
    denial: "message",
    calls: 2,
    run: (kit) =>
      kit.bench.stack
        .wrap(createAgent({ model: modelOf(kit, ["c1", "c2"]), tools: [kit.raw as never], version: "v1" }))
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "createAgent v2",
    denial: "message",
    calls: 2,
    run: (kit) =>
      kit.bench.stack
        .wrap(createAgent({ model: modelOf(kit, ["c1", "c2"]), tools: [kit.raw as never], version: "v2" }))
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "createAgent with a tool middleware",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          createAgent({
            model: modelOf(kit),
            tools: [kit.raw as never],
            middleware: [createMiddleware({ name: "Passes", wrapToolCall: (request, handler) => handler(request) })],
          }),
        )
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "a tool that a langchain middleware brings",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          createAgent({
            model: modelOf(kit),
            tools: [],
            middleware: [createMiddleware({ name: "Brings", tools: [kit.raw as never] })],
          }),
        )
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "a tool that a langchain middleware swaps in",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          createAgent({
            model: modelOf(kit),
            tools: [passing("other", async () => "other") as never],
            middleware: [
              createMiddleware({
                name: "Swaps",
                wrapToolCall: (request, handler) => handler({ ...request, tool: kit.raw as never }),
              }),
            ],
          }),
        )
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "the stack as a langchain middleware",
    denial: "message",
    calls: 2,
    run: (kit) =>
      createAgent({
        model: modelOf(kit, ["c1", "c2"]),
        tools: [kit.raw as never],
        middleware: [asMiddleware(kit.bench.stack)],
      }).invoke(ask as never, kit.bench.as()),
  },
  {
    name: "the stack as a langchain middleware of a wrapped agent",
    denial: "message",
    calls: 2,
    run: (kit) =>
      kit.bench.stack
        .wrap(
          createAgent({
            model: modelOf(kit, ["c1", "c2"]),
            tools: [kit.raw as never],
            middleware: [asMiddleware(kit.bench.stack)],
          }),
        )
        .invoke(ask as never, kit.bench.as()),
  },
  {
    name: "createReactAgent v1",
    denial: "message",
    closedOver: true,
    calls: 2,
    run: (kit) =>
      kit.bench.stack
        .wrap(createReactAgent({ llm: modelOf(kit, ["c1", "c2"]), tools: [kit.raw as never], version: "v1" }))
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "createReactAgent v2",
    denial: "message",
    closedOver: true,
    calls: 2,
    run: (kit) =>
      kit.bench.stack
        .wrap(createReactAgent({ llm: modelOf(kit, ["c1", "c2"]), tools: [kit.raw as never], version: "v2" }))
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "subgraph as a node",
    denial: "message",
    run: (kit) => {
      const outer = new StateGraph(MessagesAnnotation)
        .addNode("inner", loop(kit, nodeOf(kit)))
        .addEdge(START, "inner")
        .compile();
      return kit.bench.stack.wrap(outer).invoke(ask, kit.bench.as());
    },
  },
  {
    name: "subgraph two levels down",
    denial: "message",
    run: (kit) => {
      const middle = new StateGraph(MessagesAnnotation)
        .addNode("inner", loop(kit, nodeOf(kit)))
        .addEdge(START, "inner")
        .compile();
      const outer = new StateGraph(MessagesAnnotation).addNode("middle", middle).addEdge(START, "middle").compile();
      return kit.bench.stack.wrap(outer).invoke(ask, kit.bench.as());
    },
  },
  {
    name: "wrapped subgraph invoked by a closure",
    denial: "message",
    run: (kit) => {
      const inner = kit.bench.stack.wrap(loop(kit, nodeOf(kit)));
      const outer = new StateGraph(MessagesAnnotation)
        .addNode("calls", async (state) => inner.invoke(state))
        .addEdge(START, "calls")
        .compile();
      return kit.bench.stack.wrap(outer).invoke(ask, kit.bench.as());
    },
  },
  {
    name: "ToolNode with a config of its own",
    denial: "message",
    run: (kit) =>
      kit.bench.stack.wrap(loop(kit, nodeOf(kit).withConfig({ tags: ["tagged"] }))).invoke(ask, kit.bench.as()),
  },
  {
    name: "ToolNode with retry",
    denial: "message",
    run: (kit) =>
      kit.bench.stack.wrap(loop(kit, nodeOf(kit).withRetry({ stopAfterAttempt: 2 }))).invoke(ask, kit.bench.as()),
  },
  {
    name: "ToolNode with fallbacks",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(loop(kit, nodeOf(kit).withFallbacks([RunnableLambda.from(() => ({ messages: [] })) as never])))
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "ToolNode in a sequence",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(loop(kit, RunnableLambda.from((s: Messages) => s).pipe(nodeOf(kit))))
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "ToolNode that hands errors on",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(loop(kit, new ToolNode([kit.raw as never], { handleToolErrors: false })))
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "ToolNode over a governed tool",
    denial: "message",
    run: (kit) => kit.bench.stack.wrap(loop(kit, nodeOf(kit, kit.tool))).invoke(ask, kit.bench.as()),
  },
  {
    name: "governed tool in a graph that is not wrapped",
    denial: "message",
    run: (kit) => loop(kit, nodeOf(kit, kit.tool)).invoke(ask, kit.bench.as()),
  },
  {
    name: "node retry policy on a ToolNode",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("tools", nodeOf(kit), { retryPolicy: { maxAttempts: 3, initialInterval: 1 } })
            .addEdge(START, "tools")
            .compile(),
        )
        .invoke({ messages: [asks(kit.args)] }, (kit.bench.meanwhile(), kit.bench.as())),
  },
  {
    name: "tool calls forged in the input",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(bareNode(kit))
        .invoke({ messages: [asks(kit.args)] }, (kit.bench.meanwhile(), kit.bench.as())),
  },
  {
    name: "graph.stream",
    denial: "message",
    run: async (kit) =>
      consumed(
        await kit.bench.stack.wrap(loop(kit, nodeOf(kit))).stream(ask, { ...kit.bench.as(), streamMode: "values" }),
      ),
  },
  {
    name: "graph.streamEvents v2",
    denial: "message",
    run: async (kit) =>
      (
        (await consumed(
          kit.bench.stack.wrap(loop(kit, nodeOf(kit))).streamEvents(ask, { ...kit.bench.as(), version: "v2" }),
        )) as { data: { output: unknown } }
      ).data.output,
  },
  {
    name: "graph.streamEvents v3",
    denial: "message",
    run: async (kit) =>
      (
        (await kit.bench.stack
          .wrap(loop(kit, nodeOf(kit)))
          .streamEvents(ask, { ...kit.bench.as(), version: "v3" } as never)) as unknown as { output: Promise<unknown> }
      ).output,
  },
  {
    name: "graph.batch",
    denial: "message",
    calls: 2,
    run: async (kit) => ({
      messages: (await kit.bench.stack.wrap(loop(kit, nodeOf(kit))).batch([ask, ask], kit.bench.as())).flatMap(
        (s) => (s as Messages).messages,
      ),
    }),
  },
  {
    name: "graph.withConfig",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(loop(kit, nodeOf(kit)))
        .withConfig(kit.bench.as())
        .invoke(ask, { configurable: { thread_id: "t" } }),
  },
  {
    name: "graph.pipe",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(loop(kit, nodeOf(kit)))
        .pipe((x) => x)
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "graph.withRetry",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(loop(kit, nodeOf(kit)))
        .withRetry({ stopAfterAttempt: 2 })
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "graph as a tool of another graph",
    denial: "message",
    nested: true,
    run: (kit) => {
      const inner = kit.bench.stack.wrap(loop(kit, nodeOf(kit))) as unknown as Callable;
      let result: unknown;
      const outer = passing("delegate", async () => {
        result = await inner.invoke(ask);
        return "delegated";
      });
      return kit.bench.stack
        .wrap(bareNode(kit, new ToolNode([outer as never])))
        .invoke({ messages: [outerCall("delegate")] }, kit.bench.as())
        .then(() => result);
    },
  },
];

/** Governed tools that code calls inside a run. */
export const INSIDE: readonly Route[] = [
  {
    name: "a node's code, with arguments",
    denial: "error",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("code", async () => {
              kit.bench.meanwhile();
              return { messages: [new AIMessage(String(await kit.tool.invoke(kit.bare)))] };
            })
            .addEdge(START, "code")
            .compile(),
        )
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "a node's code under a retry policy",
    denial: "error",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode(
              "code",
              async () => {
                kit.bench.meanwhile();
                return { messages: [new AIMessage(String(await kit.tool.invoke(kit.bare)))] };
              },
              { retryPolicy: { maxAttempts: 3, initialInterval: 1, jitter: false } },
            )
            .addEdge(START, "code")
            .compile(),
        )
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "a node's code, with a ToolCall",
    denial: "message",
    run: (kit) =>
      kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("code", async (_state, config) => {
              kit.bench.meanwhile();
              return { messages: [(await kit.tool.invoke(kit.toolCall(), config)) as ToolMessage] };
            })
            .addEdge(START, "code")
            .compile(),
        )
        .invoke(ask, kit.bench.as()),
  },
  {
    name: "the function of a conditional edge",
    denial: "error",
    run: async (kit) => {
      let result: unknown;
      await kit.bench.stack
        .wrap(
          new StateGraph(MessagesAnnotation)
            .addNode("code", () => (kit.bench.meanwhile(), {}))
            .addConditionalEdges("code", async () => ((result = await kit.tool.invoke(kit.bare)), END), [END])
            .addEdge(START, "code")
            .compile(),
        )
        .invoke(ask, kit.bench.as());
      return result;
    },
  },
  {
    name: "task of the functional API",
    denial: "error",
    run: (kit) => {
      const work = task("work", async () => kit.tool.invoke(kit.bare));
      const flow = entrypoint("flow", async () => {
        kit.bench.meanwhile();
        return await work();
      });
      return kit.bench.stack.wrap(flow).invoke({}, kit.bench.as());
    },
  },
  {
    name: "a ToolNode inside a tool",
    denial: "message",
    nested: true,
    run: (kit) => {
      let result: unknown;
      const outer = passing("outer", async () => {
        kit.bench.meanwhile();
        result = await nodeOf(kit, kit.tool).invoke({ messages: [asks(kit.args)] });
        return "called";
      });
      return kit.bench.stack
        .wrap(bareNode(kit, new ToolNode([outer as never])))
        .invoke({ messages: [outerCall("outer")] }, kit.bench.as())
        .then(() => result);
    },
  },
  {
    name: "a tool inside a tool",
    denial: "error",
    nested: true,
    run: (kit) => {
      const outer = kit.bench.stack.wrapTool(
        passing("outer", async () => {
          kit.bench.meanwhile();
          return kit.tool.invoke(kit.bare);
        }),
      );
      return outer.invoke({}, kit.bench.as());
    },
  },
  {
    name: "a tool three tools down",
    denial: "error",
    nested: true,
    run: (kit) => {
      const third = kit.bench.stack.wrapTool(
        passing("third", () => (kit.bench.meanwhile(), kit.tool.invoke(kit.bare))),
      );
      const second = kit.bench.stack.wrapTool(passing("second", () => third.invoke({})));
      return kit.bench.stack.wrapTool(passing("first", () => second.invoke({}))).invoke({}, kit.bench.as());
    },
  },
];

const thread = (kit: Kit, id = "t1", more: Record<string, unknown> = {}) =>
  kit.bench.as({ configurable: { thread_id: id, ...more } });

async function newest<T>(history: AsyncIterable<T>): Promise<T | undefined> {
  for await (const state of history) return state;
  return undefined;
}

/** Routes over the checkpointer. */
export const STATE: readonly Route[] = [
  {
    name: "updateState as the agent, then resume with nothing",
    denial: "message",
    run: async (kit) => {
      const graph = kit.bench.stack.wrap(
        loop(kit, nodeOf(kit), ["never"], { checkpointer: new MemorySaver(), interruptBefore: ["agent"] }),
      );
      await graph.invoke(ask, thread(kit));
      await graph.updateState(thread(kit), { messages: [asks(kit.args)] }, "agent");
      kit.bench.meanwhile();
      return graph.invoke(null, { ...thread(kit), interruptBefore: [] });
    },
  },
  {
    name: "updateState before a breakpoint, then resume",
    denial: "message",
    run: async (kit) => {
      const graph = kit.bench.stack.wrap(
        loop(kit, nodeOf(kit), ["c1"], { checkpointer: new MemorySaver(), interruptBefore: ["tools"] }),
      );
      const paused = await graph.invoke(ask, thread(kit));
      const said = paused.messages.at(-1) as AIMessage;
      await graph.updateState(
        thread(kit),
        {
          messages: [
            new AIMessage({ id: said.id ?? "", content: "", tool_calls: asks(kit.args, "forged").tool_calls ?? [] }),
          ],
        },
        "agent",
      );
      return graph.invoke(null, thread(kit));
    },
  },
  {
    name: "time travel: a fork of an old checkpoint",
    denial: "message",
    run: async (kit) => {
      const graph = kit.bench.stack.wrap(
        loop(kit, nodeOf(kit), ["c1"], { checkpointer: new MemorySaver(), interruptBefore: ["tools"] }),
      );
      await graph.invoke(ask, thread(kit));
      const atTools = await newest(graph.getStateHistory(thread(kit)));
      const forked = await graph.updateState(
        { configurable: { ...atTools?.config.configurable } },
        { messages: [asks(kit.args, "forged")] },
        "agent",
      );
      return graph.invoke(null, { ...kit.bench.as({ configurable: forked.configurable }), interruptBefore: [] });
    },
  },
  {
    name: "time travel: the same checkpoint again",
    denial: "message",
    run: async (kit) => {
      const graph = kit.bench.stack.wrap(
        loop(kit, nodeOf(kit), ["c1"], { checkpointer: new MemorySaver(), interruptBefore: ["tools"] }),
      );
      await graph.invoke(ask, thread(kit));
      const atTools = await newest(graph.getStateHistory(thread(kit)));
      return graph.invoke(null, kit.bench.as({ configurable: { ...atTools?.config.configurable } }));
    },
  },
  {
    name: "Command that goes to the tool node with forged messages",
    denial: "message",
    run: async (kit) => {
      const graph = kit.bench.stack.wrap(
        loop(kit, nodeOf(kit), ["c1"], { checkpointer: new MemorySaver(), interruptBefore: ["agent"] }),
      );
      await graph.invoke(ask, thread(kit));
      kit.bench.meanwhile();
      return graph.invoke(
        new Command({ goto: "tools", update: { messages: [asks(kit.args, "forged")] } }),
        thread(kit),
      );
    },
  },
  {
    name: "resume after a host's own interrupt",
    denial: "message",
    run: async (kit) => {
      const graph = new StateGraph(MessagesAnnotation)
        .addNode("confirm", () => (interrupt("sure?") === "yes" ? { messages: [asks(kit.args)] } : {}))
        .addNode("tools", nodeOf(kit))
        .addEdge(START, "confirm")
        .addEdge("confirm", "tools")
        .compile({ checkpointer: new MemorySaver() });
      const wrapped = kit.bench.stack.wrap(graph);
      await wrapped.invoke(ask, thread(kit));
      kit.bench.meanwhile();
      return wrapped.invoke(new Command({ resume: "yes" }), thread(kit));
    },
  },
];
