import {
  Annotation,
  Command,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { AIMessage } from "@langchain/core/messages";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { scriptedTool } from "@graphtap/testkit";
import { z } from "zod";
import { example, goOn, input, resume } from "./make.js";

const Log = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });

export const ask = example("interrupt and resume", ["interrupts", "checkpointer"], () => {
  const saver = new MemorySaver();
  const effects: unknown[] = [];
  const graph = new StateGraph(Log)
    .addNode("before", () => ({ log: ["before"] }))
    .addNode("ask", () => {
      effects.push("asking");
      const answer: unknown = interrupt({ question: "go?" });
      effects.push("answered");
      return { log: [`answer ${String(answer)}`] };
    })
    .addEdge(START, "before")
    .addEdge("before", "ask")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: [] }), resume("yes")], savers: [saver], effects };
});

export const askTwice = example(
  "two interrupts in one node, and an update with the resume",
  ["interrupts", "checkpointer", "command"],
  () => {
    const saver = new MemorySaver();
    const graph = new StateGraph(Log)
      .addNode("ask", () => {
        const first: unknown = interrupt("first");
        const second: unknown = interrupt("second");
        return { log: [`${String(first)} ${String(second)}`] };
      })
      .addEdge(START, "ask")
      .compile({ checkpointer: saver });
    return {
      graph,
      turns: [
        input({ log: [] }),
        resume("one"),
        { kind: "resume", input: new Command({ resume: "two", update: { log: ["updated"] } }) },
      ],
      savers: [saver],
    };
  },
);

export const askInChild = example("interrupt in a subgraph", ["interrupts", "subgraph", "checkpointer"], () => {
  const saver = new MemorySaver();
  const effects: unknown[] = [];
  const child = new StateGraph(Log)
    .addNode("work", () => {
      effects.push("work");
      return { log: ["work"] };
    })
    .addNode("ask", () => ({ log: [`child ${String(interrupt("in child"))}`] }))
    .addEdge(START, "work")
    .addEdge("work", "ask")
    .compile();
  const graph = new StateGraph(Log)
    .addNode("child", child)
    .addNode("after", () => ({ log: ["after"] }))
    .addEdge(START, "child")
    .addEdge("child", "after")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: ["in"] }), resume({ ok: true })], savers: [saver], effects };
});

export const askInParallel = example(
  "parallel interrupts, resumed by id",
  ["interrupts", "parallel", "checkpointer"],
  () => {
    const saver = new MemorySaver();
    const asking = (name: string) => () => ({ log: [`${name} ${String(interrupt(name))}`] });
    const graph = new StateGraph(Log)
      .addNode("left", asking("left"))
      .addNode("right", asking("right"))
      .addNode("free", () => ({ log: ["free"] }))
      .addEdge(START, "left")
      .addEdge(START, "right")
      .addEdge(START, "free")
      .compile({ checkpointer: saver });
    // Ids of interrupts are random, so the answers go by the order in which both are asked.
    return { graph, turns: [input({ log: [] }), resume("L"), resume("R")], savers: [saver] };
  },
);

export const askInTool = example(
  "interrupt in one of two parallel tool calls",
  ["interrupts", "tools", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const safe = through.tool(
      scriptedTool("safe", ({ n }) => {
        effects.push({ safe: n });
        return `safe ${String(n)}`;
      }),
    );
    const risky = through.tool(
      scriptedTool("risky", ({ n }) => `risky ${String(n)} ${String(interrupt({ tool: "risky", n }))}`),
    );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("plan", () => ({
        messages: [
          new AIMessage({
            id: "plan",
            content: "",
            tool_calls: [
              { id: "c1", name: "safe", args: { n: 1 }, type: "tool_call" },
              { id: "c2", name: "risky", args: { n: 2 }, type: "tool_call" },
            ],
          }),
        ],
      }))
      .addNode("tools", new ToolNode([safe, risky]))
      .addEdge(START, "plan")
      .addEdge("plan", "tools")
      .compile({ checkpointer: saver });
    return { graph, turns: [input({ messages: [] }), resume("approved")], savers: [saver], effects };
  },
);

export const breakpoints = example("static breakpoints", ["interrupts", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("a", () => ({ log: ["a"] }))
    .addNode("b", () => ({ log: ["b"] }))
    .addNode("c", () => ({ log: ["c"] }))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", "c")
    .compile({ checkpointer: saver, interruptBefore: ["b"], interruptAfter: ["b"] });
  return { graph, turns: [input({ log: [] }), goOn(), goOn()], savers: [saver] };
});

export const askForNumber = example("interrupt until valid, zod state", ["interrupts", "checkpointer", "loop"], () => {
  const saver = new MemorySaver();
  const State = z.object({ age: z.number().optional() });
  const graph = new StateGraph(State)
    .addNode("ask", () => {
      let answer: unknown = interrupt("age?");
      while (typeof answer !== "number") answer = interrupt(`"${String(answer)}" is no number`);
      return { age: answer };
    })
    .addEdge(START, "ask")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({}), resume("ten"), resume(10)], savers: [saver] };
});

export const interrupts = [ask, askTwice, askInChild, askInParallel, askInTool, breakpoints, askForNumber];
