import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { Serialized } from "@langchain/core/load/serializable";
import type { BaseMessage } from "@langchain/core/messages";
import type { LLMResult } from "@langchain/core/outputs";
import type { Core } from "../core.js";
import { DeniedError } from "../denial.js";
import { ungated } from "../errors.js";
import { usageOf } from "../model/usage.js";
import { type Outcome, outcomeOf } from "../run/outcome.js";
import type { Frame, ObservedCall } from "../run/scope.js";
import { refusal } from "../tool/gate.js";
import { endObserved } from "./ended.js";

/** The handler's name, with the stack's: LangChain adds none where one of the same name is. */
const WATCHER = "graphtap-watcher";

const FINE: Outcome = Object.freeze({ status: "ok", code: null, error: null });
/** A message with status error. */
const SAID_SO: Outcome = Object.freeze({ status: "error", code: "TOOL_ERROR", error: null });

const watchers = new WeakMap<Core, Watcher>();

/**
 * Sees what a node reaches around the gate: a model closed over in a function, a tool called by hand. It reports their
 * usage, and refuses them while a plugin controls that kind. LangChain awaits it, and it is only there when asked for:
 * a callback handler is the dearest of all hooks.
 */
export class Watcher extends BaseCallbackHandler {
  override name: string;
  /** Where the watched code runs: LangChain runs handlers outside of every context. */
  declare readonly frame: Frame;

  private constructor(readonly core: Core) {
    // In the constructor: LangChain reads raiseError once, and a handler that is not awaited could not stop anything.
    super({ raiseError: true, _awaitHandler: true, ignoreChain: true, ignoreRetriever: true, ignoreCustomEvent: true });
    this.name = `${WATCHER}-${core.name}`;
  }

  /** The watcher of one place. Derived from one per stack, for LangChain reads the environment for each it constructs. */
  static in(core: Core, frame: Frame): Watcher {
    let first = watchers.get(core);
    if (first === undefined) watchers.set(core, (first = new Watcher(core)));
    const watcher = Object.create(first) as { frame: Frame };
    watcher.frame = frame;
    return watcher as Watcher;
  }

  /** Whether nobody cares for starts of this kind; such a start need not even be announced. */
  ignores(kind: "tool" | "model"): boolean {
    const { dispatch } = this.frame.scope;
    return kind === "model"
      ? !(dispatch.followsModels || dispatch.controlsModels)
      : !(dispatch.anyTool || dispatch.controlsTools);
  }

  override handleChatModelStart(
    model: Serialized,
    messages: readonly BaseMessage[][],
    runId: string,
    _parent?: string,
    _extra?: Record<string, unknown>,
    _tags?: string[],
    metadata?: Record<string, unknown>,
  ): undefined | Promise<undefined> {
    return modelStarts(this, model, runId, metadata, messages[0]?.length ?? 0);
  }

  /** A model that takes texts and not messages. */
  override handleLLMStart(
    model: Serialized,
    prompts: readonly string[],
    runId: string,
    _parent?: string,
    _extra?: Record<string, unknown>,
    _tags?: string[],
    metadata?: Record<string, unknown>,
  ): undefined | Promise<undefined> {
    return modelStarts(this, model, runId, metadata, prompts.length);
  }

  override handleLLMNewToken(_token: string, _at: unknown, runId: string): void {
    this.heard(runId);
  }

  override handleChatModelStreamEvent(_event: unknown, runId: string): void {
    this.heard(runId);
  }

  /** Something of an answer came. */
  heard(runId: string): void {
    const call = this.frame.scope.observed.get(runId);
    if (call?.kind === "model") call.firstChunkAt ??= this.frame.ctx.clock.monotonic();
  }

  override handleLLMEnd(output: LLMResult, runId: string): undefined | Promise<undefined> {
    return endObserved(this.frame.scope, runId, FINE, usageOf(output.generations[0]?.[0], output.llmOutput));
  }

  override handleLLMError(error: unknown, runId: string): undefined | Promise<undefined> {
    return endObserved(this.frame.scope, runId, outcomeOf(error, this.frame.ctx.signal), null);
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
    if (this.core.passes.consume(runId, tool) || this.ignores("tool")) return;
    const { frame } = this;
    const name = runName ?? nameOf(tool);
    const { dispatch } = frame.scope;
    const callId = toolCallId ?? null;
    if (dispatch.controlsTools)
      await refuse(this, "tool", name, (denial) =>
        dispatch.tool.denied.call({ ...denial, name, executionId: runId, callId, argsHash: null }, frame.ctx),
      );
    if (!dispatch.anyTool) return;
    remember(frame, runId, { frame, kind: "tool", name, callId, at: frame.ctx.clock.monotonic() });
    await dispatch.tool.start.call({ name, executionId: runId, callId, argsHash: null }, frame.ctx);
  }

  override handleToolEnd(output: unknown, runId: string): undefined | Promise<undefined> {
    const failed = (output as { status?: unknown } | null)?.status === "error";
    return endObserved(this.frame.scope, runId, failed ? SAID_SO : FINE, null);
  }

  override handleToolError(error: unknown, runId: string): undefined | Promise<undefined> {
    return endObserved(this.frame.scope, runId, outcomeOf(error, this.frame.ctx.signal), null);
  }
}

/** Tells of the start of a model's call, and refuses it while a plugin controls models. */
function modelStarts(
  watcher: Watcher,
  model: Serialized,
  runId: string,
  metadata: Record<string, unknown> | undefined,
  messages: number,
): undefined | Promise<undefined> {
  const { core, frame } = watcher;
  if (core.passes.consume(runId, model) || watcher.ignores("model")) return undefined;

  const name = { provider: text(metadata?.["ls_provider"]), model: text(metadata?.["ls_model_name"]) };
  const { dispatch } = frame.scope;
  const label = name.model ?? "a model";
  const started = (): undefined | Promise<undefined> => {
    if (!dispatch.followsModels) return undefined;
    const at = frame.ctx.clock.monotonic();
    remember(frame, runId, { frame, kind: "model", name: label, ...name, at, firstChunkAt: null });
    return dispatch.model.start.call({ modelCallId: runId, ...name, messages, streaming: false }, frame.ctx);
  };
  if (dispatch.controlsModels)
    return refuse(watcher, "model", label, (denial) =>
      dispatch.model.denied.call({ ...denial, modelCallId: runId, ...name }, frame.ctx),
    ).then(started);
  if (dispatch.model.call.used)
    core.warn(
      "MODEL_NOT_CONTROLLED",
      ungated("model", label, frame.ctx.node).message,
      `model:${frame.ctx.workflow}:${frame.ctx.node}`,
    );
  return started();
}

/** Refuses, or says so once, as the stack was told. */
async function refuse(
  { core, frame }: Watcher,
  kind: "tool" | "model",
  name: string,
  tell: (denial: ReturnType<typeof refusal>) => undefined | Promise<undefined>,
): Promise<void> {
  const { ctx } = frame;
  const error = ungated(kind, name, ctx.node);
  if (core.ungated === "report") {
    core.warn(error.code, error.message, `${kind}:${ctx.workflow}:${ctx.node}:${name}`);
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
