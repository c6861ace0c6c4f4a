import { Annotation, Command, MemorySaver, MessagesAnnotation, Send, START, StateGraph } from "@langchain/langgraph";
import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { tool } from "@langchain/core/tools";
import { scriptedTool } from "@graphtap/testkit";
import { z } from "zod";
import { example, input } from "./make.js";

const Log = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });

function child(options: { readonly checkpointer?: MemorySaver | boolean; readonly name?: string } = {}) {
  return new StateGraph(Log)
    .addNode("inner", (state, config) => {
      config.writer?.({ inner: state.log.length });
      return { log: [`inner ${state.log.length}`] };
    })
    .addNode("more", () => ({ log: ["more"] }))
    .addEdge(START, "inner")
    .addEdge("inner", "more")
    .compile(options as never);
}

export const subgraph = example("subgraph as a node", ["subgraph", "checkpointer", "custom-stream"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("outer", () => ({ log: ["outer"] }))
    .addNode("child", child())
    .addEdge(START, "outer")
    .addEdge("outer", "child")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: ["in"] }), input({ log: ["again"] })], savers: [saver] };
});

export const ownMemory = example("subgraph with checkpointer: true", ["subgraph", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("child", child({ checkpointer: true }))
    .addEdge(START, "child")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: ["in"] }), input({ log: ["again"] })], savers: [saver] };
});

export const ownSaver = example("subgraph with a saver of its own", ["subgraph", "checkpointer"], () => {
  const saver = new MemorySaver();
  const own = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("child", child({ checkpointer: own }))
    .addEdge(START, "child")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: ["in"] })], savers: [saver, own] };
});

export const noMemory = example("subgraph with checkpointer: false in a graph without one", ["subgraph"], () => {
  const graph = new StateGraph(Log)
    .addNode("child", child({ checkpointer: false }))
    .addEdge(START, "child")
    .compile();
  return { graph, turns: [input({ log: ["in"] })] };
});

export const nested = example("three levels", ["subgraph", "checkpointer", "custom-stream"], () => {
  const saver = new MemorySaver();
  const middle = new StateGraph(Log)
    .addNode("deep", child({ name: "deepest" }))
    .addEdge(START, "deep")
    .compile({ name: "middle" });
  const graph = new StateGraph(Log)
    .addNode("middle", middle)
    .addEdge(START, "middle")
    .compile({ checkpointer: saver, name: "top" });
  return { graph, turns: [input({ log: ["in"] })], savers: [saver] };
});

export const closure = example("subgraph invoked inside a node", ["subgraph", "checkpointer"], () => {
  const saver = new MemorySaver();
  const inner = child();
  const graph = new StateGraph(Log)
    .addNode("call", async (state, config) => {
      const out = await inner.invoke({ log: [`from ${state.log.length}`] }, config);
      return { log: out.log };
    })
    .addEdge(START, "call")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: ["in"] })], savers: [saver] };
});

export const closures = example(
  "graphs called with and without a config, by nodes and by nodes of such graphs",
  ["subgraph", "checkpointer"],
  () => {
    const saver = new MemorySaver();
    const inner = child();
    const middle = new StateGraph(Log)
      .addNode("deep", async (_state, config) => ({ log: (await inner.invoke({ log: ["deep"] }, config)).log }))
      .addNode("child", child())
      .addEdge(START, "deep")
      .addEdge("deep", "child")
      .compile();
    const graph = new StateGraph(Log)
      .addNode("explicit", async (_state, config) => ({ log: (await middle.invoke({ log: ["a"] }, config)).log }))
      .addNode("implicit", async () => ({ log: (await inner.invoke({ log: ["b"] })).log }))
      .addNode("named", async (_state, config) => ({
        log: (await inner.invoke({ log: ["c"] }, { ...config, runName: "mine" })).log,
      }))
      .addEdge(START, "explicit")
      .addEdge("explicit", "implicit")
      .addEdge("implicit", "named")
      .compile({ checkpointer: saver });
    return { graph, turns: [input({ log: ["in"] })], savers: [saver] };
  },
);

export const toolsThatCall = example(
  "tools of a node that call graphs with and without a config",
  ["subgraph", "checkpointer", "tools"],
  (through) => {
    const saver = new MemorySaver();
    const inner = child();
    const byTool = (name: string, handsOn: boolean) =>
      through.tool(
        tool(
          async ({ word }: { word: string }, config) =>
            (await inner.invoke({ log: [word] }, handsOn ? config : undefined)).log.join(),
          { name, description: "Calls a graph.", schema: z.object({ word: z.string() }) },
        ),
      );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([byTool("handing", true), byTool("silent", false)]))
      .addEdge(START, "tools")
      .compile({ checkpointer: saver });
    const asks = (name: string) =>
      input({
        messages: [
          new AIMessage({
            id: name,
            content: "",
            tool_calls: [{ id: `call-${name}`, name, args: { word: name }, type: "tool_call" }],
          }),
        ],
      });
    return { graph, turns: [asks("handing"), asks("silent")], savers: [saver] };
  },
);

export const parallelChildren = example("subgraphs by Send", ["subgraph", "send", "parallel"], () => {
  const graph = new StateGraph(Log)
    .addNode("child", child())
    .addNode("end", (state) => ({ log: [`end ${state.log.length}`] }))
    .addConditionalEdges(START, () => [new Send("child", { log: ["x"] }), new Send("child", { log: ["y", "z"] })], [
      "child",
    ])
    .addEdge("child", "end")
    .compile();
  return { graph, turns: [input({ log: ["in"] })] };
});

export const toParent = example("Command to the parent", ["subgraph", "command", "checkpointer"], () => {
  const saver = new MemorySaver();
  const inner = new StateGraph(Log)
    .addNode("leave", () => new Command({ graph: Command.PARENT, goto: "other", update: { log: ["left"] } }), {
      ends: [],
    })
    .addEdge(START, "leave")
    .compile();
  const graph = new StateGraph(Log)
    .addNode("child", inner, { ends: ["other"] })
    .addNode("other", (state) => ({ log: [`other ${state.log.length}`] }))
    .addEdge(START, "child")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: ["in"] })], savers: [saver] };
});

export const handOffs = example(
  "parallel hand-offs to the parent",
  ["subgraph", "send", "parallel", "tools", "command", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const handOff = (to: string) =>
      through.tool(
        scriptedTool(`to_${to}`, (args, config) => {
          const callId = (config as { toolCallId?: string } | undefined)?.toolCallId ?? "";
          effects.push({ to, args });
          return new Command({
            graph: Command.PARENT,
            goto: [
              new Send(to, {
                messages: [
                  new AIMessage({ id: `to-${to}`, content: `task for ${to}` }),
                  new ToolMessage({ id: `answer-${to}`, content: `to ${to}`, tool_call_id: callId }),
                ],
              }),
            ],
          });
        }),
      );
    const team = new StateGraph(MessagesAnnotation)
      .addNode("boss", () => ({
        messages: [
          new AIMessage({
            id: "boss",
            content: "",
            tool_calls: [
              { id: "call-1", name: "to_h1", args: { n: 1 }, type: "tool_call" },
              { id: "call-2", name: "to_h2", args: { n: 2 }, type: "tool_call" },
            ],
          }),
        ],
      }))
      .addNode("tools", new ToolNode([handOff("h1"), handOff("h2")]))
      .addEdge(START, "boss")
      .addEdge("boss", "tools")
      .compile();
    const worker = (name: string) => (state: typeof MessagesAnnotation.State) => ({
      messages: [new AIMessage({ id: name, content: `${name} saw ${state.messages.length}` })],
    });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("team", team, { ends: ["h1", "h2"] })
      .addNode("h1", worker("h1"))
      .addNode("h2", worker("h2"))
      .addEdge(START, "team")
      .compile({ checkpointer: saver });
    return {
      graph,
      turns: [input({ messages: [{ role: "user", content: "both", id: "u1" }] })],
      savers: [saver],
      effects,
    };
  },
);

export const subgraphs = [
  subgraph,
  ownMemory,
  ownSaver,
  noMemory,
  nested,
  closure,
  closures,
  toolsThatCall,
  parallelChildren,
  toParent,
  handOffs,
];
