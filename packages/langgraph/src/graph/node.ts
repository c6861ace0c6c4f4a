import { Runnable } from "@langchain/core/runnables";
import type { Core } from "../core.js";
import type { EndStatus, RunContext } from "../hooks/context.js";
import type { NodeResult } from "../hooks/node.js";
import type { Config } from "../identity/envelope.js";
import { endingOf, interruptsOf, outcomeOf } from "../run/outcome.js";
import { Passage } from "../run/passage.js";
import type { Frame, RunScope } from "../run/scope.js";
import { inTurn } from "../run/in-turn.js";
import { isToolNode } from "../tool/node.js";
import { handing } from "../watch/handed.js";
import { underWatch, watched } from "../watch/inject.js";
import { watchTasks } from "../watch/tasks.js";
import { isPregel } from "./pregel.js";

interface ExecutionInfo {
  readonly nodeAttempt?: number;
}

/** Runs the node's own work. */
type Run = (input: unknown) => Promise<unknown>;

/** LangGraph's tag of nodes that do not show. */
const HIDDEN = "langsmith:hidden";

/** The work of one node, with its hooks around it. Adds no trace and no step of its own. */
export class HookedBound extends Runnable {
  override lc_namespace: string[];
  readonly #isGraph: boolean;

  constructor(
    readonly core: Core,
    readonly node: string,
    readonly inner: Runnable,
  ) {
    super();
    this.lc_namespace = inner.lc_namespace;
    this.#isGraph = isPregel(inner);
    if (inner.name !== undefined) this.name = inner.name;
    // Hosts look up an agent's tools as `graph.nodes.tools.bound.tools`.
    if (isToolNode(inner)) Object.defineProperty(this, "tools", { get: () => inner.tools, enumerable: true });
  }

  // Traces name what a node runs by these two: they must find there what they found before.
  override get lc_id(): string[] {
    return this.inner.lc_id;
  }
  override toJSON(): ReturnType<Runnable["toJSON"]> {
    return this.inner.toJSON();
  }

  override getName(suffix?: string): string {
    return this.inner.getName(suffix);
  }

  override invoke(input: unknown, config?: Config): Promise<unknown> {
    const outer = this.core.frames.getStore();
    if (outer === undefined || outer.scope.dispatch.idle) return this.inner.invoke(input, config);
    const done = this.#hooked(outer, input, config);
    // The output's judge must know whether a chunk may be the last one. A hidden node leaves no chunk.
    if (
      outer.scope.dispatch.run.output.used &&
      outer.ctx === outer.scope.ctx &&
      config?.tags?.includes(HIDDEN) !== true
    )
      outer.scope.work(done, config?.signal);
    return done;
  }

  #hooked(outer: Frame, input: unknown, given: Config | undefined): Promise<unknown> {
    const { scope } = outer;
    const place: Frame = { scope, ctx: nodeContext(outer, this.node, given), permits: null };
    // A governed subgraph's own nodes are watched; its config is shown in chunks and stays what it was.
    const watch = scope.dispatch.watches && !this.#isGraph ? underWatch(this.core, place) : null;
    const frame = watch ?? place;
    this.core.frames.keep(given, frame);
    const config = watch === null ? given : watched(watch, given);
    if (watch !== null) watchTasks(this.core, watch.watcher, config);
    const inner =
      scope.showsConfigs && given?.runName !== undefined && config?.runName === undefined
        ? handing(this.inner, { runName: given.runName, ns: frame.ctx.ns })
        : this.inner;
    scope.begun = true;
    scope.step = frame.ctx.signal;
    scope.open++;
    const run: Run = (given) => inner.invoke(given, config);
    return scope.dispatch.anyNode ? this.#told(frame, input, run) : this.#watched(frame, input, run);
  }

  // Promises are chained and not awaited: async hooks make each one dear, and an async function takes two or three.

  #told(frame: Frame, input: unknown, inner: Run): Promise<unknown> {
    const { scope, ctx } = frame;
    const { node } = scope.dispatch;
    const at = node.end.used ? ctx.clock.monotonic() : 0;
    /** What the node gave for nothing. */
    const nothing: { value: undefined | null } = { value: null };
    const run = (): Promise<unknown> =>
      this.#within(frame, () => (node.call.used ? this.#around(frame, input, inner, nothing) : inner(input)));
    const end = (status: EndStatus, code: string | null, error: unknown): undefined | Promise<undefined> =>
      node.end.used
        ? node.end.call(
            { name: this.node, status, code, error, durationMs: ctx.clock.monotonic() - at, late: scope.over },
            ctx,
          )
        : undefined;
    const closed = (): undefined => void scope.open--;
    const failed = (error: unknown): undefined | Promise<never> => {
      const { status, code, error: told } = endingOf(error, scope.stopper(error, ctx.signal));
      if (status === "paused") scope.pause(interruptsOf(error));
      const pending = inTurn(
        () =>
          status === "error" ? node.error.call({ name: this.node, error: told, attempt: ctx.attempt }, ctx) : undefined,
        () => end(status, code, told),
      );
      if (pending === undefined) return closed();
      return pending.finally(closed).then(() => Promise.reject(error));
    };
    const came = (result: unknown): undefined | Promise<unknown> => {
      const told = inTurn(() => end("ok", null, null));
      if (told === undefined) return closed();
      return told.then(
        () => (closed(), result),
        (error: unknown) => failed(error) ?? Promise.reject(error),
      );
    };
    const started = inTurn(() => (node.start.used ? node.start.call({ name: this.node }, ctx) : undefined));
    const work = started === undefined ? run() : started.then(run);
    // Taps see null for nothing; LangGraph gets back exactly what the node gave.
    const given = node.call.used ? work.then((result) => result ?? nothing.value) : work;
    return new Passage(given, { came, failed });
  }

  /** Hands on the node's own promise: one around it would come a turn later, and what is told next with it. */
  #watched(frame: Frame, input: unknown, inner: Run): Promise<unknown> {
    const { scope } = frame;
    const work = this.#within(frame, () => inner(input));
    work.then(
      () => scope.open--,
      (error: unknown) => {
        if (outcomeOf(error, undefined).status === "paused") scope.pause(interruptsOf(error));
        scope.open--;
      },
    );
    return work;
  }

  #within(frame: Frame, body: () => Promise<unknown>): Promise<unknown> {
    try {
      return Promise.resolve(this.core.frames.run(frame, body));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #around(frame: Frame, input: unknown, inner: Run, nothing: { value: undefined | null }): Promise<unknown> {
    return frame.scope.dispatch.node.call.call(Object.freeze({ name: this.node, input }), frame.ctx, (request) =>
      Promise.resolve(inner(request.input)).then((value: unknown): NodeResult => {
        if (value === undefined) nothing.value = undefined;
        return (value ?? null) as NodeResult;
      }),
    );
  }
}

function nodeContext(outer: Frame, node: string, config: Config | undefined): RunContext {
  const configurable = (config?.configurable ?? {}) as Record<string, unknown>;
  const taskId = typeof configurable["__pregel_task_id"] === "string" ? configurable["__pregel_task_id"] : null;
  const ns = typeof configurable["checkpoint_ns"] === "string" ? configurable["checkpoint_ns"] : outer.ctx.ns;
  const { runId, rootRunId, parentRunId, threadId, resumedFrom, principal, workflow, clock, data, route } = outer.ctx;
  // Each by its name: a spread of what is frozen costs six times as much, for every attempt of a node.
  return Object.freeze({
    runId,
    rootRunId,
    parentRunId,
    threadId,
    resumedFrom,
    principal,
    workflow,
    node,
    taskId,
    ns,
    attempt: attemptOf(outer.scope, taskId, config),
    signal: config?.signal ?? outer.ctx.signal,
    clock,
    data,
    route,
  } satisfies RunContext);
}

/** LangGraph says which attempt it is from 1.2 on; before, attempts of a task are counted here. */
function attemptOf(scope: RunScope, taskId: string | null, config: Config | undefined): number {
  const said = (config?.["executionInfo"] as ExecutionInfo | undefined)?.nodeAttempt;
  if (typeof said === "number") return said;
  if (taskId === null) return 1;
  const attempt = (scope.attempts.get(taskId) ?? 0) + 1;
  scope.attempts.set(taskId, attempt);
  return attempt;
}
