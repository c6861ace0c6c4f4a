import type { BaseMessage, SystemMessage } from "@langchain/core/messages";

/**
 * LangChain's middleware by shape. Its own types change with every version and do not hold under
 * exactOptionalPropertyTypes; what is used of it is only this.
 */
export interface MiddlewareLike {
  readonly name: string;
  readonly wrapToolCall?: unknown;
  readonly wrapModelCall?: unknown;
  readonly beforeModel?: unknown;
  readonly afterModel?: unknown;
  readonly beforeAgent?: unknown;
  readonly afterAgent?: unknown;
  readonly stateSchema?: unknown;
  readonly contextSchema?: unknown;
  readonly tools?: unknown;
  readonly streamTransformers?: unknown;
}

/** A call as a model asks for it. */
export interface CallLike {
  readonly name: string;
  readonly args: unknown;
  readonly id?: string | undefined;
  readonly type?: string | undefined;
}

/** The parts of LangGraph's runtime that a middleware may use. */
export interface RuntimeLike {
  readonly context?: unknown;
  readonly store?: unknown;
  readonly configurable?: Readonly<Record<string, unknown>> | undefined;
  readonly writer?: unknown;
  readonly interrupt?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface StateLike {
  readonly messages: readonly BaseMessage[];
}

export interface ToolRequestLike {
  readonly toolCall: CallLike;
  readonly tool: unknown;
  readonly state: StateLike;
  readonly runtime: RuntimeLike;
}

export interface ModelRequestLike {
  readonly model: unknown;
  readonly messages: readonly BaseMessage[];
  readonly systemPrompt?: string | undefined;
  readonly systemMessage?: SystemMessage | undefined;
  readonly tools: readonly unknown[];
  readonly toolChoice?: unknown;
  readonly modelSettings?: Readonly<Record<string, unknown>> | undefined;
  readonly responseFormat?: unknown;
  readonly state: StateLike;
  readonly runtime: RuntimeLike;
}

export type ToolHandler = (request: ToolRequestLike) => Promise<unknown>;
export type WrapToolCall = (request: ToolRequestLike, handler: ToolHandler) => unknown;
export type ModelHandler = (request: ModelRequestLike) => Promise<BaseMessage>;
export type WrapModelCall = (request: ModelRequestLike, handler: ModelHandler) => unknown;
/** `beforeModel` and `afterModel`, bare or with the places they may jump to. */
export type StateHook = (state: StateLike, runtime: RuntimeLike) => unknown;
