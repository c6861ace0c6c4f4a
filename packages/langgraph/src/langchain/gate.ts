import { randomUUID } from "node:crypto";
import { snapshot } from "@graphtap/values";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { ToolMessage } from "@langchain/core/messages";
import { denialMessage } from "../denial.js";
import type { Config } from "../identity/envelope.js";
import type { StackParts } from "../internal.js";
import { enter, type Entered } from "../run/direct.js";
import type { Frame } from "../run/scope.js";
import { Batch } from "../tool/batch.js";
import type { AnyTool } from "../tool/call.js";
import { reportDenied } from "../tool/execute.js";
import { gates, refusal } from "../tool/gate.js";
import { isCallable } from "../tool/guard.js";
import { wasAsked } from "../tool/slots.js";
import { underWatch } from "../watch/inject.js";
import type { ToolRequestLike } from "./types.js";

/** The calls of one task of an agent that nobody wrapped: they are judged together, so that one interrupt stops all. */
interface Task {
  users: number;
  readonly opened: Promise<{ readonly entered: Entered; readonly batch: Batch }>;
}

/** The tool gate of an agent that carries the stack as a middleware. */
export class MiddlewareGate {
  readonly #tasks = new WeakMap<object, Task>();

  constructor(readonly parts: StackParts) {}

  /** Judges a call and hands it on with a governed tool; a refusal becomes the message that the model reads. */
  async run(request: ToolRequestLike, handler: (request: ToolRequestLike) => Promise<unknown>): Promise<unknown> {
    const { core, tools } = this.parts;
    const { tool } = request;
    // The tool node of a wrapped agent has judged this call, and judges what other middleware makes of it.
    const here = core.frames.getStore()?.ctx.taskId ?? null;
    if (here !== null && here === request.runtime.configurable?.["__pregel_task_id"])
      return handler(isCallable(tool) ? { ...request, tool: tools.guard(tool) } : request);
    const key = request.runtime.configurable ?? request.runtime;
    let task = this.#tasks.get(key);
    if (task === undefined) this.#tasks.set(key, (task = { users: 0, opened: this.#open(request) }));
    task.users++;
    try {
      const { entered, batch } = await task.opened;
      return await this.#judged(entered.frame, batch, request, handler);
    } finally {
      if (--task.users === 0) {
        this.#tasks.delete(key);
        await task.opened.then(
          ({ entered }) => entered.leave(),
          () => undefined,
        );
      }
    }
  }

  async #open({ runtime, toolCall }: ToolRequestLike): Promise<{ entered: Entered; batch: Batch }> {
    const { core } = this.parts;
    const config = (AsyncLocalStorageProviderSingleton.getRunnableConfig() ?? {}) as Config;
    const { issued, config: clean } = core.envelopes.take(
      { ...config, configurable: { ...runtime.configurable } } as Config,
      toolCall.name,
    );
    const entered = await enter(core, toolCall.name, issued, clean);
    const { frame: place } = entered;
    const watch = place.ctx.route === "direct" && place.scope.dispatch.watches;
    const frame = watch ? underWatch(core, place) : place;
    return { entered: { ...entered, frame }, batch: new Batch(core, frame, config) };
  }

  async #judged(
    frame: Frame,
    batch: Batch,
    request: ToolRequestLike,
    handler: (request: ToolRequestLike) => Promise<unknown>,
  ): Promise<unknown> {
    const { core, tools } = this.parts;
    const { dispatch } = frame.scope;
    const { toolCall: call } = request;
    const callId = call.id ?? null;
    if (!gates(frame) && !wasAsked(batch.config)) return core.frames.run(frame, () => handler(request));
    if (!isCallable(request.tool))
      return dispatch.controlsTools || gates(frame) !== dispatch.anyTool
        ? this.#unknown(frame, request)
        : core.frames.run(frame, () => handler(request));
    const guarded = tools.guard(request.tool);
    const target = tools.originalOf(guarded) as AnyTool;
    const judged = await batch.judge({ tool: target, args: call.args, callId, route: "node", form: "call" });
    if (judged.kind === "denied") {
      await reportDenied(frame, target, callId, judged);
      return denialMessage(target.name, callId, judged.executionId, judged.denial);
    }
    const asked = { ...request, tool: guarded };
    // What is not allowed here is refused by the tool's own schema; arguments that are no object carry no permit.
    if (judged.kind !== "allowed" || typeof judged.call.raw !== "object" || judged.call.raw === null)
      return core.frames.run(frame, () => handler(asked));
    const args = snapshot(judged.call.raw).value as object;
    core.permits.set(args, { call: judged.call, args, target });
    return core.frames.run(frame, () => handler({ ...asked, toolCall: { ...call, args } }));
  }

  /** A tool that only another middleware knows is out of the gate's reach here; a wrapped agent's is not. */
  async #unknown(frame: Frame, { toolCall: call }: ToolRequestLike): Promise<ToolMessage> {
    const tool: AnyTool = { name: call.name, invoke: () => Promise.reject(new Error("never called")) };
    const denial = refusal(
      "TOOL_UNGUARDED",
      `"${call.name}" cannot be called here; do not retry, answer without it.`,
      "it is no tool of the agent; if a middleware brings it, use stack.wrap(agent)",
    );
    const callId = call.id ?? null;
    const executionId = randomUUID();
    await reportDenied(frame, tool, callId, { executionId, denial });
    return denialMessage(call.name, callId, executionId, denial);
  }
}
