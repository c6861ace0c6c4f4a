import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { Serialized } from "@langchain/core/load/serializable";
import type { BaseMessage } from "@langchain/core/messages";
import type { LLMResult } from "@langchain/core/outputs";
import type { Core } from "../core.js";
import { DeniedError } from "../denial.js";
import { ungated } from "../errors.js";
import type { Usage } from "../hooks/context.js";
import { readUsage } from "../model/usage.js";
import { outcomeOf } from "../run/outcome.js";
import type { Frame, ObservedCall } from "../run/scope.js";
import { refusal } from "../tool/gate.js";

/** The handler's name, by which one of a node around is found and replaced. */
const WATCHER = "graphtap-watcher";

/**
 * Sees what a node reaches around the gate: a model closed over in a function, a tool called by hand. It reports their
 * usage, and refuses them while a plugin controls that kind. LangChain awaits it, and it is only there when asked for:
 * a callback handler is the dearest of all hooks.
 */
export class Watcher extends BaseCallbackHandler {
  override name = WATCHER;

  constructor(
    readonly core: Core,
    /** Where the watched code runs: LangChain runs handlers outside of every context. */
    readonly frame: Frame,
  ) {
    // In the constructor: LangChain reads raiseError once, and a handler that is not awaited could not stop anything.
    super({ raiseError: true, _awaitHandler: true, ignoreChain: true, ignoreRetriever: true, ignoreCustomEvent: true });
  }

  /** Whether nobody cares for starts of this kind; such a start need not even be announced. */
  ignores(kind: "tool" | "model"): boolean {
    const { dispatch } = this.frame.scope;
    return kind === "model"
      ? !(dispatch.followsModels || dispatch.controlsModels)
      : !(dispatch.anyTool || dispatch.controlsTools);
  }

  override async handleChatModelStart(
    _model: Serialized,
    messages: BaseMessage[][],
    runId: string,
    _parent?: string,
    _extra?: Record<string, unknown>,
    _tags?: string[],
    metadata?: Record<string, unknown>,
  ): Promise<void> {
    if (this.core.passes.consume(runId) || this.ignores("model")) return;
    const { frame } = this;
    const name = { provider: text(metadata?.["ls_provider"]), model: text(metadata?.["ls_model_name"]) };
    const { dispatch } = frame.scope;
    const label = name.model ?? "a chat model";
    if (dispatch.controlsModels)
      await this.#refuse("model", label, (denial) =>
        dispatch.model.denied.call({ ...denial, modelCallId: runId, ...name }, frame.ctx),
      );
    else if (dispatch.model.call.used)
      this.core.warn(
        "MODEL_NOT_CONTROLLED",
        ungated("model", label, frame.ctx.node).message,
        `model:${frame.ctx.workflow}:${frame.ctx.node}`,
      );
    if (!dispatch.followsModels) return;
    remember(frame, runId, { kind: "model", name: label, ...name, at: frame.ctx.clock.monotonic() });
    await dispatch.model.start.call(
      { modelCallId: runId, ...name, messages: messages[0]?.length ?? 0, streaming: false },
      frame.ctx,
    );
  }

  override async handleLLMEnd(output: LLMResult, runId: string): Promise<void> {
    const message = (output.generations[0]?.[0] as { message?: { usage_metadata?: unknown } } | undefined)?.message;
    await this.#ended(runId, null, readUsage(message?.usage_metadata));
  }

  override async handleLLMError(error: unknown, runId: string): Promise<void> {
    await this.#ended(runId, { error }, null);
  }

  override async handleToolStart(
    tool: Serialized,
    _input: string,
    runId: string,
    _parent?: string,
    _tags?: string[],
    _metadata?: Record<string, unknown>,
    runName?: string,
    toolCallId?: string,
  ): Promise<void> {
    if (this.core.passes.consume(runId) || this.ignores("tool")) return;
    const { frame } = this;
    const name = runName ?? nameOf(tool);
    const { dispatch } = frame.scope;
    const callId = toolCallId ?? null;
    if (dispatch.controlsTools)
      await this.#refuse("tool", name, (denial) =>
        dispatch.tool.denied.call({ ...denial, name, executionId: runId, callId }, frame.ctx),
      );
    if (!dispatch.anyTool) return;
    remember(frame, runId, { kind: "tool", name, callId, at: frame.ctx.clock.monotonic() });
    await dispatch.tool.start.call({ name, executionId: runId, callId, argsHash: null }, frame.ctx);
  }

  override async handleToolEnd(output: unknown, runId: string): Promise<void> {
    const failed = (output as { status?: unknown } | null)?.status === "error";
    await this.#ended(runId, failed ? { error: null } : null, null);
  }

  override async handleToolError(error: unknown, runId: string): Promise<void> {
    await this.#ended(runId, { error }, null);
  }

  /** Refuses, or says so once, as the stack was told. */
  async #refuse(
    kind: "tool" | "model",
    name: string,
    tell: (denial: ReturnType<typeof refusal>) => undefined | Promise<undefined>,
  ): Promise<void> {
    const { ctx } = this.frame;
    const error = ungated(kind, name, ctx.node);
    if (this.core.ungated === "report") {
      this.core.warn(error.code, error.message, `${kind}:${ctx.workflow}:${ctx.node}:${name}`);
      return;
    }
    const denial = refusal(
      error.code,
      `"${name}" is not available here; do not retry, answer without it.`,
      `node "${ctx.node ?? "?"}" called ${kind} "${name}" without passing the gate`,
    );
    await tell(denial);
    throw new DeniedError(`${kind} "${name}" in node "${ctx.node ?? "?"}"`, denial);
  }

  async #ended(runId: string, failure: { readonly error: unknown } | null, usage: Usage | null): Promise<void> {
    const { scope, ctx } = this.frame;
    const call = scope.observed.get(runId);
    if (call === undefined) return;
    scope.observed.delete(runId);
    const outcome =
      failure === null
        ? { status: "ok" as const, code: null }
        : failure.error === null
          ? { status: "error" as const, code: "TOOL_ERROR" }
          : outcomeOf(failure.error, ctx.signal);
    const end = {
      ...outcome,
      error: failure?.error ?? null,
      durationMs: ctx.clock.monotonic() - call.at,
      late: scope.over,
    };
    if (call.kind === "tool") {
      await scope.dispatch.tool.end.call({ ...end, name: call.name, executionId: runId, callId: call.callId }, ctx);
      return;
    }
    scope.addUsage(usage);
    await scope.dispatch.model.end.call(
      {
        ...end,
        modelCallId: runId,
        provider: call.provider,
        model: call.model,
        usage,
        timeToFirstChunkMs: null,
        streaming: false,
        coverage: "observed",
      },
      ctx,
    );
  }
}

/** A class made straight from StructuredTool announces itself without its name: then its class's has to do. */
function nameOf(tool: Serialized): string {
  const { name, id } = tool as { name?: unknown; id?: readonly unknown[] };
  return text(name) ?? text(id?.at(-1)) ?? "a tool";
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** Calls of one run that are watched at a time; a stream that is abandoned never ends, and must not fill memory. */
const WATCHED_LIMIT = 10_000;

function remember(frame: Frame, runId: string, call: ObservedCall): void {
  const { observed } = frame.scope;
  if (observed.size < WATCHED_LIMIT) observed.set(runId, call);
}
