import { defineHook } from "@graphtap/kernel";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import type { DenialFields, EndFields, RunContext, Usage } from "./context.js";

/** One logical model call. Frozen once prepared; the messages are the model's own objects and must not be changed. */
export interface ModelCall {
  readonly modelCallId: string;
  /** `ls_provider` of the model; null when it has none. */
  readonly provider: string | null;
  /** `ls_model_name` of the model; null when it has none. */
  readonly model: string | null;
  readonly messages: readonly BaseMessage[];
  /** The model's call options (bound tools included). */
  readonly options: Readonly<Record<string, unknown>>;
  readonly streaming: boolean;
}

/** What a model gave: a whole result, or the chunks of one. */
export type ModelReply =
  | { readonly kind: "message"; readonly result: ChatResult }
  | { readonly kind: "stream"; readonly chunks: AsyncIterable<ChatGenerationChunk> };

export interface ModelResult {
  readonly result: ChatResult;
}
export interface ModelStart {
  readonly modelCallId: string;
  readonly provider: string | null;
  readonly model: string | null;
  /** Number of messages sent. */
  readonly messages: number;
  readonly streaming: boolean;
}
export interface ModelEnd extends EndFields {
  readonly modelCallId: string;
  readonly provider: string | null;
  readonly model: string | null;
  readonly usage: Usage | null;
  /** Milliseconds to the first chunk of a stream; null when it did not stream. */
  readonly timeToFirstChunkMs: number | null;
  readonly streaming: boolean;
  /** `observed`: seen by a callback only (a model closed over in a node), it could not have been changed. */
  readonly coverage: "governed" | "observed";
}
export interface ModelDenied extends DenialFields {
  readonly modelCallId: string;
  readonly provider: string | null;
  readonly model: string | null;
}
/** What a model-level limit or budget settles with. */
export interface ModelSettlement {
  readonly status: EndFields["status"];
  readonly usage: Usage | null;
}

export const model = Object.freeze({
  prepare: defineHook.waterfall<ModelCall, RunContext>("model.prepare", {
    doc: "May rewrite messages and options; deterministic.",
  }),
  authorize: defineHook.guard<ModelCall, RunContext>("model.authorize", {
    doc: "May this call happen? A pure judgement of the frozen call.",
  }),
  admit: defineHook.reserve<ModelCall, ModelSettlement, RunContext>("model.admit", {
    doc: "Takes limits and budgets; settled with the reported usage.",
  }),
  call: defineHook.around<ModelCall, Promise<ModelReply>, RunContext>("model.call", {
    doc: "The call itself; caches, retries and fallbacks live here.",
  }),
  stream: defineHook.around<
    ModelCall & { readonly chunks: AsyncIterable<ChatGenerationChunk> },
    AsyncIterable<ChatGenerationChunk>,
    RunContext
  >("model.stream", { fault: "deny", doc: "The stream of chunks; hold-back filters live here." }),
  chunk: defineHook.sync<ChatGenerationChunk, RunContext>("model.chunk", {
    doc: "Each streamed chunk, only if tapped.",
  }),
  result: defineHook.waterfall<ModelResult, RunContext>("model.result", {
    fault: "deny",
    doc: "Filters on the whole reply. A streamed reply is held back for a plugin that taps this and not model.stream.",
  }),
  start: defineHook.series<ModelStart, RunContext>("model.start", { doc: "An admitted model call begins." }),
  end: defineHook.series<ModelEnd, RunContext>("model.end", { doc: "A model call ended, with its usage." }),
  denied: defineHook.series<ModelDenied, RunContext>("model.denied", {
    doc: "A model call was refused; nothing was sent.",
  }),
});
