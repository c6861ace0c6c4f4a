import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { MemorySaver } from "@langchain/langgraph";
import {
  createAgent,
  createMiddleware,
  humanInTheLoopMiddleware,
  modelCallLimitMiddleware,
  toolRetryMiddleware,
  toolStrategy,
} from "langchain";
import { tool } from "@langchain/core/tools";
import { scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import { z } from "zod";
import { example, resume, say } from "./make.js";
import type { Through } from "./types.js";

/** LangChain's own middleware does not fit LangChain's own type under exactOptionalPropertyTypes. */
const list = (...middlewares: object[]): never[] => middlewares as never[];

/** A model that asks for two calls at once, then for one, then answers. */
const steps: readonly Step[] = [
  {
    say: "Two at once",
    calls: [
      { id: "a1", name: "weather", args: { city: "Rome" } },
      { id: "a2", name: "weather", args: { city: "Oslo" } },
    ],
  },
  { call: { id: "a3", name: "weather", args: { city: "Bonn" } } },
  { say: "Sunny everywhere" },
];

function parts(through: Through, script: readonly Step[] = steps) {
  const effects: unknown[] = [];
  const weather = through.tool(
    tool(
      async ({ city }) => {
        effects.push(city);
        return `sunny in ${city}`;
      },
      { name: "weather", description: "Weather of a city.", schema: z.object({ city: z.string() }) },
    ),
  );
  const model = through.model(scriptedModel(script, { whenDone: "loop" }));
  return { effects, weather, model, saver: new MemorySaver() };
}

export const reactAgent = example("createReactAgent", ["agent", "tools", "model", "checkpointer"], (through) => {
  const { effects, weather, model, saver } = parts(through);
  const graph = createReactAgent({
    llm: model,
    tools: [weather],
    prompt: "Be brief.",
    checkpointSaver: saver,
    name: "forecaster",
  });
  return { graph, turns: [say("weather?")], savers: [saver], effects };
});

export const reactAgentV1 = example(
  "createReactAgent with one node for all calls, and a response format",
  ["agent", "tools", "model"],
  (through) => {
    const { effects, weather } = parts(through);
    const model = through.model(
      scriptedModel(
        (messages, info) =>
          info.tools.includes("weather")
            ? messages.some((message) => message.type === "tool")
              ? { say: "Sunny" }
              : (steps[0] as Step)
            : { call: { id: "f1", name: info.tools[0] ?? "extract", args: { sunny: true } } },
        {},
      ),
    );
    const graph = createReactAgent({
      llm: model,
      tools: [weather],
      version: "v1",
      responseFormat: z.object({ sunny: z.boolean() }),
    });
    return { graph, turns: [say("weather?")], effects };
  },
);

export const agent = example("createAgent", ["agent", "tools", "model", "checkpointer"], (through) => {
  const { effects, weather, model, saver } = parts(through);
  const graph = createAgent({
    model,
    tools: [weather],
    systemPrompt: "Be brief.",
    checkpointer: saver,
    name: "forecaster",
  });
  return { graph, turns: [say("weather?")], savers: [saver], effects };
});

export const agentGraph = example("createAgent's own graph", ["agent", "tools", "model", "checkpointer"], (through) => {
  const { effects, weather, model, saver } = parts(through);
  const graph = createAgent({ model, tools: [weather], checkpointer: saver }).graph;
  return { graph, turns: [say("weather?")], savers: [saver], effects };
});

export const agentV1 = example("createAgent with one node for all calls", ["agent", "tools", "model"], (through) => {
  const { effects, weather, model } = parts(through);
  const graph = createAgent({ model, tools: [weather], version: "v1" });
  return { graph, turns: [say("weather?")], effects };
});

export const middleware = example(
  "createAgent with middleware of every hook",
  ["agent", "middleware", "tools", "model", "checkpointer"],
  (through) => {
    const { effects, weather, model, saver } = parts(through, [steps[0] as Step, { say: "Sunny" }]);
    const every = createMiddleware({
      name: "every",
      stateSchema: z.object({ seen: z.number().default(0) }),
      beforeAgent: () => ({ seen: 1 }),
      beforeModel: (state) => ({ seen: state.seen + 1 }),
      afterModel: (state) => ({ seen: state.seen + 10 }),
      afterAgent: () => undefined,
      wrapModelCall: (request, handler) => handler({ ...request, systemPrompt: "Changed by middleware." }),
      wrapToolCall: async (request, handler) => {
        effects.push({ before: request.toolCall.args });
        const out = await handler({
          ...request,
          toolCall: { ...request.toolCall, args: { city: `${String(request.toolCall.args["city"])} (centre)` } },
        });
        effects.push("after");
        return out;
      },
    });
    const graph = createAgent({
      model,
      tools: [weather],
      middleware: list(every, modelCallLimitMiddleware({ runLimit: 10 } as never)),
      checkpointer: saver,
    });
    return { graph, turns: [say("weather?")], savers: [saver], effects };
  },
);

export const bringing = example(
  "createAgent with a middleware that brings tools and answers itself",
  ["agent", "middleware", "tools", "model"],
  (through) => {
    const extra = through.tool(scriptedTool("extra", ({ n }) => `extra ${String(n)}`));
    const { effects, weather, model } = parts(through, [
      {
        calls: [
          { id: "e1", name: "extra", args: { n: 1 } },
          { id: "e2", name: "weather", args: { city: "Rome" } },
        ],
      },
      { say: "done" },
    ]);
    const brings = createMiddleware({
      name: "brings",
      tools: [extra as never],
      wrapModelCall: async (request, handler) => {
        const reply = await handler(request);
        effects.push("model called");
        return reply;
      },
    });
    const graph = createAgent({
      model,
      tools: [weather],
      middleware: list(brings, toolRetryMiddleware({ maxRetries: 1, initialDelayMs: 1, jitter: false })),
    });
    return { graph, turns: [say("weather?")], effects };
  },
);

export const approved = example(
  "createAgent with human in the loop",
  ["agent", "middleware", "interrupts", "tools", "model", "checkpointer"],
  (through) => {
    const { effects, weather, model, saver } = parts(through, [
      { call: { id: "h1", name: "weather", args: { city: "Rome" } } },
      { say: "Sunny in Rome" },
    ]);
    const graph = createAgent({
      model,
      tools: [weather],
      middleware: list(humanInTheLoopMiddleware({ interruptOn: { weather: true } } as never)),
      checkpointer: saver,
    });
    return { graph, turns: [say("weather?"), resume({ decisions: [{ type: "approve" }] })], savers: [saver], effects };
  },
);

export const structuredAgent = example(
  "createAgent with a response format and a context",
  ["agent", "model", "tools", "context"],
  (through) => {
    const { effects, weather } = parts(through);
    const model = through.model(
      scriptedModel((messages, info) =>
        messages.some((message) => message.type === "tool")
          ? {
              call: {
                id: "r1",
                name: info.tools.find((name) => name !== "weather") ?? "extract",
                args: { sunny: true },
              },
            }
          : { call: { id: "r0", name: "weather", args: { city: "Rome" } } },
      ),
    );
    // Without a title LangChain numbers the format by a counter of the process.
    const format = {
      title: "forecast",
      type: "object",
      properties: { sunny: { type: "boolean" } },
      required: ["sunny"],
    };
    const graph = createAgent({
      model,
      tools: [weather],
      responseFormat: toolStrategy(format as never),
      contextSchema: z.object({ who: z.string() }),
    } as never);
    return { graph, turns: [say("weather?")], config: { context: { who: "ann" } }, effects };
  },
);

export const agents = [
  reactAgent,
  reactAgentV1,
  agent,
  agentGraph,
  agentV1,
  middleware,
  bringing,
  approved,
  structuredAgent,
];
