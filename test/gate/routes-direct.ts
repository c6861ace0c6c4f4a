import { StructuredTool } from "@langchain/core/tools";
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";
import { z } from "zod";
import { type Callable, TARGET } from "./bench.js";
import type { Kit, Route } from "./route.js";

async function drained(chunks: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

/** Time passes before the call: a direct call is its own run. */
const direct = (name: string, denial: Route["denial"], run: (kit: Kit, config: object) => Promise<unknown>): Route => ({
  name,
  denial,
  run: (kit) => {
    const config = kit.bench.as();
    kit.bench.meanwhile();
    return run(kit, config);
  },
});

const proto = StructuredTool.prototype as unknown as Callable;

/** The governed tool object, by every method that a user or LangChain calls on it. */
export const DIRECT: readonly Route[] = [
  direct("invoke with arguments", "error", ({ tool, bare }, config) => tool.invoke(bare, config)),
  direct("invoke with a ToolCall", "message", ({ tool, toolCall }, config) => tool.invoke(toolCall(), config)),
  direct("call with arguments", "error", ({ tool, bare }, config) =>
    (tool.call ?? tool.invoke).call(tool, bare, config),
  ),
  direct("call with a ToolCall", "message", ({ tool, toolCall }, config) =>
    (tool.call ?? tool.invoke).call(tool, toolCall(), config),
  ),
  direct("batch of arguments", "error", ({ tool, bare }, config) => tool.batch([bare], config)),
  direct("batch of ToolCalls", "message", ({ tool, toolCall }, config) => tool.batch([toolCall()], config)),
  direct("stream", "error", async ({ tool, bare }, config) => drained(await tool.stream(bare, config))),
  direct("stream of a ToolCall", "message", async ({ tool, toolCall }, config) =>
    drained(await tool.stream(toolCall(), config)),
  ),
  direct("streamEvents", "error", ({ tool, bare }, config) =>
    drained(tool.streamEvents(bare, { ...config, version: "v2" })).then((events) =>
      events.filter((e) => (e as { event: string }).event.endsWith("_end")),
    ),
  ),
  direct("transform", "error", ({ tool, bare }, config) =>
    drained(
      tool.transform(
        (async function* () {
          yield bare;
        })(),
        config,
      ),
    ),
  ),
  direct("pipe", "error", ({ tool, bare }, config) =>
    tool.pipe(RunnableLambda.from((x: unknown) => x)).invoke(bare, config),
  ),
  direct("pipe behind a step", "message", ({ tool, toolCall }, config) =>
    RunnableSequence.from([RunnableLambda.from(() => toolCall()), tool as never]).invoke({}, config),
  ),
  direct("withConfig", "error", ({ tool, bare }, config) => tool.withConfig(config).invoke(bare)),
  direct("withConfig with a thread at the call", "message", ({ tool, toolCall }, config) =>
    tool.withConfig(config).invoke(toolCall(), { configurable: { thread_id: "t" } }),
  ),
  direct("withRetry", "message", ({ tool, toolCall }, config) =>
    tool.withRetry({ stopAfterAttempt: 3 }).invoke(toolCall(), config),
  ),
  direct("withRetry that gives up", "error", ({ tool, bare }, config) =>
    tool
      .withRetry({
        stopAfterAttempt: 3,
        onFailedAttempt: (error: unknown) => {
          throw error;
        },
      })
      .invoke(bare, config),
  ),
  direct("withFallbacks", "error", ({ tool, bare }, config) => tool.withFallbacks([]).invoke(bare, config)),
  direct("withListeners", "message", ({ tool, toolCall }, config) =>
    tool.withListeners({ onStart: () => undefined }).invoke(toolCall(), config),
  ),
  direct("_call", "error", ({ tool, bare }, config) => tool._call(bare, undefined, config)),
  direct("func", "error", ({ tool, bare }, config) => tool.func(bare, undefined, config)),
  direct("asTool", "error", ({ tool, bare }, config) =>
    tool.asTool({ name: "other", description: "x", schema: z.any() }).invoke(bare, config),
  ),
  direct("the base class's invoke on the governed object", "error", ({ tool, bare }, config) =>
    proto.invoke.call(tool, bare, config),
  ),
  direct("the base class's call on the governed object", "error", ({ tool, bare }, config) =>
    proto.call.call(tool, bare, config),
  ),
  direct("an object derived from the governed one", "error", ({ tool, bare }, config) =>
    (Object.create(tool) as Callable).invoke(bare, config),
  ),
  direct("wrapped a second time", "message", ({ bench, tool, toolCall }, config) =>
    bench.stack.wrapTool(tool).invoke(toolCall(), config),
  ),
  direct("a list of wrapped tools", "message", ({ bench, raw, toolCall }, config) =>
    (bench.stack.wrapTools([raw]).find((t) => t.name === TARGET) as Callable).invoke(toolCall(), config),
  ),
];

/** The shortest routes, for every kind of tool. */
export const SHORT: readonly Route[] = DIRECT.filter((route) =>
  ["invoke with arguments", "invoke with a ToolCall", "call with arguments", "pipe"].includes(route.name),
);
