import { AIMessage, AIMessageChunk, type BaseMessage, type UsageMetadata } from "@langchain/core/messages";
import type { InvalidToolCall, ToolCall, ToolCallChunk } from "@langchain/core/messages/tool";
import { argsText, cutEvenly, type PlayedStep, type ScriptedCall, usageOf } from "../script/step.js";

export interface AnswerContext {
  readonly model: string;
  readonly inputCharacters: number;
  readonly nextId: () => string;
}

/** Characters a model reads: texts and the calls in them. */
export function charactersOf(messages: readonly BaseMessage[]): number {
  let sum = 0;
  for (const message of messages) {
    sum += message.text.length;
    if (AIMessage.isInstance(message))
      for (const call of message.tool_calls ?? []) sum += call.name.length + JSON.stringify(call.args).length;
  }
  return sum;
}

export function usageMetadata(step: PlayedStep, inputCharacters: number): UsageMetadata | undefined {
  const usage = usageOf(step, inputCharacters);
  if (usage === null) return undefined;
  const { input, output, total, cacheRead, cacheWrite, reasoning } = usage;
  const cached = {
    ...(cacheRead === undefined ? {} : { cache_read: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cache_creation: cacheWrite }),
  };
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: total,
    ...(Object.keys(cached).length === 0 ? {} : { input_token_details: cached }),
    ...(reasoning === undefined ? {} : { output_token_details: { reasoning } }),
  };
}

// Under exactOptionalPropertyTypes LangChain's own types make this property "never"; the value is what it documents.
const usageField = (usage: UsageMetadata | undefined): { usage_metadata?: never } =>
  usage === undefined ? {} : { usage_metadata: usage as never };

const finish = (step: PlayedStep): string => (step.calls.length > 0 ? "tool_calls" : "stop");

function parsedCalls(
  calls: readonly ScriptedCall[],
  nextId: () => string,
): { tool_calls: ToolCall[]; invalid_tool_calls: InvalidToolCall[] } {
  const tool_calls: ToolCall[] = [];
  const invalid_tool_calls: InvalidToolCall[] = [];
  for (const call of calls) {
    const id = call.id ?? nextId();
    const text = argsText(call);
    try {
      tool_calls.push({ type: "tool_call", name: call.name, args: JSON.parse(text) as Record<string, unknown>, id });
    } catch {
      invalid_tool_calls.push({ type: "invalid_tool_call", name: call.name, args: text, id, error: "Malformed args." });
    }
  }
  return { tool_calls, invalid_tool_calls };
}

/** The whole answer in one message, as a provider without streaming sends it. */
export function wholeMessage(step: PlayedStep, context: AnswerContext): AIMessage {
  return new AIMessage({
    content: step.text,
    ...parsedCalls(step.calls, context.nextId),
    ...usageField(usageMetadata(step, context.inputCharacters)),
    response_metadata: { model_name: context.model, finish_reason: finish(step) },
  });
}

/** The same answer in pieces: texts, then each call (its name first, then its arguments), then what ended it. */
export function* messageChunks(step: PlayedStep, context: AnswerContext): Generator<AIMessageChunk> {
  for (const piece of step.pieces) yield new AIMessageChunk({ content: piece });
  // A text is the first block of the answer: LangChain's events (v3) take a call with its number for a part of it.
  const first = step.pieces.length > 0 ? 1 : 0;
  for (const [at, call] of step.calls.entries()) {
    const index = first + at;
    yield callChunk({ index, name: call.name, id: call.id ?? context.nextId(), args: "" });
    for (const args of cutEvenly(argsText(call), step.argPieces)) yield callChunk({ index, args });
  }
}

/** The last piece; only a step that ends well has one. */
export function lastChunk(step: PlayedStep, context: AnswerContext): AIMessageChunk {
  return new AIMessageChunk({
    content: "",
    ...usageField(usageMetadata(step, context.inputCharacters)),
    response_metadata: { model_name: context.model, finish_reason: finish(step) },
  });
}

function callChunk(chunk: Omit<ToolCallChunk, "type">): AIMessageChunk {
  return new AIMessageChunk({ content: "", tool_call_chunks: [{ type: "tool_call_chunk", ...chunk }] });
}
