import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BindToolsInput,
  type LangSmithParams,
} from "@langchain/core/language_models/chat_models";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { type ClockLike, delay, realClock, untilAborted } from "../clock/wait.js";
import { type BoundedLog, createLog } from "../log.js";
import { callIds, createPlayer, type Player, type Script, type WhenDone } from "../script/script.js";
import { type PlayedStep, readStep, type Step } from "../script/step.js";
import { type AnswerContext, charactersOf, lastChunk, messageChunks, usageMetadata, wholeMessage } from "./messages.js";
import { type OutputSchema, structuredOutput, withRaw } from "./structured.js";

export interface ScriptedCallOptions extends BaseChatModelCallOptions {
  tools?: BindToolsInput[];
}

/** What a script function learns besides the messages. */
export interface ModelCallInfo {
  /** Number of this call, from 0, over the model and all its bound copies. */
  readonly index: number;
  /** Names of the bound tools. */
  readonly tools: readonly string[];
  readonly streaming: boolean;
  readonly options: Readonly<ScriptedCallOptions>;
  readonly signal: AbortSignal | undefined;
}

/** One request the model received. */
export interface ModelCall extends ModelCallInfo {
  readonly messages: readonly BaseMessage[];
  /** Epoch milliseconds of the model's clock. */
  readonly at: number;
  /** `running` until the answer is out; `cancelled` also when a consumer stopped reading the stream. */
  status: "running" | "ok" | "error" | "cancelled";
}

export type ModelScript = Script<readonly BaseMessage[], ModelCallInfo, Step>;

export interface ScriptedModelOptions {
  /** Reported as `response_metadata.model_name` and `ls_model_name`. Default `script-1`. */
  readonly model?: string;
  /** Reported as `ls_provider`. Default `scripted`. */
  readonly provider?: string;
  /** What happens after the last step of a list. Default `throw`. */
  readonly whenDone?: WhenDone;
  /** For `delayMs`; default real time. */
  readonly clock?: ClockLike;
  /** How many calls are remembered; older ones are dropped. Default 10,000. */
  readonly keep?: number;
}

/** What a model and all copies made by bindTools and withConfig have in common. */
interface Shared {
  readonly model: string;
  readonly provider: string;
  readonly clock: ClockLike;
  readonly player: Player<readonly BaseMessage[], ModelCallInfo, Step>;
  readonly log: BoundedLog<ModelCall>;
  readonly nextId: () => string;
}

const toolName = (tool: BindToolsInput): string => {
  const named = tool as { name?: unknown; function?: { name?: unknown } };
  const name = named.name ?? named.function?.name;
  return typeof name === "string" ? name : "";
};

/**
 * A chat model that plays a script: streams, reports usage, calls tools. Made by `scriptedModel`.
 *
 * No member is private in the language's sense, so objects derived from it work like it.
 */
export class ScriptedModel extends BaseChatModel<ScriptedCallOptions> {
  static override lc_name(): string {
    return "ScriptedModel";
  }

  /** @internal */
  readonly shared: Shared;
  /** @internal */
  readonly defaultOptions: Partial<ScriptedCallOptions>;

  /** @internal */
  constructor(shared: Shared, defaultOptions: Partial<ScriptedCallOptions> = {}) {
    super({});
    this.shared = shared;
    this.defaultOptions = defaultOptions;
  }

  /** Every request, oldest first; the same list for all copies. */
  get calls(): readonly ModelCall[] {
    return this.shared.log.items;
  }

  /** How many requests there were, forgotten ones included. */
  get callCount(): number {
    return this.shared.log.total;
  }

  get model(): string {
    return this.shared.model;
  }

  // The constructor of the base class asks for it, before there is anything on this object.
  override _llmType(): string {
    return "scripted";
  }

  override getLsParams(options: this["ParsedCallOptions"]): LangSmithParams {
    return {
      ls_provider: this.shared.provider,
      ls_model_name: this.shared.model,
      ls_model_type: "chat",
      ...(options.stop === undefined ? {} : { ls_stop: options.stop }),
    };
  }

  override invocationParams(options?: this["ParsedCallOptions"]): Record<string, unknown> {
    const { tools, tool_choice } = this.combined(options);
    return {
      model: this.shared.model,
      ...(tools === undefined ? {} : { tools }),
      ...(tool_choice === undefined ? {} : { tool_choice }),
    };
  }

  override _identifyingParams(): Record<string, unknown> {
    return { provider: this.shared.provider, model: this.shared.model };
  }

  /** A copy that plays the same script into the same log. */
  override bindTools(tools: BindToolsInput[], kwargs?: Partial<ScriptedCallOptions>): ScriptedModel {
    return this.withConfig({
      tools: tools.map((tool) => (toolName(tool) === "" ? tool : convertToOpenAITool(tool))),
      ...kwargs,
    });
  }

  override withConfig(config: Partial<ScriptedCallOptions>): ScriptedModel {
    return new ScriptedModel(this.shared, { ...this.defaultOptions, ...config });
  }

  override invoke(input: BaseLanguageModelInput, options?: Partial<ScriptedCallOptions>): Promise<AIMessageChunk> {
    return super.invoke(input, this.combined(options));
  }

  override stream(
    ...[input, options]: Parameters<BaseChatModel<ScriptedCallOptions>["stream"]>
  ): ReturnType<BaseChatModel<ScriptedCallOptions>["stream"]> {
    return super.stream(input, this.combined(options));
  }

  /** The script answers with a call of the one bound tool: `info.tools[0]`, named `extract` unless the schema or config names it. */
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions<false>,
  ): Runnable<BaseLanguageModelInput, Output>;
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions<true>,
  ): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output | null }>;
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions<boolean>,
  ):
    | Runnable<BaseLanguageModelInput, Output>
    | Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output | null }> {
    const { tool, parser } = structuredOutput(schema, config?.name);
    const model = this.bindTools([tool], { tool_choice: { type: "function", function: { name: tool.function.name } } });
    return config?.includeRaw === true ? withRaw(model, parser) : model.pipe(parser);
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    _runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    const call = this.begin(messages, options, false);
    try {
      const step = await this.step(call);
      await this.pause(step, call);
      if (step.ending.kind === "throw") throw step.ending.error;
      if (step.ending.kind === "hang") await untilAborted(call.signal);
      const context = this.context(messages);
      const usage = usageMetadata(step, context.inputCharacters);
      const llmOutput =
        usage === undefined
          ? {}
          : {
              llmOutput: {
                tokenUsage: {
                  promptTokens: usage.input_tokens,
                  completionTokens: usage.output_tokens,
                  totalTokens: usage.total_tokens,
                },
              },
            };
      call.status = "ok";
      return { generations: [{ text: step.text, message: wholeMessage(step, context) }], ...llmOutput };
    } catch (error) {
      call.status = call.signal?.aborted === true ? "cancelled" : "error";
      throw error;
    }
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const call = this.begin(messages, options, true);
    try {
      const step = await this.step(call);
      const context = this.context(messages);
      for (const message of messageChunks(step, context)) yield await this.emit(message, step, call, runManager);
      if (step.ending.kind !== "done") await this.pause(step, call);
      if (step.ending.kind === "throw") throw step.ending.error;
      if (step.ending.kind === "hang") await untilAborted(call.signal);
      const last = await this.emit(lastChunk(step, context), step, call, runManager);
      call.status = "ok";
      yield last;
    } catch (error) {
      call.status = call.signal?.aborted === true ? "cancelled" : "error";
      throw error;
    } finally {
      // Only a consumer that stopped reading leaves it so.
      if (call.status === "running") call.status = "cancelled";
    }
  }

  private async emit(
    message: AIMessageChunk,
    step: PlayedStep,
    call: ModelCall,
    runManager: CallbackManagerForLLMRun | undefined,
  ): Promise<ChatGenerationChunk> {
    await this.pause(step, call);
    const chunk = new ChatGenerationChunk({ text: message.text, message });
    await runManager?.handleLLMNewToken(chunk.text, { prompt: 0, completion: 0 }, undefined, undefined, undefined, {
      chunk,
    });
    return chunk;
  }

  private begin(messages: readonly BaseMessage[], given: Partial<ScriptedCallOptions>, streaming: boolean): ModelCall {
    const options = this.combined(given);
    const call: ModelCall = {
      index: this.shared.log.total,
      messages: [...messages],
      tools: (options.tools ?? []).map(toolName),
      streaming,
      options,
      signal: options.signal,
      at: this.shared.clock.now(),
      status: "running",
    };
    this.shared.log.add(call);
    return call;
  }

  private async step(call: ModelCall): Promise<PlayedStep> {
    call.signal?.throwIfAborted();
    const step = await this.shared.player.next(call.messages, call, call.index);
    call.signal?.throwIfAborted();
    return readStep(step, `scriptedModel, call ${call.index}`);
  }

  private async pause(step: PlayedStep, call: ModelCall): Promise<void> {
    if (step.delayMs > 0) await delay(this.shared.clock, step.delayMs, call.signal);
    call.signal?.throwIfAborted();
  }

  private context(messages: readonly BaseMessage[]): AnswerContext {
    return { model: this.shared.model, inputCharacters: charactersOf(messages), nextId: this.shared.nextId };
  }

  private combined(options: Partial<ScriptedCallOptions> | undefined): Partial<ScriptedCallOptions> {
    const given = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
    return { ...this.defaultOptions, ...given };
  }
}

/**
 * A chat model without a provider: it answers what the script says, one step per request, in order of the requests or by
 * a function of the messages.
 *
 * @example
 * const model = scriptedModel((messages) => messages.at(-1)?.type === "human"
 *   ? { call: { name: "search", args: { q: "refund" } } }
 *   : { say: `Result: ${messages.at(-1)?.text}` }).bindTools([search]);
 */
export function scriptedModel(script: ModelScript, options: ScriptedModelOptions = {}): ScriptedModel {
  return new ScriptedModel({
    model: options.model ?? "script-1",
    provider: options.provider ?? "scripted",
    clock: options.clock ?? realClock,
    player: createPlayer(script, options.whenDone ?? "throw", "scriptedModel"),
    log: createLog(options.keep ?? 10_000),
    nextId: callIds(),
  });
}
