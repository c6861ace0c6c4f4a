import { randomUUID } from "node:crypto";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import { DeniedError } from "../denial.js";
import type { DenialFields, EndStatus, Usage } from "../hooks/context.js";
import type { ModelCall, ModelReply } from "../hooks/model.js";
import { endingOf } from "../run/outcome.js";
import type { Frame } from "../run/scope.js";
import { denialOf, refusal } from "../tool/gate.js";
import { readUsage } from "./usage.js";

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
  #ended = false;
  #settlement: {
    settle(actual: { status: EndStatus; usage: Usage | null }): unknown;
    release(reason: string): unknown;
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
  static async begin(
    frame: Frame,
    name: ModelName,
    messages: readonly BaseMessage[],
    options: Record<string, unknown>,
    streaming: boolean,
  ): Promise<ModelFlight> {
    const { dispatch } = frame.scope;
    let call: ModelCall = Object.freeze({ modelCallId: randomUUID(), ...name, messages, options, streaming });
    if (dispatch.model.prepare.used) {
      const { messages: prepared, options: changed } = await dispatch.model.prepare.call(call, frame.ctx);
      call = Object.freeze({ ...call, messages: Object.freeze([...prepared]), options: Object.freeze({ ...changed }) });
    }
    const flight = new ModelFlight(frame, call);
    if (dispatch.model.authorize.used) await flight.#authorize(call);
    if (dispatch.model.admit.used) {
      const reservation = await dispatch.model.admit.call(call, frame.ctx);
      if (!reservation.ok) throw await flight.#refuse(denialOf(reservation));
      flight.#settlement = reservation.settlement;
    }
    const told = dispatch.model.start.call(
      { modelCallId: call.modelCallId, ...name, messages: call.messages.length, streaming },
      frame.ctx,
    );
    if (told !== undefined) await told;
    return flight;
  }

  /** The call itself, inside the around taps. */
  reply(core: ModelCore): Promise<ModelReply> {
    const around = this.frame.scope.dispatch.model.call;
    return around.used
      ? around.call(this.call, this.frame.ctx, (asked) =>
          asked === this.call ? core(asked) : this.#again(asked, core),
        )
      : core(this.call);
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

  async #authorize(call: ModelCall): Promise<void> {
    const verdict = await this.frame.scope.dispatch.model.authorize.call(call, this.frame.ctx);
    if (verdict.effect !== "allow")
      throw await this.#refuse(verdict.effect === "deny" ? denialOf(verdict) : NO_APPROVAL);
  }

  /** Filters on the whole reply. */
  async result(result: ChatResult): Promise<ChatResult> {
    const filter = this.frame.scope.dispatch.model.result;
    if (!filter.used) return result;
    try {
      return (await filter.call(Object.freeze({ result }), this.frame.ctx)).result;
    } catch (error) {
      throw new DeniedError(
        "a model's reply",
        refusal("RESULT_WITHHELD", "The reply of the model cannot be shown.", String((error as Error).message)),
      );
    }
  }

  /** Something of the stream arrived. */
  seen(): void {
    this.#firstChunkAt ??= this.frame.ctx.clock.monotonic();
  }

  /** Shows a chunk to the observers. */
  chunk(chunk: ChatGenerationChunk): void {
    this.frame.scope.dispatch.model.chunk.call(chunk, this.frame.ctx);
  }

  /** Ends the flight with a thrown value. */
  fail(error: unknown, usage: Usage | null = null): Promise<void> {
    const { status, code } = endingOf(error, this.frame.ctx.signal);
    return this.end(status, code, error, usage);
  }

  /** Ends the flight whose reader left: by itself, or because the run was aborted or took too long. */
  left(usage: Usage | null): Promise<void> {
    const { signal } = this.frame.ctx;
    return signal?.aborted === true ? this.fail(signal.reason, usage) : this.end("cancelled", "ABORTED", null, usage);
  }

  /** Settles and tells the observers; only the first call counts. */
  async end(status: EndStatus, code: string | null, error: unknown, usage: Usage | null): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { ctx, scope } = this.frame;
    scope.addUsage(usage);
    await this.#settlement?.settle({ status, usage });
    const { modelCallId, provider, model, streaming } = this.call;
    const timeToFirstChunkMs = this.#firstChunkAt === null ? null : this.#firstChunkAt - this.#at;
    const told = scope.dispatch.model.end.call(
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
    );
    if (told !== undefined) await told;
  }

  async #refuse(denial: DenialFields): Promise<DeniedError> {
    const { ctx, scope } = this.frame;
    const { modelCallId, provider, model } = this.call;
    const told = scope.dispatch.model.denied.call({ ...denial, modelCallId, provider, model }, ctx);
    if (told !== undefined) await told;
    return new DeniedError(`a call of model "${model ?? "?"}"`, denial);
  }
}

/** Usage of a whole result: of its message, as LangChain normalises it. */
export function usageOfResult(result: ChatResult): Usage | null {
  const message = result.generations[0]?.message as { usage_metadata?: unknown } | undefined;
  return readUsage(message?.usage_metadata);
}
