import { type BaseMessage, RemoveMessage } from "@langchain/core/messages";
import { REMOVE_ALL_MESSAGES } from "@langchain/langgraph";
import type { Compressed } from "./compressor.js";

/**
 * What a node returns as `messages` to shorten the stored conversation for good: LangGraph's reducer adds to what is
 * there, so that what is left out has to be removed. An empty list if nothing changed.
 *
 * @example return { messages: stateUpdate(await compressor.compress(state.messages)) };
 */
export function stateUpdate({ changed, messages }: Pick<Compressed, "changed" | "messages">): BaseMessage[] {
  return changed ? [new RemoveMessage({ id: REMOVE_ALL_MESSAGES }), ...messages] : [];
}
