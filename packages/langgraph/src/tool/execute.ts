import { sameData, snapshot } from "@graphtap/values";
import type { Core } from "../core.js";
import { DeniedError } from "../denial.js";
import type { DenialFields, EndStatus } from "../hooks/context.js";
import type { ToolCall, ToolReply } from "../hooks/tool.js";
import { codeOf, outcomeOf } from "../run/outcome.js";
import type { Frame } from "../run/scope.js";
import { type AnyTool, FrozenCall } from "./call.js";
import { authorize, denialOf, judge, type Judged, refusal, withoutApproval } from "./gate.js";

/** Runs the real tool with these arguments; `invoke` and `call` differ only in the method they end in. */
export type Invocation = (tool: AnyTool, args: unknown) => Promise<unknown>;

/** A result, or a refusal for the caller to put into words. */
export type Executed = { readonly denied: false; readonly value: unknown } | { readonly denied: true; readonly executionId: string; readonly denial: DenialFields };

/** Tells the observers of a refusal. */
export async function reportDenied(frame: Frame, tool: AnyTool, callId: string | null, executionId: string, denial: DenialFields): Promise<Executed> {
  const told = frame.scope.dispatch.tool.denied.call({ ...denial, name: tool.name, executionId, callId }, frame.ctx);
  if (told !== undefined) await told;
  return { denied: true, executionId, denial };
}

/** Takes a judged call through admit, call, result, settle and the observers. */
export async function execute(core: Core, frame: Frame, tool: AnyTool, judged: Exclude<Judged, { kind: "escalated" }>, callId: string | null, args: unknown, invoke: Invocation): Promise<Executed> {
  if (judged.kind === "denied") return reportDenied(frame, tool, callId, judged.executionId, judged.denial);
  const execution = new Execution(core, frame, tool, callId, invoke);
  if (judged.kind === "allowed") return execution.admitted(judged.call);
  // Nothing to admit: the tool refuses its own arguments, or nobody may refuse and nothing could be read.
  const given = judged.kind === "invalid" ? snapshot(judged.raw).value : args;
  const target = judged.kind === "invalid" ? sealed(tool, execution) : tool;
  return execution.observed(judged.executionId, null, async () => ({ value: await execution.inside(() => invoke(target, given)) }));
}

class Execution {
  #attempts = 0;

  constructor(
    readonly core: Core,
    readonly frame: Frame,
    readonly tool: AnyTool,
    readonly callId: string | null,
    readonly invoke: Invocation,
  ) {}

  /** admit -> call -> result -> settle, with the call that was judged. */
  async admitted(call: FrozenCall): Promise<Executed> {
    const { admit } = this.frame.scope.dispatch.tool;
    if (!admit.used) return this.observed(call.executionId, call, () => this.#onion(call));
    const reservation = await admit.call(call, this.frame.ctx);
    if (!reservation.ok) return reportDenied(this.frame, this.tool, this.callId, call.executionId, denialOf(reservation));
    return this.observed(call.executionId, call, () => this.#onion(call), reservation.settlement);
  }

  /** Runs `body` between tool.start and tool.end. */
  async observed(executionId: string, call: ToolCall | null, body: () => Promise<ToolReply>, settlement?: { settle(actual: { status: EndStatus; durationMs: number }): unknown; release(reason: string): unknown }): Promise<Executed> {
    const { ctx, scope } = this.frame;
    const { start, end, result } = scope.dispatch.tool;
    const at = ctx.clock.monotonic();
    const ids = { name: this.tool.name, executionId, callId: this.callId };
    const finish = async (status: EndStatus, code: string | null, error: unknown): Promise<void> => {
      const durationMs = ctx.clock.monotonic() - at;
      // A pause runs again on resume and is admitted then; a refusal never ran.
      if (status === "paused" || status === "denied") await settlement?.release(status);
      else await settlement?.settle({ status, durationMs });
      const told = end.call({ ...ids, status, code, error, durationMs, late: scope.over }, ctx);
      if (told !== undefined) await told;
    };
    if (start.used) {
      const told = start.call({ ...ids, argsHash: call?.argsHash ?? null }, ctx);
      if (told !== undefined) await told;
    }
    let reply: ToolReply;
    try {
      reply = await body();
    } catch (error) {
      if (DeniedError.isDenied(error)) return this.#refused(executionId, finish, error);
      const { status, code } = outcomeOf(error, ctx.signal);
      await finish(status, code, error);
      throw error;
    }
    if (result.used) {
      try {
        reply = await result.call(Object.freeze({ value: reply.value }), ctx);
      } catch (error) {
        const denial = refusal("RESULT_WITHHELD", "The result of this call cannot be shown; answer without it.", String((error as Error).message));
        await finish("denied", denial.code, error);
        return reportDenied(this.frame, this.tool, this.callId, executionId, denial);
      }
    }
    const failed = isErrorMessage(reply.value);
    await finish(failed ? "error" : "ok", failed ? "TOOL_ERROR" : null, null);
    return { denied: false, value: reply.value };
  }

  async #refused(executionId: string, finish: (status: EndStatus, code: string | null, error: unknown) => Promise<void>, error: DeniedError): Promise<Executed> {
    await finish("denied", error.code, error);
    const denial: DenialFields = { code: error.code, message: error.modelMessage, reason: error.reason, plugin: error.plugin ?? null, hook: error.hook ?? null };
    return reportDenied(this.frame, this.tool, this.callId, executionId, denial);
  }

  #onion(call: FrozenCall): Promise<ToolReply> {
    const around = this.frame.scope.dispatch.tool.call;
    const core = (request: ToolCall): Promise<ToolReply> => this.#attempt(call, request);
    return around.used ? around.call(call, this.frame.ctx, core) : core(call);
  }

  /** One attempt: the first runs on the judgement that admitted it, each further one, or a changed one, is judged again. */
  async #attempt(judged: FrozenCall, request: ToolCall): Promise<ToolReply> {
    let call = judged;
    if (request !== judged) call = this.#allowed(await judge(this.core, this.frame, { tool: this.tool, args: request.raw, callId: this.callId, route: judged.route }));
    else if (this.#attempts > 0) call = this.#allowed(await authorize(this.core, this.frame, judged));
    this.#attempts++;
    return { value: await this.inside(() => this.invoke(bound(this.tool, call), snapshot(call.raw).value)) };
  }

  #allowed(verdict: Judged): FrozenCall {
    const judged = withoutApproval(verdict);
    if (judged.kind === "allowed") return judged.call;
    const denial = judged.kind === "denied" ? judged.denial : refusal("ARGUMENTS_CHANGED", "The call changed into one that the tool does not accept.", judged.kind === "invalid" ? String(codeOf(judged.error) ?? "schema") : "unreadable");
    throw new DeniedError(`tool "${this.tool.name}"`, denial);
  }

  /** Permits of this task do not reach into the tool. */
  inside<T>(body: () => T): T {
    if (this.frame.permits === null) return body();
    return this.core.frames.run({ ...this.frame, permits: null }, body);
  }
}

const isErrorMessage = (value: unknown): boolean => typeof value === "object" && value !== null && (value as { status?: unknown }).status === "error" && "tool_call_id" in value;

/** Stands in for the tool's schema: the arguments were parsed when they were judged, and exactly that is handed on. */
function parsedSchema(parsed: unknown): object {
  const success = { success: true, data: parsed };
  return { _def: { typeName: "ZodAny" }, parse: () => parsed, parseAsync: () => Promise.resolve(parsed), safeParse: () => success, safeParseAsync: () => Promise.resolve(success) };
}

const changed = (tool: AnyTool): DeniedError =>
  new DeniedError(`tool "${tool.name}"`, refusal("ARGUMENTS_CHANGED", "The call changed after it was judged.", "the arguments at _call are not the judged ones"));

/**
 * The tool for one execution: its own `invoke` and `call`, the judged arguments instead of a second parse, and a
 * `_call` that compares once more. A tool that replaces `invoke` or `call` itself runs as it is, on a copy of the
 * judged arguments that nobody else holds.
 */
function bound(tool: AnyTool, call: FrozenCall): AnyTool {
  if (!plainTool(tool)) return tool;
  const handed = snapshot(call.parsed).value;
  return Object.create(tool, {
    schema: { value: parsedSchema(handed) },
    _call: {
      value: (parsed: unknown, runManager: unknown, config: unknown): unknown => {
        if (!sameData(parsed, call.parsed)) throw changed(tool);
        return tool._call?.(parsed, runManager, config);
      },
    },
  }) as AnyTool;
}

/** The tool for arguments its schema refused: it may say so, it may not run. */
function sealed(tool: AnyTool, execution: Execution): AnyTool {
  if (!plainTool(tool)) return tool;
  return Object.create(tool, {
    _call: {
      value: () => {
        throw new DeniedError(`tool "${execution.tool.name}"`, refusal("ARGUMENTS_CHANGED", "The call changed after it was judged.", "the schema refused these arguments when they were judged"));
      },
    },
  }) as AnyTool;
}

const KNOWN = new Set(["StructuredTool", "Tool", "DynamicTool", "DynamicStructuredTool"]);
const plain = new WeakMap<object, boolean>();

/** Whether `invoke` and `call` are LangChain's own, so that they can run on a derived object. */
function plainTool(tool: AnyTool): boolean {
  const known = plain.get(tool);
  if (known !== undefined) return known;
  const answer = typeof tool._call === "function" && owner(tool, "invoke") && owner(tool, "call");
  plain.set(tool, answer);
  return answer;
}

function owner(tool: object, method: string): boolean {
  for (let at: object | null = tool; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (Object.hasOwn(at, method)) return at !== tool && KNOWN.has(at.constructor.name);
  }
  return false;
}
