import { snapshot } from "@graphtap/values";
import { ToolInputParsingException } from "@langchain/core/tools";
import type { Core } from "../core.js";
import { DeniedError } from "../denial.js";
import type { DenialFields, EndStatus } from "../hooks/context.js";
import type { ToolCall, ToolReply, ToolStart } from "../hooks/tool.js";
import { codeOf, isBubbleUp, outcomeOf } from "../run/outcome.js";
import type { Frame } from "../run/scope.js";
import type { AnyTool, FrozenCall } from "./call.js";
import { authorize, denialOf, judge, type Judged, refusal, withoutApproval } from "./gate.js";
import { type Body, handed, sealed, shapeOf } from "./shape.js";

/** Runs the real tool with these arguments; `invoke` and `call` differ only in the method they end in. */
export type Invocation = (tool: AnyTool, args: unknown, bare?: boolean) => Promise<unknown>;

/** A result, or a refusal for the caller to put into words. */
export type Executed =
  | { readonly denied: false; readonly value: unknown }
  | { readonly denied: true; readonly executionId: string; readonly denial: DenialFields };

/** Tells the observers of a refusal. */
export async function reportDenied(
  frame: Frame,
  tool: AnyTool,
  callId: string | null,
  executionId: string,
  denial: DenialFields,
): Promise<Executed> {
  const told = frame.scope.dispatch.tool.denied.call({ ...denial, name: tool.name, executionId, callId }, frame.ctx);
  if (told !== undefined) await told;
  return { denied: true, executionId, denial };
}

/** Takes a judged call through admit, call, result, settle and the observers. */
export function execute(
  core: Core,
  frame: Frame,
  tool: AnyTool,
  judged: Exclude<Judged, { kind: "escalated" }>,
  call: { readonly callId: string | null; readonly args: unknown; readonly form: "call" | "bare" },
  invoke: Invocation,
): Promise<Executed> {
  const { callId, args, form } = call;
  if (judged.kind === "denied") return reportDenied(frame, tool, callId, judged.executionId, judged.denial);
  const execution = new Execution(core, frame, tool, callId, form, invoke);
  if (judged.kind === "allowed") return execution.admitted(judged.call);
  // Nothing to admit: the tool refuses its own arguments, or nobody may refuse and nothing could be read.
  return execution.observed(judged.executionId, null, async () => ({
    value:
      judged.kind === "unread"
        ? await execution.inside(() => invoke(tool, args))
        : await execution.refusedByItself(judged.raw),
  }));
}

class Execution implements Body {
  #attempts = 0;
  /** The tool's own code was reached: it counts, whatever comes of it. */
  #ran = false;
  /** Refusals of this call; one that the tool itself met inside is its own error. */
  readonly #refusals = new WeakSet<object>();

  constructor(
    readonly core: Core,
    readonly frame: Frame,
    readonly tool: AnyTool,
    readonly callId: string | null,
    readonly form: "call" | "bare",
    readonly invoke: Invocation,
  ) {}

  /** admit -> call -> result -> settle, with the call that was judged. */
  admitted(call: FrozenCall): Promise<Executed> {
    const body = (): Promise<ToolReply> => this.#onion(call);
    return this.frame.scope.dispatch.tool.admit.used
      ? this.#reserved(call, body)
      : this.observed(call.executionId, call, body);
  }

  async #reserved(call: FrozenCall, body: () => Promise<ToolReply>): Promise<Executed> {
    const { admit } = this.frame.scope.dispatch.tool;
    const reservation = await admit.call(call, this.frame.ctx);
    if (!reservation.ok)
      return reportDenied(this.frame, this.tool, this.callId, call.executionId, denialOf(reservation));
    return this.observed(call.executionId, call, body, reservation.settlement);
  }

  /** Runs `body` between tool.start and tool.end. */
  async observed(
    executionId: string,
    call: ToolCall | null,
    body: () => Promise<ToolReply>,
    settlement?: {
      settle(actual: { status: EndStatus; durationMs: number }): unknown;
      release(reason: string): unknown;
    },
  ): Promise<Executed> {
    const { ctx, scope } = this.frame;
    const { start, end, result } = scope.dispatch.tool;
    const at = ctx.clock.monotonic();
    const ids = { name: this.tool.name, executionId, callId: this.callId };
    const tell = (
      status: EndStatus,
      code: string | null,
      error: unknown,
      durationMs: number,
    ): undefined | Promise<undefined> => end.call({ ...ids, status, code, error, durationMs, late: scope.over }, ctx);
    const settled = async (
      taken: NonNullable<typeof settlement>,
      status: EndStatus,
      code: string | null,
      error: unknown,
      durationMs: number,
    ): Promise<void> => {
      // A pause runs again on resume and is admitted then; a refusal never ran.
      if (status === "paused" || (status === "denied" && !this.#ran)) await taken.release(status);
      else await taken.settle({ status, durationMs });
      await tell(status, code, error, durationMs);
    };
    const finish = (status: EndStatus, code: string | null, error: unknown): undefined | Promise<void> => {
      const durationMs = ctx.clock.monotonic() - at;
      return settlement === undefined
        ? tell(status, code, error, durationMs)
        : settled(settlement, status, code, error, durationMs);
    };
    if (start.used) {
      const told = start.call(new StartEvent(ids.name, executionId, this.callId, call), ctx);
      if (told !== undefined) await told;
    }
    let reply: ToolReply;
    try {
      reply = await body();
    } catch (error) {
      if (DeniedError.isDenied(error) && this.#refusals.has(error)) return this.#refused(executionId, finish, error);
      const { status, code } = outcomeOf(error, ctx.signal);
      await finish(status, code, error);
      throw error;
    }
    if (result.used) {
      try {
        reply = await result.call(Object.freeze({ value: reply.value }), ctx);
      } catch (error) {
        if (isBubbleUp(error)) {
          await finish("paused", null, error);
          throw error;
        }
        const denial = refusal(
          "RESULT_WITHHELD",
          "The result of this call cannot be shown; answer without it.",
          String((error as Error).message),
        );
        await finish("denied", denial.code, error);
        return reportDenied(this.frame, this.tool, this.callId, executionId, denial);
      }
    }
    const failed = isErrorMessage(reply.value);
    const told = finish(failed ? "error" : "ok", failed ? "TOOL_ERROR" : null, null);
    if (told !== undefined) await told;
    return { denied: false, value: reply.value };
  }

  async #refused(
    executionId: string,
    finish: (status: EndStatus, code: string | null, error: unknown) => undefined | Promise<void>,
    error: DeniedError,
  ): Promise<Executed> {
    await finish("denied", error.code, error);
    const denial: DenialFields = {
      code: error.code,
      message: error.modelMessage,
      reason: error.reason,
      plugin: error.plugin ?? null,
      hook: error.hook ?? null,
    };
    return reportDenied(this.frame, this.tool, this.callId, executionId, denial);
  }

  #onion(call: FrozenCall): Promise<ToolReply> {
    const around = this.frame.scope.dispatch.tool.call;
    const core = (request: ToolCall): Promise<ToolReply> => this.#attempt(call, request);
    return around.used ? around.call(call, this.frame.ctx, core) : core(call);
  }

  /** One attempt: the first runs on the judgement that admitted it, each further one, or a changed one, is judged again. */
  #attempt(judged: FrozenCall, request: ToolCall): Promise<ToolReply> {
    return request === judged && this.#attempts === 0 ? this.#run(judged) : this.#again(judged, request);
  }

  async #again(judged: FrozenCall, request: ToolCall): Promise<ToolReply> {
    let call = judged;
    if (request !== judged)
      call = this.#allowed(
        await judge(this.core, this.frame, {
          tool: this.tool,
          args: request.raw,
          callId: this.callId,
          route: judged.route,
          form: this.form,
        }),
      );
    else if (this.#attempts > 0) call = this.#allowed(await authorize(this.core, this.frame, judged));
    return this.#run(call);
  }

  #run(call: FrozenCall): Promise<ToolReply> {
    this.#attempts++;
    const ready = handed(this.tool, call, this);
    return this.inside(() => this.invoke(ready.tool, ready.args, ready.bare)).then(replied);
  }

  #allowed(verdict: Judged): FrozenCall {
    const judged = withoutApproval(verdict);
    if (judged.kind === "allowed") return judged.call;
    const denial =
      judged.kind === "denied"
        ? judged.denial
        : refusal(
            "ARGUMENTS_CHANGED",
            "The call changed into one that the tool does not accept.",
            judged.kind === "invalid" ? String(codeOf(judged.error) ?? "schema") : "unreadable",
          );
    throw this.#refusal(denial);
  }

  #refusal(denial: DenialFields): DeniedError {
    const error = new DeniedError(`tool "${this.tool.name}"`, denial);
    this.#refusals.add(error);
    return error;
  }

  runs(): void {
    this.#ran = true;
  }

  changed(reason: string): DeniedError {
    return this.#refusal(refusal("ARGUMENTS_CHANGED", "The call changed after it was judged.", reason));
  }

  /** Lets the tool say in its own words what its schema refused; its code is not reached. */
  refusedByItself(raw: unknown): Promise<unknown> {
    const shape = shapeOf(this.tool);
    if (shape === "runnable")
      return Promise.reject(
        new ToolInputParsingException("Received tool input did not match expected schema", JSON.stringify(raw)),
      );
    const target = shape === "langchain" ? sealed(this.tool, this) : this.tool;
    return this.inside(() => this.invoke(target, snapshot(raw).value));
  }

  /** Permits of this task do not reach into the tool. */
  inside<T>(body: () => T): T {
    if (this.frame.permits === null) return body();
    return this.core.frames.run({ ...this.frame, permits: null }, body);
  }
}

const replied = (value: unknown): ToolReply => ({ value });

/** A start as observers see it; the hash of the arguments is made only for those who read it. */
class StartEvent implements ToolStart {
  readonly #call: ToolCall | null;
  constructor(
    readonly name: string,
    readonly executionId: string,
    readonly callId: string | null,
    call: ToolCall | null,
  ) {
    this.#call = call;
  }
  get argsHash(): string | null {
    return this.#call?.argsHash ?? null;
  }
}

const isErrorMessage = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (value as { status?: unknown }).status === "error" &&
  "tool_call_id" in value;
