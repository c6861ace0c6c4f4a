import { ToolMessage } from "@langchain/core/messages";
import { createMiddleware } from "langchain";
import { bindingError } from "../errors.js";
import { partsOf } from "../internal.js";
import { isBubbleUp } from "../run/outcome.js";
import type { Stack } from "../stack-types.js";
import { MiddlewareGate } from "./gate.js";
import type { ToolRequestLike } from "./types.js";

/**
 * A stack as exactly one LangChain middleware, for an agent that cannot be wrapped. It costs no super-step and no
 * checkpoint: only model and tool calls are wrapped. Put it first in the list, so that retries of other middleware are
 * judged too.
 *
 * `stack.wrap(agent)` sees more: runs, nodes, starts, ends and errors. Here each call is a run of its own, so an
 * identity must not be older than `identityTtlMs` when a call begins. With both on one agent, every call is judged once.
 *
 * @example
 * const agent = createAgent({ model, tools, middleware: [asMiddleware(stack)] });
 * await agent.invoke(input, stack.as({ userId: "alice" }));
 * @throws GraphTapError MIDDLEWARE_INVALID for what is no stack of this copy of the package.
 */
export function asMiddleware(stack: Pick<Stack, "name" | "explain">) {
  const parts = partsOf(stack);
  if (parts === undefined)
    throw bindingError(
      "MIDDLEWARE_INVALID",
      "asMiddleware() was given no stack.",
      "It takes what createStack() of this same copy of @graphtap/langgraph gives.",
    );
  const gate = new MiddlewareGate(parts);
  return createMiddleware({
    name: `graphtap-${stack.name}`,
    wrapModelCall: (request, handler) => handler({ ...request, model: parts.models.guard(request.model) }),
    wrapToolCall: async (request, handler) => {
      const asked = request as unknown as ToolRequestLike;
      return (await gate.run(asked, (judged) => settled(judged, handler as never))) as ToolMessage;
    },
  });
}

/**
 * A tool that throws: LangChain turns that into a message for the model, but no longer once a middleware wraps its
 * calls; then the run fails and its thread with it. So it is done here.
 */
async function settled(
  request: ToolRequestLike,
  handler: (request: ToolRequestLike) => Promise<unknown>,
): Promise<unknown> {
  try {
    return await handler(request);
  } catch (error) {
    if (isBubbleUp(error) || request.runtime.signal?.aborted === true) throw error;
    const { name, id } = request.toolCall;
    return new ToolMessage({ status: "error", name, tool_call_id: id ?? "", content: explained(error) });
  }
}

/** As langchain's own tool node says it. */
function explained(error: unknown): string {
  const brand = (error as { "~brand"?: unknown } | null)?.["~brand"];
  return brand === "ToolInvocationError" ? (error as Error).message : `${String(error)}\n Please fix your mistakes.`;
}
