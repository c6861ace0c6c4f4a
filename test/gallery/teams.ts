import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { createSupervisor } from "@langchain/langgraph-supervisor";
import { createHandoffTool, createSwarm } from "@langchain/langgraph-swarm";
import { createDeepAgent } from "deepagents";
import { createAgent } from "langchain";
import { scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import { example, say } from "./make.js";
import type { Through } from "./types.js";

const script = (through: Through, steps: readonly Step[]) => through.model(scriptedModel(steps, { whenDone: "loop" }));

export const supervisor = example(
  "langgraph-supervisor",
  ["multi-agent", "subgraph", "tools", "model", "checkpointer", "command"],
  (through) => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const add = through.tool(
      scriptedTool("add", ({ a, b }) => {
        effects.push([a, b]);
        return Number(a) + Number(b);
      }),
    );
    const math = createReactAgent({
      llm: script(through, [{ call: { id: "m1", name: "add", args: { a: 1, b: 2 } } }, { say: "It is 3" }]),
      tools: [add],
      name: "math",
    });
    const writer = createReactAgent({ llm: script(through, [{ say: "A poem about 3" }]), tools: [], name: "writer" });
    const graph = createSupervisor({
      agents: [math, writer],
      llm: script(through, [
        { call: { id: "s1", name: "transfer_to_math", args: {} } },
        { call: { id: "s2", name: "transfer_to_writer", args: {} } },
        { say: "Done, both of them" },
      ]) as never,
      outputMode: "full_history",
    }).compile({ checkpointer: saver, name: "team" });
    return { graph, turns: [say("1 + 2 as a poem")], savers: [saver], effects, config: { recursionLimit: 40 } };
  },
);

export const swarm = example(
  "langgraph-swarm",
  ["multi-agent", "subgraph", "tools", "model", "checkpointer", "command"],
  (through) => {
    const saver = new MemorySaver();
    const toBob = through.tool(createHandoffTool({ agentName: "bob", description: "Ask Bob." }));
    const toAlice = through.tool(createHandoffTool({ agentName: "ada", description: "Ask Ada." }));
    const ada = createReactAgent({
      llm: script(through, [{ call: { id: "w1", name: "transfer_to_bob", args: {} } }]),
      tools: [toBob],
      name: "ada",
    });
    const bob = createReactAgent({
      llm: script(through, [{ say: "Ahoy from Bob" }, { say: "Still Bob" }]),
      tools: [toAlice],
      name: "bob",
    });
    const graph = createSwarm({ agents: [ada, bob], defaultActiveAgent: "ada" }).compile({ checkpointer: saver });
    return { graph, turns: [say("Bob, please"), say("who is there?")], savers: [saver] };
  },
);

export const agentAsNode = example(
  "createAgent as a node",
  ["multi-agent", "agent", "subgraph", "tools", "model", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const look = through.tool(scriptedTool("look", "seen"));
    const inner = createAgent({
      model: script(through, [{ call: { id: "n1", name: "look", args: {} } }, { say: "I saw it" }]),
      tools: [look as never],
    });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("agent", inner.graph as never)
      .addNode("closing", () => ({ messages: [{ role: "assistant", content: "bye", id: "bye" }] }))
      .addEdge(START, "agent")
      .addEdge("agent", "closing")
      .compile({ checkpointer: saver });
    return { graph, turns: [say("look")], savers: [saver] };
  },
);

export const deep = example(
  "deepagents",
  ["multi-agent", "agent", "middleware", "subgraph", "tools", "model", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const search = through.tool(
      scriptedTool("search", ({ q }) => {
        effects.push(q);
        return `found ${String(q)}`;
      }),
    );
    const graph = createDeepAgent({
      model: script(through, [
        { call: { id: "d1", name: "write_todos", args: { todos: [{ content: "research", status: "in_progress" }] } } },
        { call: { id: "d2", name: "task", args: { description: "find cats", subagent_type: "researcher" } } },
        { call: { id: "d3", name: "write_file", args: { file_path: "/notes.md", content: "cats" } } },
        { say: "Written" },
      ]) as never,
      tools: [search as never],
      subagents: [
        {
          name: "researcher",
          description: "Finds things.",
          systemPrompt: "Find things.",
          model: script(through, [
            { call: { id: "r1", name: "search", args: { q: "cats" } } },
            { say: "Cats were found" },
          ]) as never,
          tools: [search as never],
        },
      ],
      checkpointer: saver,
    } as never);
    return { graph, turns: [say("cats?")], savers: [saver], effects };
  },
);

export const teams = [supervisor, swarm, agentAsNode, deep];
