import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { createStack, hooks } from "@graphtap/langgraph";
import { perf } from "@graphtap/performance";
import { z } from "zod";

const llm = new ChatOpenAI({ model: "gpt-5-mini", apiKey: "none" });

/** Tools as an application has them; their schemas become JSON schemas when they are bound to a model. */
const makeTools = () =>
  Array.from({ length: 200 }, (_, i) =>
    tool(async ({ q }) => q, {
      name: `tool_${i}`,
      description: `Answers questions of kind ${i}.`,
      schema: z.object({
        q: z.string().describe("What is asked."),
        limit: z.number().int().positive().optional(),
        order: z.enum(["asc", "desc"]).optional(),
        filters: z.array(z.object({ field: z.string(), value: z.string() })).optional(),
      }),
    }),
  );

const stack = createStack({ name: "bench-cache", plugins: [perf()] });
const bare = createStack({ name: "bench-no-cache", plugins: [] });
const tools = makeTools();
const spec = { mode: "tools" as const, llm, tools, systemMessage: "You answer support questions." };
const definition = { name: "workflow", spec: Object.freeze({ ...spec, tools: Object.freeze([...tools]) }) };
const context = { stack: stack.name, clock: stack.clock };
await stack.createWorkflow(spec);
await stack.call(hooks.workflow.compile, definition, context, async () => ({
  compiled: await stack.createWorkflow(spec),
}));

/** A workflow with 200 tools: made from nothing, made again with the same tools, and from the cache. */
export const workflowCache = {
  build: () => bare.createWorkflow({ ...spec, tools: makeTools() }),
  again: () => bare.createWorkflow(spec),
  /** What the cache itself takes: key, look-up, and a graph object for the caller. */
  hit: () =>
    stack.call(hooks.workflow.compile, definition, context, () => Promise.reject(new Error("this was no hit"))),
  /** The same with the check of the specification, which createWorkflow does before it asks anybody. */
  create: () => stack.createWorkflow(spec),
};
