import type { BaseMessage } from "@langchain/core/messages";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { interopParse, isInteropZodSchema } from "@langchain/core/utils/types";
import { getCurrentTaskInput } from "@langchain/langgraph";
import type { RunContext } from "../hooks/context.js";
import type { Config } from "../identity/envelope.js";
import type { RuntimeLike, StateLike } from "./types.js";

const here = (): Config => (AsyncLocalStorageProviderSingleton.getRunnableConfig() ?? {}) as Config;

/**
 * LangChain's `runtime`, made of the node at hand. A middleware's own context schema fills in defaults, as in an agent.
 *
 * @throws what the schema throws when required context is missing
 */
export function runtimeOf(run: RunContext, contextSchema: unknown): RuntimeLike {
  const { context, store, writer, interrupt, configurable = {} } = here();
  const open = Object.entries(configurable as Record<string, unknown>).filter(([key]) => !key.startsWith("__"));
  return Object.freeze({
    context: isInteropZodSchema(contextSchema) ? interopParse(contextSchema as never, context ?? {}) : context,
    store,
    writer,
    interrupt,
    configurable: { ...(run.threadId === null ? {} : { thread_id: run.threadId }), ...Object.fromEntries(open) },
    signal: run.signal,
  });
}

/** The state of the node at hand as far as it is one of messages; empty where no node runs. */
export function stateHere(): StateLike {
  try {
    const { messages } = getCurrentTaskInput<{ messages?: unknown }>(here());
    return { messages: Array.isArray(messages) ? (messages as BaseMessage[]) : [] };
  } catch {
    return { messages: [] };
  }
}
