import { randomUUID } from "node:crypto";
import { GraphTapError } from "@graphtap/kernel";
import { sameData } from "@graphtap/values";
import { Runnable } from "@langchain/core/runnables";
import type { Core } from "../core.js";
import { DeniedError, denialMessage } from "../denial.js";
import type { Config, Taken } from "../identity/envelope.js";
import { enter, type Entered, witness } from "../run/direct.js";
import { assertUnmixed } from "../run/identity.js";
import type { Frame } from "../run/scope.js";
import { isUnannounced, unannounced } from "../watch/handed.js";
import { underWatch, watched } from "../watch/inject.js";
import { classOf } from "../watch/passes.js";
import { assertNotForeign, WRAPPED_BY } from "../wrapped.js";
import type { AnyTool } from "./call.js";
import { entriesOf } from "./entries.js";
import { type Caller, execute, reportDenied } from "./execute.js";
import { gates, judge, type Judged, refusal, withoutApproval } from "./gate.js";
import { consume } from "./permit.js";
import { shapeOf } from "./shape.js";

interface ToolCallInput {
  readonly type: "tool_call";
  readonly id?: string;
  readonly args: unknown;
}

const isToolCall = (input: unknown): input is ToolCallInput =>
  typeof input === "object" && input !== null && (input as { type?: unknown }).type === "tool_call";

/** Something with an `invoke` that a ToolNode or a user can call; provider-side tools have none and pass. */
export const isCallable = (tool: unknown): tool is AnyTool =>
  ((typeof tool === "object" && tool !== null) || typeof tool === "function") &&
  typeof (tool as AnyTool).invoke === "function" &&
  typeof (tool as AnyTool).name === "string";

/** A tool that stands as a node or as a step of one: LangChain's classes and what `asTool` makes. */
export const isTool = (value: unknown): value is AnyTool & Runnable =>
  isCallable(value) && "schema" in value && (typeof value._call === "function" || shapeOf(value) === "runnable");

/** The governed tools of one stack, and the originals they stand for. */
export class Guards {
  readonly #core: Core;
  readonly #guarded = new WeakMap<object, AnyTool>();
  readonly #originals = new WeakMap<object, AnyTool>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** The tool behind a governed one; undefined for anything else. */
  originalOf(tool: unknown): AnyTool | undefined {
    return this.#originals.get(tool as object);
  }

  /**
   * The governed form of a tool: a derived object, so that `batch`, `stream`, `pipe`, `withConfig` and `withRetry`, which
   * all end in `invoke`, stay governed. The same tool gives the same object; a governed one gives itself.
   */
  guard<T extends AnyTool>(tool: T): T {
    if (this.#originals.has(tool)) return tool;
    assertNotForeign("tool", tool, this.#core);
    const known = this.#guarded.get(tool);
    if (known !== undefined) return known as T;
    const core = this.#core;
    const guarded = Object.create(tool, {
      ...entriesOf(tool),
      invoke: method((input: unknown, config?: unknown) => through(core, tool, input, config, undefined)),
      call: method((input: unknown, config?: unknown, tags?: string[]) =>
        through(core, tool, input, config, (target, given, clean) =>
          (target.call ?? target.invoke).call(target, given, clean, tags),
        ),
      ),
      _call: method((parsed: unknown, runManager?: unknown, config?: unknown) =>
        isBody(core, tool, parsed) ? tool._call?.(parsed, runManager, config) : through(core, tool, parsed, config),
      ),
      func: method((parsed: unknown, _runManager?: unknown, config?: unknown) => through(core, tool, parsed, config)),
      ...behind(tool, (input, config) => through(core, tool, input, config)),
      name: forwarded(tool, "name"),
      description: forwarded(tool, "description"),
      schema: forwarded(tool, "schema"),
      [WRAPPED_BY]: { value: core },
    }) as T;
    this.#guarded.set(tool, guarded);
    this.#originals.set(guarded, tool);
    return guarded;
  }
}

const method = (value: (...args: never[]) => unknown): PropertyDescriptor => ({
  value,
  writable: true,
  configurable: true,
});

/** Reads from the tool itself: a getter over a private field does not work on a derived object. */
const forwarded = (tool: AnyTool, key: "name" | "description" | "schema"): PropertyDescriptor => ({
  get: () => tool[key],
  configurable: true,
  enumerable: true,
});

/** Whether this is the body of a call that was judged under the same name, with these arguments. Once. */
function isBody(core: Core, tool: AnyTool, parsed: unknown): boolean {
  const call = typeof parsed === "object" && parsed !== null ? core.bodies.get(parsed) : undefined;
  if (call === undefined || call.name !== tool.name || !sameData(parsed, call.parsed)) return false;
  return core.bodies.delete(parsed as object);
}

/** What a governed tool shows of its inside that could be called: the runnable that `asTool` bound, and the constructor's fields. */
function behind(tool: AnyTool, invoke: (input: unknown, config?: unknown) => Promise<unknown>): PropertyDescriptorMap {
  const { bound, lc_kwargs: fields } = tool as { bound?: unknown; lc_kwargs?: object };
  const shown: PropertyDescriptorMap = {};
  if (Runnable.isRunnable(bound)) {
    const closed: unknown = Object.create(bound, { ...entriesOf(bound), invoke: method(invoke) });
    shown["bound"] = { value: closed, writable: true, configurable: true, enumerable: true };
  }
  if (typeof fields === "object" && fields !== null) {
    const func = (parsed: unknown, _runManager?: unknown, config?: unknown) => invoke(parsed, config);
    const closed = {
      ...fields,
      ...("func" in fields ? { func } : {}),
      ...("bound" in fields ? { bound: shown["bound"]?.value as unknown } : {}),
    };
    shown["lc_kwargs"] = { value: closed, writable: true, configurable: true, enumerable: true };
  }
  return shown;
}

type Via = (target: AnyTool, given: unknown, config: unknown) => Promise<unknown>;
const byInvoke: Via = (target, given, config) => target.invoke(given, config);

function through(core: Core, tool: AnyTool, input: unknown, config: unknown, via: Via = byInvoke): Promise<unknown> {
  try {
    const taken = core.envelopes.take(config as Config | undefined, tool.name);
    const here = core.frames.getStore();
    if (here === undefined || taken.issued !== null || here.scope.over) return entering(core, tool, input, taken, via);
    assertUnmixed(core, tool.name, config as Config | undefined);
    return gates(here) ? gated(core, here, tool, input, taken.config, via) : via(tool, input, taken.config);
  } catch (error) {
    return turnedAway(core, tool, input, config as Config | undefined, error);
  }
}

/** No run around the call, or another identity: it gets a place of its own. */
async function entering(
  core: Core,
  tool: AnyTool,
  input: unknown,
  { config: clean, issued }: Taken<unknown>,
  via: Via,
): Promise<unknown> {
  let entered: Entered;
  try {
    const place = enter(core, tool.name, issued, clean as Config | undefined);
    entered = place instanceof Promise ? await place : place;
  } catch (error) {
    return turnedAway(core, tool, input, clean as Config | undefined, error);
  }
  const { frame: place, leave } = entered;
  try {
    // No node around it, whose code is watched: what the tool's own code reaches must be.
    const watch = place.ctx.route === "direct" && place.scope.dispatch.watches ? underWatch(core, place) : undefined;
    const frame = watch ?? place;
    const config = watch === undefined ? clean : watched(watch, clean as Config | undefined);
    return await core.frames.run(frame, () =>
      gates(frame) ? gated(core, frame, tool, input, config, via) : via(tool, input, config),
    );
  } finally {
    leave();
  }
}

/** Lets the observers know of somebody who was turned away before there was anything to judge. */
async function turnedAway(
  core: Core,
  tool: AnyTool,
  input: unknown,
  config: Config | undefined,
  error: unknown,
): Promise<never> {
  const place = GraphTapError.isInstance(error) ? witness(core, tool.name, config) : null;
  if (place !== null) {
    const { code, message } = error as GraphTapError;
    const denial = refusal(code, "This call was refused; do not retry.", message.split("\n", 1)[0] ?? code);
    const callId = isToolCall(input) ? (input.id ?? null) : null;
    await reportDenied(place.frame, tool, callId, { executionId: randomUUID(), denial }).finally(place.leave);
  }
  throw error;
}

/** Not an async function: each one on the way of a call costs promises, which async hooks make dear. */
function gated(core: Core, frame: Frame, tool: AnyTool, input: unknown, config: unknown, via: Via): Promise<unknown> {
  // Read once: a field of the call could answer differently later.
  const asCall: ToolCallInput | null = isToolCall(input) ? { ...input, type: "tool_call" } : null;
  const args = asCall === null ? input : asCall.args;
  const callId = asCall?.id ?? null;
  const form = asCall === null ? "bare" : "call";
  const permit = consume(core.permits, tool, callId, args) ?? frame.permits?.consume(tool, callId, args) ?? null;
  const caller: Caller = {
    invoke(target, given, bare) {
      const own = announced(core, frame, tool, config as Config | undefined);
      const input = asCall === null || bare === true ? given : { ...asCall, args: given };
      return isUnannounced(own) ? core.frames.quietly(() => via(target, input, own)) : via(target, input, own);
    },
    // A refused ToolCall becomes the message that the model reads; a bare call has no message, so it throws.
    refused(executionId, denial) {
      if (asCall === null) throw new DeniedError(`tool "${tool.name}"`, denial);
      return denialMessage(tool.name, callId, executionId, denial);
    },
  };
  const run = (judged: Judged): Promise<unknown> =>
    execute(core, frame, tool, withoutApproval(judged), { callId, args, form }, caller);
  if (permit !== null) return run({ kind: "allowed", call: permit.call });
  try {
    const judged = judge(core, frame, { tool, args, callId, route: "direct", form });
    return judged instanceof Promise ? judged.then(run) : run(judged);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** No class: nothing that is announced under such a run id passes. */
const NOBODY = "";

/** Gives the call the run id under which LangChain will announce it to the watcher, if there is one and it must. */
function announced(core: Core, frame: Frame, tool: AnyTool, config: Config | undefined): Config | undefined {
  if (!frame.scope.dispatch.watches) return config;
  const shape = shapeOf(tool);
  const quiet = shape === "langchain" ? unannounced(config) : null;
  if (quiet !== null) return quiet;
  // Other code than LangChain's has the config first, and may call another tool with it.
  const only = shape === "langchain" ? null : (classOf((tool as { lc_id?: string[] }).lc_id) ?? NOBODY);
  const runId = randomUUID();
  core.passes.issue(runId, only);
  return { ...config, runId };
}
