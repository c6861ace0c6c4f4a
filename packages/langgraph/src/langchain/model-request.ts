import { type BaseMessage, SystemMessage } from "@langchain/core/messages";
import type { ModelCall } from "../hooks/model.js";
import type { ModelRequestLike, RuntimeLike } from "./types.js";
import { invalid, unsupported } from "./unsupported.js";

/** A call's messages the way LangChain shows them: the system message apart from the rest. */
export function apart(messages: readonly BaseMessage[]): {
  readonly system: SystemMessage | null;
  readonly rest: readonly BaseMessage[];
} {
  const [first, ...rest] = messages;
  return first?.type === "system" ? { system: first as SystemMessage, rest } : { system: null, rest: messages };
}

/** LangChain's request for a call. Nobody is handed this very object, so that it stays what was given. */
export function requestOf(middleware: string, call: ModelCall, runtime: RuntimeLike): ModelRequestLike {
  const { system, rest } = apart(call.messages);
  const systemMessage = system ?? new SystemMessage("");
  const { tools, tool_choice: toolChoice } = call.options;
  return {
    model: standIn(middleware, call),
    messages: [...rest],
    systemMessage,
    systemPrompt: systemMessage.text,
    tools: Array.isArray(tools) ? [...(tools as unknown[])] : [],
    toolChoice,
    state: { messages: [...rest] },
    runtime,
  };
}

/**
 * The call that a middleware asked for.
 *
 * @throws GraphTapError MIDDLEWARE_UNSUPPORTED for another model, a response format or tools that were not offered
 */
export function askedOf(
  middleware: string,
  call: ModelCall,
  given: ModelRequestLike,
  asked: ModelRequestLike,
): ModelCall {
  const foreign = asked.tools.some((tool) => !given.tools.includes(tool));
  const impossible = [
    asked.model === given.model ? "" : "request.model",
    asked.responseFormat === undefined ? "" : "request.responseFormat",
    foreign ? "request.tools (tools that the model was not offered)" : "",
  ].filter((part) => part !== "");
  if (impossible.length > 0) throw unsupported(middleware, impossible);
  const system = systemOf(middleware, given, asked);
  const messages = system === undefined || system.text === "" ? asked.messages : [system, ...asked.messages];
  const options: Record<string, unknown> = { ...call.options, ...asked.modelSettings };
  if (!sameItems(asked.tools, given.tools)) options["tools"] = [...asked.tools];
  if (asked.toolChoice !== given.toolChoice) options["tool_choice"] = asked.toolChoice;
  const optionsChanged =
    asked.modelSettings !== undefined ||
    options["tools"] !== call.options["tools"] ||
    options["tool_choice"] !== call.options["tool_choice"];
  if (!optionsChanged && sameItems(messages, call.messages)) return call;
  return { ...call, messages, options };
}

const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index]);

function systemOf(middleware: string, given: ModelRequestLike, asked: ModelRequestLike): SystemMessage | undefined {
  const promptChanged = asked.systemPrompt !== given.systemPrompt;
  const messageChanged = asked.systemMessage !== given.systemMessage;
  if (promptChanged && messageChanged)
    throw invalid(middleware, "It changed both systemPrompt and systemMessage of one request.");
  return promptChanged ? new SystemMessage(asked.systemPrompt ?? "") : asked.systemMessage;
}

/** A middleware may read which model it is; the model itself stays behind the hooks. */
function standIn(middleware: string, { provider, model }: ModelCall): object {
  const known: Record<string, unknown> = {
    provider,
    model,
    modelName: model,
    getName: () => model ?? provider ?? "model",
  };
  return new Proxy(known, {
    get(target, key) {
      // What the language itself asks an object for is no use of the model.
      if (typeof key === "symbol" || key === "then" || key === "toJSON" || Object.hasOwn(target, key))
        return target[key as string];
      throw unsupported(middleware, [`request.model.${key}`]);
    },
  });
}
