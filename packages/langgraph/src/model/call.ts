import { fitting } from "../answer.js";
import { randomUUID } from "node:crypto";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import { DeniedError } from "../denial.js";
import type { DenialFields, EndStatus, Usage } from "../hooks/context.js";
import type { ModelCall, ModelReply } from "../hooks/model.js";
import { onward } from "../run/onward.js";
import { endingOf, isBubbleUp } from "../run/outcome.js";
import { isGone, isStopped, refuseGone } from "../run/direct.js";
import type { Frame } from "../run/scope.js";
import { denialOf, failureOf, refusal } from "../tool/gate.js";
import { addUsage, readUsage, usageOf } from "./usage.js";

/** How a model names itself. */
export interface ModelName {
  readonly provider: string | null;
  readonly model: string | null;
}

/** Runs the real model for one frozen request. */
export type ModelCore = (call: ModelCall) => Promise<ModelReply>;

const NO_APPROVAL = refusal(
  "APPROVAL_NOT_POSSIBLE",
  "This model call needs an approval that nobody can give here.",
  "a guard escalated a model call",
);

/** One model call on its way: prepare, freeze, authorize, admit; then `end` exactly once. */
export class ModelFlight {
  readonly #at: number;
  #firstChunkAt: number | null = null;
  #usage: Usage | null = null;
  /** What a provider without `usage_metadata` said last. */
  #older: Usage | null = null;
  /** Replies are counted where they come from. */
  #counting = false;
  #ended = false;
  #settlement: {
    settle(actual: { status: EndStatus; usage: Usage | null }): void | Promise<void>;
    release(reason: string): void | Promise<void>;
  } | null = null;

  private constructor(
    readonly frame: Frame,
    readonly call: ModelCall,
  ) {
    this.#at = frame.ctx.clock.monotonic();
  }

  /**
   * Judges a call.
   *
   * @throws DeniedError when a guard or a limit refuses it; the observers were told.
   */
  static begin(
    frame: Frame,
    name: ModelName,
    messages: readonly BaseMessage[],
    options: Record<string, unknown>,
    streaming: boolean,
  ): ModelFlight | Promise<ModelFlight> {
    const { prepare } = frame.scope.dispatch.model;
    const call: ModelCall = Object.freeze({ modelCallId: randomUUID(), ...name, messages, options, streaming });
    if (!prepare.used) return new ModelFlight(frame, call).#judged();
    return onward(prepare.call(call, frame.ctx), (given) => {
      const { messages: prepared, options: changed } = fitting("model.prepare", prepare, given);
      return new ModelFlight(
        frame,
        Object.freeze({ ...call, messages: Object.freeze([...prepared]), options: Object.freeze({ ...changed }) }),
      ).#judged();
    });
  }

  #judged(): ModelFlight | Promise<ModelFlight> {
    if (!this.frame.scope.dispatch.model.authorize.used) return this.#admitted();
    return onward(this.#authorize(this.call), () => this.#admitted());
  }

  #admitted(): ModelFlight | Promise<ModelFlight> {
    const { admit } = this.frame.scope.dispatch.model;
    if (!admit.used) return this.#started();
    return onward(admit.call(this.call, this.frame.ctx), (reservation) => {
      if (!reservation.ok) return this.#refuse(denialOf(reservation));
      this.#settlement = reservation.settlement;
      return this.#started();
    });
  }

  #started(): ModelFlight | Promise<ModelFlight> {
    const { authorize, admit } = this.frame.scope.dispatch.model;
    const stopped = authorize.used || admit.used ? isStopped : isGone;
    if (stopped(this.frame)) return onward(this.#settlement?.release("cancelled"), () => refuseGone(this.frame));
    const { modelCallId, provider, model, messages, streaming } = this.call;
    const told = this.frame.scope.dispatch.model.start.call(
      { modelCallId, provider, model, messages: messages.length, streaming },
      this.frame.ctx,
    );
    this.frame.scope.underWay(this);
    return told === undefined ? this : told.then(() => this);
  }

  /** The call itself, inside the around taps. */
  reply(core: ModelCore): Promise<ModelReply> {
    const around = this.frame.scope.dispatch.model.call;
    if (!around.used) return core(this.call);
    // A layer may ask more than once, and keep none of it: all of it was spent.
    const counted: ModelCore = (call) => core(call).then((reply) => this.#counted(reply));
    return around.call(this.call, this.frame.ctx, (asked) =>
      asked === this.call ? counted(asked) : this.#again(asked, counted),
    );
  }

  #counted(reply: ModelReply): ModelReply {
    this.#counting = true;
    if (reply.kind === "stream") return { kind: "stream", chunks: this.#metered(reply.chunks) };
    this.#add(usageOfResult(reply.result));
    return reply;
  }

  #add(usage: Usage | null): void {
    if (usage !== null) this.#usage = addUsage(this.#usage, usage);
  }

  /** A whole reply came, from whomever. */
  gave(result: ChatResult): void {
    if (!this.#counting) this.#add(usageOfResult(result));
    this.#counting = true;
  }

  /** Chunks, counted where they arrive: of what filters hold back or withhold nothing may ever come out. */
  arriving(chunks: AsyncIterable<ChatGenerationChunk>): AsyncIterable<ChatGenerationChunk> {
    if (this.#counting) return chunks;
    this.#counting = true;
    return this.#metered(chunks);
  }

  #metered(chunks: AsyncIterable<ChatGenerationChunk>): AsyncIterable<ChatGenerationChunk> {
    const count = (step: IteratorResult<ChatGenerationChunk>): typeof step => {
      if (step.done !== true) this.#count(step.value);
      return step;
    };
    return {
      [Symbol.asyncIterator]: () => {
        const inner = chunks[Symbol.asyncIterator]();
        return {
          next: () => inner.next().then(count),
          return: (value) => inner.return?.(value) ?? Promise.resolve({ done: true, value }),
        };
      },
    };
  }

  /** A chunk leaves. */
  passed(chunk: ChatGenerationChunk): void {
    if (this.#counting) this.#firstChunkAt ??= this.frame.ctx.clock.monotonic();
    else this.#count(chunk);
  }

  #count(chunk: ChatGenerationChunk): void {
    const reported = readUsage((chunk.message as AIMessageChunk).usage_metadata);
    this.#add(reported);
    if (this.#usage === null) this.#older = usageOf(chunk, null) ?? this.#older;
    this.#firstChunkAt ??= this.frame.ctx.clock.monotonic();
  }

  /** A layer made another request of the one that was judged: nothing is sent that no guard has seen. */
  async #again(asked: ModelCall, core: ModelCore): Promise<ModelReply> {
    const call: ModelCall = Object.freeze({
      ...asked,
      messages: Object.freeze([...asked.messages]),
      options: Object.freeze({ ...asked.options }),
    });
    if (this.frame.scope.dispatch.model.authorize.used) await this.#authorize(call);
    return core(call);
  }

  #authorize(call: ModelCall): undefined | Promise<undefined> {
    return onward(this.frame.scope.dispatch.model.authorize.call(call, this.frame.ctx), (verdict) =>
      verdict.effect === "allow"
        ? undefined
        : this.#refuse(verdict.effect === "deny" ? denialOf(verdict) : NO_APPROVAL),
    ) as undefined | Promise<undefined>;
  }

  /** Filters on the whole reply. */
  result(result: ChatResult): ChatResult | Promise<ChatResult> {
    const filter = this.frame.scope.dispatch.model.result;
    if (!filter.used) return result;
    try {
      const filtered = onward(
        filter.call(Object.freeze({ result }), this.frame.ctx),
        (reply) => fitting("model.result", filter, reply).result,
      );
      return filtered instanceof Promise ? filtered.catch(withheld) : filtered;
    } catch (error) {
      return withheld(error);
    }
  }

  /** An event of a provider's own stream came; what it says of usage is a snapshot. */
  event(usage: Usage | null): void {
    this.#firstChunkAt ??= this.frame.ctx.clock.monotonic();
    this.#usage = usage ?? this.#usage;
  }

  /** Shows a chunk to the observers. */
  chunk(chunk: ChatGenerationChunk): void {
    this.frame.scope.dispatch.model.chunk.call(chunk, this.frame.ctx);
  }

  /** Ends the flight with a thrown value. */
  fail(error: unknown): undefined | Promise<undefined> {
    const { status, code, error: told } = endingOf(error, this.frame.ctx.signal);
    return this.end(status, code, told);
  }

  /** Ends the flight whose reader left: by itself, or because the run was aborted or took too long. */
  left(): undefined | Promise<undefined> {
    const { signal } = this.frame.ctx;
    return signal?.aborted === true ? this.fail(signal.reason) : this.end("cancelled", "ABORTED", null);
  }

  /** Settles and tells the observers; only the first call counts. */
  end(status: EndStatus, code: string | null, error: unknown): undefined | Promise<undefined> {
    if (this.#ended) return undefined;
    this.#ended = true;
    const usage = this.#usage ?? this.#older;
    const { ctx, scope } = this.frame;
    scope.done(this);
    scope.addUsage(usage);
    const { modelCallId, provider, model, streaming } = this.call;
    const timeToFirstChunkMs = this.#firstChunkAt === null ? null : this.#firstChunkAt - this.#at;
    return onward(this.#settlement?.settle({ status, usage }), () =>
      scope.dispatch.model.end.call(
        {
          modelCallId,
          provider,
          model,
          streaming,
          status,
          code,
          error,
          usage,
          timeToFirstChunkMs,
          durationMs: ctx.clock.monotonic() - this.#at,
          late: scope.over,
          coverage: "governed",
        },
        ctx,
      ),
    ) as undefined | Promise<undefined>;
  }

  /** Tells the observers, then throws. */
  #refuse(denial: DenialFields): Promise<never> {
    const { ctx, scope } = this.frame;
    const { modelCallId, provider, model } = this.call;
    return onward(scope.dispatch.model.denied.call({ ...denial, modelCallId, provider, model }, ctx), (): never => {
      throw new DeniedError(`a call of model "${model ?? "?"}"`, denial);
    }) as Promise<never>;
  }
}

/** A filter that failed leaves nothing that could be shown; one that refuses says why in its own words. */
function withheld(error: unknown): never {
  if (DeniedError.isDenied(error) || isBubbleUp(error)) throw error;
  throw new DeniedError(
    "a model's reply",
    refusal("RESULT_WITHHELD", "The reply of the model cannot be shown.", failureOf(error)),
  );
}

/** Usage of a whole result: of its message, as LangChain normalises it. */
function usageOfResult(result: ChatResult): Usage | null {
  return usageOf(result.generations[0], result.llmOutput);
}
