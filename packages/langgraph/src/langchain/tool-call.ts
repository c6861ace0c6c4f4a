import { sameData, snapshot } from "@graphtap/values";
import { ToolMessage } from "@langchain/core/messages";
import { isCommand } from "@langchain/langgraph";
import type { RunContext } from "../hooks/context.js";
import type { ToolCall, ToolReply } from "../hooks/tool.js";
import { Passage } from "./passage.js";
import { runtimeOf, stateHere } from "./surroundings.js";
import type { CallLike, MiddlewareLike, ToolHandler, WrapToolCall } from "./types.js";
import { invalid, unsupported } from "./unsupported.js";

type Next = (request?: ToolCall) => Promise<ToolReply>;

/** A middleware's `wrapToolCall` as a tap of `tool.call`. Changed arguments are judged again before they run. */
export function toolCallTap(middleware: MiddlewareLike, wrap: WrapToolCall) {
  return async (call: ToolCall, next: Next, run: RunContext): Promise<ToolReply> => {
    const passage = new Passage(run.signal);
    const tool = Object.freeze({ ...call.tool });
    const toolCall: CallLike = {
      name: call.name,
      args: snapshot(call.raw).value,
      id: call.callId ?? "",
      type: "tool_call",
    };
    let shown: { readonly reply: ToolReply; readonly message: unknown } | null = null;
    const failures: unknown[] = [];
    const handler: ToolHandler = async (request) => {
      const changed = [
        request.toolCall.name === call.name ? "" : "request.toolCall.name",
        request.toolCall.id === toolCall.id ? "" : "request.toolCall.id",
        request.tool === tool ? "" : "request.tool",
      ].filter((part) => part !== "");
      if (changed.length > 0) throw unsupported(middleware.name, changed);
      const { args } = request.toolCall;
      try {
        const reply = await passage.below(() =>
          next(sameData(args, call.raw) ? call : { ...call, argsHash: null, raw: args }),
        );
        const message = shownTo(call, reply.value);
        shown = { reply, message };
        return message;
      } catch (error) {
        failures.push(error);
        throw error;
      }
    };
    const request = { toolCall, tool, state: stateHere(), runtime: runtimeOf(run, middleware.contextSchema) };
    const answer = await passage.layer(() => wrap(request, handler));
    const { reply, message } = (shown as { reply: ToolReply; message: unknown } | null) ?? {};
    if (reply !== undefined && answer === message) return reply;
    if (isCommand(answer)) return { value: answer };
    if (!ToolMessage.isInstance(answer))
      throw invalid(middleware.name, "wrapToolCall must answer with a ToolMessage or a Command.");
    if (call.callId !== null || (reply !== undefined && reply.value === message)) return { value: answer };
    // A bare call has no message: it gets the content, or the failure.
    if (answer.status === "error") {
      if (failures.length > 0) throw failures.at(-1);
      throw new Error(answer.text);
    }
    return { value: answer.content };
  };
}

/** LangChain shows messages only; a bare call has a bare result. */
function shownTo(call: ToolCall, value: unknown): unknown {
  if (ToolMessage.isInstance(value) || isCommand(value)) return value;
  const content = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return new ToolMessage({ content, name: call.name, tool_call_id: call.callId ?? "" });
}
