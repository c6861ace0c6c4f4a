import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { isCommand, messagesStateReducer } from "@langchain/langgraph";
import type { RunContext } from "../hooks/context.js";
import type { ModelCall, ModelReply } from "../hooks/model.js";
import { gathered } from "../model/stream.js";
import { askedOf, apart, requestOf } from "./model-request.js";
import { Passage } from "./passage.js";
import { runtimeOf } from "./surroundings.js";
import type { MiddlewareLike, ModelHandler, StateHook, WrapModelCall } from "./types.js";
import { invalid, unsupported } from "./unsupported.js";

type Next = (request?: ModelCall) => Promise<ModelReply>;

/** `beforeModel` as a tap of `model.prepare`: what it changes is what the model sees; the state stays. */
export function beforeModelTap(middleware: MiddlewareLike, hook: StateHook) {
  return async (call: ModelCall, run: RunContext): Promise<ModelCall | undefined> => {
    const { system, rest } = apart(call.messages);
    const changed = await updated(middleware, "beforeModel", hook, rest, run);
    if (changed === null) return undefined;
    return { ...call, messages: system === null ? changed : [system, ...changed] };
  };
}

/**
 * `wrapModelCall` and `afterModel` as a tap of `model.call`. LangChain's middleware sees whole replies only, so a
 * streamed one is held back until it is whole.
 */
export function modelCallTap(middleware: MiddlewareLike, wrap: WrapModelCall | null, after: StateHook | null) {
  return async (call: ModelCall, next: Next, run: RunContext): Promise<ModelReply> => {
    const passage = new Passage(run.signal);
    let last: { readonly result: ChatResult; readonly message: BaseMessage } | null = null;
    const below = async (asked: ModelCall): Promise<BaseMessage> => {
      const result = await passage.below(async () => gathered(await next(asked)));
      const message = result.generations[0]?.message ?? new AIMessage("");
      last = { result, message };
      return message;
    };
    const answer = wrap === null ? await below(call) : await wrapped(middleware, wrap, call, run, passage, below);
    const { rest } = apart(call.messages);
    const final = after === null ? answer : await afterModel(middleware, after, rest, answer, run);
    const known = last as { result: ChatResult; message: BaseMessage } | null;
    if (known !== null && final === known.message) return { kind: "message", result: known.result };
    return {
      kind: "message",
      result: { generations: [{ text: final.text, message: withUsage(final, known?.message) }] },
    };
  };
}

async function wrapped(
  middleware: MiddlewareLike,
  wrap: WrapModelCall,
  call: ModelCall,
  run: RunContext,
  passage: Passage,
  below: (asked: ModelCall) => Promise<BaseMessage>,
): Promise<BaseMessage> {
  const given = requestOf(middleware.name, call, runtimeOf(run, middleware.contextSchema));
  const own = { ...given, messages: [...given.messages], tools: [...given.tools] };
  const handler: ModelHandler = async (asked) => below(askedOf(middleware.name, call, given, asked));
  const answer = await passage.layer(() => wrap(own, handler));
  if (isCommand(answer)) throw unsupported(middleware.name, ["wrapModelCall answering with a Command"]);
  if (!AIMessage.isInstance(answer)) throw invalid(middleware.name, "wrapModelCall must answer with an AIMessage.");
  return answer;
}

async function afterModel(
  middleware: MiddlewareLike,
  hook: StateHook,
  before: readonly BaseMessage[],
  answer: BaseMessage,
  run: RunContext,
): Promise<BaseMessage> {
  const changed = await updated(middleware, "afterModel", hook, [...before, answer], run);
  if (changed === null) return answer;
  const last = changed.at(-1);
  const kept = changed.length === before.length + 1 && before.every((message, index) => changed[index] === message);
  if (!kept || !AIMessage.isInstance(last))
    throw unsupported(middleware.name, ["afterModel changing more than the model's answer"]);
  return last;
}

/** The messages that a hook makes of the ones it sees; null where it changes nothing. */
async function updated(
  middleware: MiddlewareLike,
  name: string,
  hook: StateHook,
  messages: readonly BaseMessage[],
  run: RunContext,
): Promise<BaseMessage[] | null> {
  // As in an agent's state, every message has an id by which a hook may replace it.
  const known = messagesStateReducer([...messages], []);
  const update: unknown = await hook({ messages: [...known] }, runtimeOf(run, middleware.contextSchema));
  if (update === undefined || update === null) return null;
  const { messages: changes, ...others } = update as Record<string, unknown>;
  const impossible = Object.keys(others).filter((key) => others[key] !== undefined);
  if (impossible.length > 0)
    throw unsupported(
      middleware.name,
      impossible.map((key) => (key === "jumpTo" ? `${name} with jumpTo` : `${name} changing state.${key}`)),
    );
  return changes === undefined ? null : messagesStateReducer(known, changes as BaseMessage[]);
}

/** Tokens were spent although a middleware wrote the answer anew. */
function withUsage(answer: BaseMessage, from: BaseMessage | undefined): BaseMessage {
  const { usage_metadata: usage } = (from ?? {}) as { usage_metadata?: unknown };
  if (usage !== undefined && (answer as { usage_metadata?: unknown }).usage_metadata === undefined)
    Object.assign(answer, { usage_metadata: usage });
  return answer;
}
