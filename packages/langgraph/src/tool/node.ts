import { randomUUID } from "node:crypto";
import { get_lc_unique_name } from "@langchain/core/load/serializable";
import { snapshot } from "@graphtap/values";
import type { Core } from "../core.js";
import { denialMessage } from "../denial.js";
import { wrapUnsupported } from "../errors.js";
import type { Config } from "../identity/envelope.js";
import { given } from "../watch/handed.js";
import { Batch, judgedTogether } from "./batch.js";
import { isStopped, refuseGone } from "../run/direct.js";
import type { Frame } from "../run/scope.js";
import type { AnyTool } from "./call.js";
import { reportDenied } from "./execute.js";
import { gates, judge, type Judged, type Wish } from "./gate.js";
import { type Guards, isCallable } from "./guard.js";
import { Permits } from "./permit.js";
import { wasAsked } from "./slots.js";

interface Call {
  readonly name: string;
  readonly args: unknown;
  readonly id?: string;
}
type RunTool = (call: Call, config: object, ...rest: unknown[]) => Promise<unknown>;
type Handler = (request: Record<string, unknown>) => Promise<unknown>;

/** What LangGraph's and langchain's ToolNode have in common. */
export interface ToolNodeLike {
  name?: string;
  tools: unknown[];
  runTool: RunTool;
  run(input: unknown, config: object): Promise<unknown>;
  handleToolErrors?: unknown;
  options?: Record<string, unknown>;
  config?: { tags?: string[] };
  signal?: AbortSignal;
  wrapToolCall?: (request: Record<string, unknown>, handler: Handler) => Promise<unknown>;
}

/** By shape: two copies of LangGraph, and langchain's own ToolNode, are different classes. */
export function isToolNode(value: unknown): value is ToolNodeLike {
  const node = value as Partial<ToolNodeLike> | null;
  return (
    typeof node === "object" &&
    node !== null &&
    Array.isArray(node.tools) &&
    typeof node.runTool === "function" &&
    typeof node.run === "function"
  );
}

type ToolNodeClass = new (tools: unknown[], options: Record<string, unknown>) => ToolNodeLike;

/**
 * A second, constructed ToolNode: its tools are governed and its `runTool` passes the gate, while its own merging of
 * messages, Commands and hand-offs stays what it is.
 *
 * @throws GraphTapError WRAP_UNSUPPORTED where it cannot be built: an unguarded one would only look safe.
 */
export function governToolNode(core: Core, guards: Guards, node: ToolNodeLike): ToolNodeLike {
  const tools = node.tools.map((tool) => (isCallable(tool) ? guards.guard(tool) : tool));
  const Base = node.constructor as ToolNodeClass;
  const tasks = new WeakMap<object, Task>();
  const Governed = class extends Base {
    // LangChain takes the class's own name: traces must show the one they showed before.
    get lc_id(): string[] {
      return [...((this as { lc_namespace?: string[] }).lc_namespace ?? []), get_lc_unique_name(Base as never)];
    }

    override runTool: RunTool = (call, config, ...rest) => {
      const frame = core.frames.getStore();
      if (frame !== undefined && frame.scope.dispatch.idle && !gates(frame) && !wasAsked(config))
        return super.runTool(call, config, ...rest);
      return gatedRun(core, guards, this, tasks, call, config, (handed) =>
        super.runTool(handed, forTools(core, config), ...rest),
      );
    };
  };
  let governed: ToolNodeLike;
  try {
    const options: Record<string, unknown> = {
      ...node.options,
      name: node.name,
      handleToolErrors: node.handleToolErrors,
    };
    if (node.config?.tags !== undefined) options["tags"] = node.config.tags;
    if (node.signal !== undefined) options["signal"] = node.signal;
    if (node.wrapToolCall !== undefined) options["wrapToolCall"] = guardHandler(guards, node.wrapToolCall);
    governed = new Governed(tools, options);
  } catch (error) {
    throw wrapUnsupported(
      `ToolNode "${node.name ?? Base.name}" could not be built a second time with governed tools.`,
      `Its constructor threw; give its class the constructor (tools, options) of ToolNode.`,
      error,
    );
  }
  if (governed.tools !== tools) {
    throw wrapUnsupported(
      `ToolNode "${node.name ?? Base.name}" did not take governed tools.`,
      "Its constructor does not hand (tools, options) on to ToolNode, so its calls could not be guarded.",
    );
  }
  carryOver(node, governed);
  return governed;
}

/** The config as tools get it from the node: with what it is short of, where chunks would show that. */
function forTools(core: Core, config: object): object {
  const { scope, ctx } = core.frames.getStore() ?? {};
  return scope?.showsConfigs === true && ctx !== undefined && ctx.node !== null
    ? given(config as Config, { runName: ctx.node, ns: ctx.ns })
    : config;
}

/** A subclass may keep state that its constructor did not get: without it the second node would behave otherwise. */
function carryOver(from: object, to: object): void {
  for (const [key, value] of Object.entries(from))
    if (value !== undefined && !(key in to)) Object.assign(to, { [key]: value });
}

/** A langchain middleware may bring a tool of its own; it passes the gate like the registered ones. */
function guardHandler(
  guards: Guards,
  wrapToolCall: NonNullable<ToolNodeLike["wrapToolCall"]>,
): NonNullable<ToolNodeLike["wrapToolCall"]> {
  return (request, handler) =>
    wrapToolCall(request, (inner) =>
      handler(isCallable(inner["tool"]) ? { ...inner, tool: guards.guard(inner["tool"]) } : inner),
    );
}

/** The calls of one task that are judged together, and their permits. */
interface Task {
  readonly batch: Batch;
  readonly permits: Permits;
}

/** The tool at this place of the node's list. Hosts reach the list of a compiled graph: what they added is governed now. */
function targetOf(guards: Guards, tools: unknown[], at: number): AnyTool | undefined {
  const found = tools[at];
  const known = guards.originalOf(found);
  if (known !== undefined || !isCallable(found)) return known;
  const guarded = guards.guard(found);
  if (guarded !== found) tools[at] = guarded;
  return guards.originalOf(guarded);
}

function gatedRun(
  core: Core,
  guards: Guards,
  node: ToolNodeLike,
  tasks: WeakMap<object, Task>,
  call: Call,
  config: object,
  run: (call: Call) => Promise<unknown>,
): Promise<unknown> {
  const frame = core.frames.getStore();
  const at = node.tools.findIndex((tool) => (tool as { name?: unknown } | null)?.name === call.name);
  const target = targetOf(guards, node.tools, at);
  // A middleware may still bring the tool that the node has not.
  if (at < 0 && frame?.scope.dispatch.anyTool === true && node.wrapToolCall === undefined)
    return missing(frame, call, run);
  if (frame === undefined || target === undefined || !(gates(frame) || wasAsked(config))) return run(call);
  const callId = call.id ?? null;
  const taskHere = (): Task => {
    let task = tasks.get(config);
    if (task === undefined)
      tasks.set(config, (task = { batch: new Batch(core, frame, config), permits: new Permits() }));
    return task;
  };
  const ruled = (judged: Judged): Promise<unknown> => {
    if (isStopped(frame)) refuseGone(frame);
    if (judged.kind === "denied")
      return reportDenied(frame, target, callId, judged).then(() =>
        denialMessage(target.name, callId, judged.executionId, judged.denial),
      );
    if (judged.kind !== "allowed") return run(call);
    const args: unknown = snapshot(judged.call.raw).value;
    const permit = { call: judged.call, args, target };
    // What is no object cannot carry a permit.
    if (node.wrapToolCall === undefined && typeof args === "object" && args !== null) {
      core.permits.set(args, permit);
      return run({ ...call, args });
    }
    const { permits } = taskHere();
    permits.issue(permit);
    return core.frames.run({ ...frame, permits }, () => run({ ...call, args })).finally(() => permits.revoke(permit));
  };
  const wish: Wish = { tool: target, args: call.args, callId, route: "node", form: "call" };
  const judged = judgedTogether(frame, config) ? taskHere().batch.judge(wish) : judge(core, frame, wish);
  return judged instanceof Promise ? judged.then(ruled) : ruled(judged);
}

/** Observers hear of a tool that the model made up: the ToolNode answers it with an error, or throws. */
async function missing(frame: Frame, call: Call, run: (call: Call) => Promise<unknown>): Promise<unknown> {
  const { ctx, scope } = frame;
  const { start, end } = scope.dispatch.tool;
  const id = { name: call.name, executionId: randomUUID(), callId: call.id ?? null };
  const at = ctx.clock.monotonic();
  await start.call({ ...id, argsHash: null, missing: true }, ctx);
  const ended = (error: unknown) =>
    end.call(
      {
        ...id,
        status: "error",
        code: "TOOL_NOT_FOUND",
        error,
        durationMs: ctx.clock.monotonic() - at,
        late: scope.over,
      },
      ctx,
    );
  let answer: unknown;
  try {
    answer = await run(call);
  } catch (error) {
    await ended(error);
    throw error;
  }
  await ended(null);
  return answer;
}
