import { fitting } from "../answer.js";
import { snapshot } from "@graphtap/values";
import { ToolInputParsingException } from "@langchain/core/tools";
import type { Core } from "../core.js";
import { DeniedError, denialIn, forModel } from "../denial.js";
import type { DenialFields, EndStatus } from "../hooks/context.js";
import type { ToolCall, ToolDenied, ToolReply, ToolStart } from "../hooks/tool.js";
import { onward } from "../run/onward.js";
import { codeOf, isBubbleUp, outcomeOf, refusalIn } from "../run/outcome.js";
import { isStopped, refuseGone } from "../run/direct.js";
import type { Frame } from "../run/scope.js";
import type { AnyTool, FrozenCall } from "./call.js";
import { authorize, type Denied, denialOf, failureOf, judge, type Judged, refusal, withoutApproval } from "./gate.js";
import { type Body, handed, type Handover, sealed, shapeOf, unread } from "./shape.js";

/** Where a call came from. */
export interface Caller {
  /** Runs the real tool with these arguments. */
  invoke(tool: AnyTool, args: unknown, bare?: boolean): Promise<unknown>;
  /** Puts a refusal into words, or throws it. */
  refused(executionId: string, denial: DenialFields): unknown;
}

/** Tells the observers of a refusal. */
export function reportDenied(
  frame: Frame,
  tool: AnyTool,
  callId: string | null,
  { executionId, denial, call }: Denied,
): Promise<undefined> {
  const { denied } = frame.scope.dispatch.tool;
  if (!denied.used) return Promise.resolve(undefined);
  const about = { ...denial, name: tool.name, executionId, callId };
  // The hash is made only for those who read it; an own property, for events are spread.
  const hashed = Object.defineProperty(about, "argsHash", { enumerable: true, get: () => call?.argsHash ?? null });
  const told = denied.call(hashed as ToolDenied, frame.ctx);
  return told ?? Promise.resolve(undefined);
}

/** Takes a judged call through admit, call, result, settle and the observers. */
export function execute(
  core: Core,
  frame: Frame,
  tool: AnyTool,
  judged: Exclude<Judged, { kind: "escalated" }>,
  call: { readonly callId: string | null; readonly args: unknown; readonly form: "call" | "bare" },
  caller: Caller,
): Promise<unknown> {
  const execution = new Execution(core, frame, tool, call.callId, call.form, caller);
  if (judged.kind === "denied") return execution.denied(judged);
  if (judged.kind === "allowed") return execution.admitted(judged.call);
  // Nothing to admit: the tool refuses its own arguments, or nobody may refuse and nothing could be read.
  return execution.observed(judged.executionId, null, () =>
    promised(judged.kind === "unread" ? execution.unread(call.args) : execution.refusedByItself(judged.raw)).then(
      replied,
    ),
  );
}

interface Settlement {
  settle(actual: { status: EndStatus; durationMs: number }): void | Promise<void>;
  release(reason: string): void | Promise<void>;
}

/** One call. Promises are chained and not awaited: async hooks make each one dear, and most calls need three. */
class Execution implements Body {
  #attempts = 0;
  /** The tool's own code was reached: it counts, whatever comes of it. */
  #ran = false;
  /** Refusals of this call; one that the tool itself met inside is its own error. */
  #refusals: Set<DeniedError> | null = null;
  #executionId = "";
  /** What was admitted; null where nobody could read or judge it. */
  #call: ToolCall | null = null;
  #at = 0;
  #settlement: Settlement | null = null;

  constructor(
    readonly core: Core,
    readonly frame: Frame,
    readonly tool: AnyTool,
    readonly callId: string | null,
    readonly form: "call" | "bare",
    readonly caller: Caller,
  ) {}

  denied(denied: Denied): Promise<unknown> {
    return reportDenied(this.frame, this.tool, this.callId, denied).then(() =>
      this.caller.refused(denied.executionId, denied.denial),
    );
  }

  /** admit -> call -> result -> settle, with the call that was judged. */
  admitted(call: FrozenCall): Promise<unknown> {
    if (this.frame.scope.dispatch.tool.authorize.used && isStopped(this.frame))
      return promised(null).then(() => refuseGone(this.frame));
    const body = (): Promise<ToolReply> => this.#onion(call);
    return this.frame.scope.dispatch.tool.admit.used
      ? this.#reserved(call, body)
      : this.observed(call.executionId, call, body);
  }

  #reserved(call: FrozenCall, body: () => Promise<ToolReply>): Promise<unknown> {
    const { admit } = this.frame.scope.dispatch.tool;
    return promised(
      onward(admit.call(call, this.frame.ctx), (reservation): Promise<unknown> => {
        if (!reservation.ok) return this.denied({ executionId: call.executionId, call, denial: denialOf(reservation) });
        if (isStopped(this.frame))
          return promised(reservation.settlement.release("cancelled")).then(() => refuseGone(this.frame));
        this.#settlement = reservation.settlement;
        return this.observed(call.executionId, call, body);
      }),
    );
  }

  /** Runs `body` between tool.start and tool.end. */
  observed(executionId: string, call: ToolCall | null, body: () => Promise<ToolReply>): Promise<unknown> {
    const { ctx, scope } = this.frame;
    const { start } = scope.dispatch.tool;
    this.#executionId = executionId;
    this.#call = call;
    if (this.#timed) this.#at = ctx.clock.monotonic();
    const told = start.used
      ? start.call(new StartEvent(this.tool.name, executionId, this.callId, call), ctx)
      : undefined;
    return told === undefined ? this.#watched(body) : told.then(() => this.#watched(body));
  }

  #watched(body: () => Promise<ToolReply>): Promise<unknown> {
    let reply: Promise<ToolReply>;
    try {
      reply = promised(body());
    } catch (error) {
      return this.#failed(error);
    }
    return reply.then(
      (given) => (this.frame.scope.dispatch.tool.result.used ? this.#filtered(given) : this.#done(given)),
      (error: unknown) => this.#failed(error),
    );
  }

  /** The call came to its end; a promise only where somebody has to be waited for. */
  #finish(status: EndStatus, code: string | null, error: unknown): undefined | Promise<undefined> {
    if (!this.#timed) return undefined;
    const { ctx, scope } = this.frame;
    const durationMs = ctx.clock.monotonic() - this.#at;
    const { name } = this.tool;
    const executionId = this.#executionId;
    const tell = (): undefined | Promise<undefined> =>
      scope.dispatch.tool.end.call(
        { name, executionId, callId: this.callId, status, code, error, durationMs, late: scope.over },
        ctx,
      );
    return this.#settlement === null
      ? tell()
      : (onward(this.#settle(this.#settlement, status, durationMs), tell) as undefined | Promise<undefined>);
  }

  /** Whether anybody wants to know how long it took. */
  get #timed(): boolean {
    return this.#settlement !== null || this.frame.scope.dispatch.tool.end.used;
  }

  #settle(taken: Settlement, status: EndStatus, durationMs: number): void | Promise<void> {
    // A pause runs again on resume and is admitted then; what was refused, by the tool's own schema too, never ran.
    return status === "paused" || (status !== "ok" && !this.#ran)
      ? taken.release(status)
      : taken.settle({ status, durationMs });
  }

  #done({ value }: ToolReply): unknown {
    const failed = isErrorMessage(value);
    const told = this.#finish(failed ? "error" : "ok", failed ? "TOOL_ERROR" : null, null);
    return told === undefined ? value : told.then(() => value);
  }

  #filtered(reply: ToolReply): unknown {
    const { ctx, scope } = this.frame;
    const filter = scope.dispatch.tool.result;
    let filtered: ToolReply | Promise<ToolReply>;
    try {
      filtered = onward(filter.call(Object.freeze({ value: reply.value }), ctx), (given) =>
        fitting("tool.result", filter, given),
      );
    } catch (error) {
      return this.#withheld(error);
    }
    if (!(filtered instanceof Promise)) return this.#done(filtered);
    return filtered.then(
      (given) => this.#done(given),
      (error: unknown) => this.#withheld(error),
    );
  }

  async #withheld(error: unknown): Promise<unknown> {
    if (isBubbleUp(error)) {
      await this.#finish("paused", null, error);
      throw error;
    }
    const denial = DeniedError.isDenied(error)
      ? denialIn(error)
      : refusal("RESULT_WITHHELD", "The result of this call cannot be shown; answer without it.", failureOf(error));
    await this.#finish("denied", denial.code, error);
    return this.denied(this.#denied(denial));
  }

  async #failed(error: unknown): Promise<unknown> {
    if (DeniedError.isDenied(error) && this.#refusals?.has(error) === true) {
      await this.#finish("denied", error.code, error);
      return this.denied(this.#denied(denialIn(error)));
    }
    const { status, code, error: told } = outcomeOf(error, this.frame.ctx.signal);
    await this.#finish(status, code, told);
    // What a ToolCall fails with becomes a message: of somebody else's refusal the model is told what to do, and no policy.
    const refused = this.form === "call" ? refusalIn(error) : null;
    throw refused === null ? error : forModel(refused, error);
  }

  #denied(denial: DenialFields): Denied {
    return { executionId: this.#executionId, denial, ...(this.#call === null ? {} : { call: this.#call }) };
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
    return promised(this.inside(() => this.caller.invoke(ready.tool, ready.args, ready.bare))).then(replied);
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
    (this.#refusals ??= new Set()).add(error);
    return error;
  }

  runs(): void;
  runs<T>(code: () => T, given?: Handover): T;
  runs(code?: () => unknown, given?: Handover): unknown {
    this.#ran = true;
    // A lazy tool hands exactly these arguments on to what it loaded, which may be a governed tool: the same call.
    if (given !== undefined && typeof given.parsed === "object" && given.parsed !== null)
      this.core.bodies.set(given.parsed, given.call);
    return code === undefined ? undefined : this.core.frames.aloud(code);
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
    return this.inside(() => this.caller.invoke(target, snapshot(raw).value));
  }

  /** Hands arguments on that nobody reads. */
  unread(args: unknown): Promise<unknown> {
    const target = unread(this.tool, this);
    return this.inside(() => this.caller.invoke(target, args));
  }

  /** Permits of this task do not reach into the tool. */
  inside<T>(body: () => T): T {
    if (this.frame.permits === null) return body();
    return this.core.frames.run({ ...this.frame, permits: null }, body);
  }
}

/** A tool with an `invoke` of its own, or a tap, may answer at once, or with a promise that is not the platform's. */
const promised = <T>(given: T | PromiseLike<T>): Promise<T> => Promise.resolve(given) as Promise<T>;

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
