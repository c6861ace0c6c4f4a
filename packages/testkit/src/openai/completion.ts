import { argsText, cutEvenly, type PlayedStep, usageOf } from "../script/step.js";

export interface CompletionContext {
  readonly id: string;
  readonly model: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly inputCharacters: number;
  readonly nextId: () => string;
}

type Json = Record<string, unknown>;

function usageJson(step: PlayedStep, context: CompletionContext): Json | null {
  const usage = usageOf(step, context.inputCharacters);
  if (usage === null) return null;
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.total,
    ...(usage.cacheRead === undefined ? {} : { prompt_tokens_details: { cached_tokens: usage.cacheRead } }),
    ...(usage.reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: usage.reasoning } }),
  };
}

const finishReason = (step: PlayedStep): string => (step.calls.length > 0 ? "tool_calls" : "stop");

/** The answer of a request without `stream`. */
export function completion(step: PlayedStep, context: CompletionContext): Json {
  const calls = step.calls.map((call) => ({
    id: call.id ?? context.nextId(),
    type: "function",
    function: { name: call.name, arguments: argsText(call) },
  }));
  const message = {
    role: "assistant",
    content: step.text === "" && calls.length > 0 ? null : step.text,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const usage = usageJson(step, context);
  return {
    id: context.id,
    object: "chat.completion",
    created: context.created,
    model: context.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(step) }],
    ...(usage === null ? {} : { usage }),
  };
}

/** The events of a request with `stream`, without the closing ones. */
export function* completionChunks(
  step: PlayedStep,
  context: CompletionContext,
  includeUsage: boolean,
): Generator<Json> {
  const chunk = (delta: Json): Json =>
    chunkOf(context, [{ index: 0, delta, logprobs: null, finish_reason: null }], includeUsage ? null : undefined);
  yield chunk({ role: "assistant", content: step.calls.length > 0 && step.text === "" ? null : "", refusal: null });
  for (const content of step.pieces) yield chunk({ content });
  for (const [index, call] of step.calls.entries()) {
    yield chunk({
      tool_calls: [
        { index, id: call.id ?? context.nextId(), type: "function", function: { name: call.name, arguments: "" } },
      ],
    });
    for (const text of cutEvenly(argsText(call), step.argPieces))
      yield chunk({ tool_calls: [{ index, function: { arguments: text } }] });
  }
}

/** The events that end a stream well: the reason, then the usage if it was asked for. */
export function* closingChunks(step: PlayedStep, context: CompletionContext, includeUsage: boolean): Generator<Json> {
  yield chunkOf(
    context,
    [{ index: 0, delta: {}, logprobs: null, finish_reason: finishReason(step) }],
    includeUsage ? null : undefined,
  );
  const usage = usageJson(step, context);
  if (includeUsage && usage !== null) yield chunkOf(context, [], usage);
}

function chunkOf(context: CompletionContext, choices: readonly Json[], usage: Json | null | undefined): Json {
  return {
    id: context.id,
    object: "chat.completion.chunk",
    created: context.created,
    model: context.model,
    choices,
    ...(usage === undefined ? {} : { usage }),
  };
}

const USUAL_CODES: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  404: "model_not_found",
  413: "request_too_large",
  429: "rate_limit_exceeded",
  500: "server_error",
  503: "overloaded",
};

export function errorBody(status: number, message: string, code?: string): Json {
  const type = status === 429 ? "requests" : status >= 500 ? "server_error" : "invalid_request_error";
  return { error: { message, type, param: null, code: code ?? USUAL_CODES[status] ?? null } };
}
