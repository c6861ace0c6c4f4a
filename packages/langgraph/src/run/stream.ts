import type { Core } from "../core.js";
import { identityChanged } from "../errors.js";
import type { Config, Issued } from "../identity/envelope.js";
import { DeniedError } from "../denial.js";
import { Execution, type Launch } from "./execution.js";
import { innerPrincipal } from "./identity.js";
import { type Layout, layoutOf, requestOf, type StreamOptions } from "./modes.js";
import { OutputGate, withState } from "./output.js";
import { Passage, type Watch } from "./passage.js";
import type { Frame } from "./scope.js";
import { needsWatch } from "../watch/inject.js";
import { scrub, showsCallbacks } from "../watch/scrub.js";

/** The graph's own iterator for an input and options. */
export type Source = (input: unknown, options: Config | undefined) => AsyncGenerator<unknown>;

/** What a wrapped graph tells of itself. */
export interface StreamTarget {
  readonly name: string;
  /** Stream modes where the caller names none. */
  readonly modes: readonly string[];
  readonly hasCheckpointer: boolean;
  /** What `withConfig` bound; LangGraph merges it under the call's own config, deep inside. */
  readonly bound: Config | undefined;
  readonly source: Source;
  /** Whether a run without interrupts stopped all the same: at a static breakpoint. */
  readonly stoppedEarly: ((options: Config | undefined) => Promise<boolean>) | null;
}

type Step = Promise<IteratorResult<unknown>>;

/** One execution as the iterator that LangGraph gives out: a plain object that hands every step on. */
export function governedStream(
  core: Core,
  target: StreamTarget,
  input: unknown,
  options: Config | undefined,
  issued: Issued | null,
): AsyncGenerator<unknown> {
  const here = core.frames.getStore();
  const outer = here?.scope.over === true ? undefined : here;
  const thread: unknown = options?.configurable?.["thread_id"];
  const nested =
    outer !== undefined && (thread === undefined || outer.ctx.threadId === null || thread === outer.ctx.threadId);
  const stream = nested
    ? new NestedStream(core, target, outer, input, options, issued)
    : new RunStream(core, target, input, options, issued);
  return stream as unknown as AsyncGenerator<unknown>;
}

/** A subgraph: part of the run around it. */
class NestedStream {
  readonly #core: Core;
  readonly #frame: Frame;
  readonly #inner: AsyncGenerator<unknown>;

  constructor(
    core: Core,
    target: StreamTarget,
    outer: Frame,
    input: unknown,
    options: Config | undefined,
    issued: Issued | null,
  ) {
    this.#core = core;
    this.#inner = target.source(input, options);
    const principal = issued === null ? outer.ctx.principal : narrowed(target.name, outer, issued);
    this.#frame =
      principal === outer.ctx.principal && outer.permits === null
        ? outer
        : { ...outer, permits: null, ctx: Object.freeze({ ...outer.ctx, principal }) };
  }
  next(value?: unknown): Step {
    return this.#core.frames.run(this.#frame, () => this.#inner.next(value));
  }
  return(value?: unknown): Step {
    return this.#core.frames.run(this.#frame, () => this.#inner.return(value));
  }
  throw(error: unknown): Step {
    return this.#core.frames.run(this.#frame, () => this.#inner.throw(error));
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}

function narrowed(subject: string, outer: Frame, issued: Issued): Frame["ctx"]["principal"] {
  if (outer.ctx.principal === null) throw identityChanged(subject, "nobody", issued.principal.label);
  return innerPrincipal(subject, outer.ctx.principal, issued);
}

/** The config that a run is known by: the thread and the signal may be bound to the graph, or come with the call. */
function inForce(bound: Config | undefined, options: Config | undefined): Config | undefined {
  if (bound === undefined) return options;
  const given = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
  return { ...bound, ...given, configurable: { ...bound.configurable, ...options?.configurable } };
}

/** A run of its own. Its first step opens the run; the last one, whichever it is, ends it. */
class RunStream {
  readonly #core: Core;
  readonly #target: StreamTarget;
  readonly #launch: Launch;
  readonly #options: Config | undefined;
  #opening: Promise<void> | null = null;
  #execution: Execution | null = null;
  #frame: Frame | null = null;
  #inner: AsyncIterator<unknown> | null = null;
  #output: OutputGate | null = null;
  /** Set where chunks show callbacks, and one of them is ours. */
  #scrubbed: Layout | null = null;
  #ready: unknown[] = [];
  /** A step under way, for chunks that left before it came. */
  #pending: Step | null = null;
  /** What the run failed with, while chunks from before are still to be delivered. */
  #failure: { readonly error: unknown } | null = null;
  /** Nobody taps a run: its chunks pass as if there were no stack. */
  #plain = false;
  /** LangGraph starts its loop in the first step, so what runs in there stays in the frame; only taps need it again. */
  #inFrame = true;
  #finished = false;

  constructor(core: Core, target: StreamTarget, input: unknown, options: Config | undefined, issued: Issued | null) {
    this.#core = core;
    this.#target = target;
    this.#options = options;
    this.#launch = {
      workflow: target.name,
      input,
      config: inForce(target.bound, options),
      issued,
      hasCheckpointer: target.hasCheckpointer,
    };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(value?: unknown): Step {
    if (this.#inner !== null) return this.#step(value);
    if (this.#finished) return Promise.resolve({ done: true, value: undefined });
    this.#opening ??= this.#open();
    return this.#opening.then(() => this.#step(value));
  }

  /** The consumer left: the run is over now, whatever still runs inside. */
  return(value?: unknown): Step {
    this.#finished = true;
    const ended = this.#execution?.end("cancelled", "ABORTED", null);
    const frame = this.#frame;
    const inner = this.#inner;
    if (inner?.return === undefined || frame === null)
      return Promise.resolve(ended).then(() => ({ done: true, value }));
    const left = this.#core.frames.run(frame, () => inner.return?.(value) as Step);
    return ended === undefined ? left : ended.then(() => left);
  }

  throw(error: unknown): Step {
    const inner = this.#inner;
    if (inner?.throw === undefined || this.#frame === null) return this.return().then(() => Promise.reject(error));
    const step = this.#core.frames.run(this.#frame, () => inner.throw?.(error) as Step);
    return this.#plain ? step : this.#watch(step);
  }

  async #open(): Promise<void> {
    const { kernel } = this.#core;
    if (!kernel.isReady()) await kernel.ready();
    const begun = Execution.begin(this.#core, this.#launch);
    const execution = begun instanceof Promise ? await begun : begun;
    this.#execution = execution;
    this.#frame = execution.frame;
    const layout = layoutOf(this.#options as StreamOptions | undefined, this.#target.modes, false);
    const { dispatch } = execution.scope;
    const request = (input: unknown): ReturnType<typeof requestOf> =>
      requestOf(layout, { workflow: this.#target.name, input, kind: execution.kind });
    let { input } = this.#launch;
    try {
      if (dispatch.run.input.used || dispatch.run.admit.used) input = await execution.admit({ input, request });
      const run = (given: unknown): AsyncGenerator<unknown> =>
        this.#target.source(given, this.#outputOptions(layout, execution));
      const chunks = dispatch.run.call.used
        ? this.#core.frames.run(this.#frame, () => this.#around(execution, request(input), run))
        : run(input);
      this.#inner = chunks[Symbol.asyncIterator]();
    } catch (error) {
      await execution.fail(error);
      throw error;
    }
    const inner = this.#output?.inner ?? layout;
    if (showsCallbacks(inner) && needsWatch(dispatch)) this.#scrubbed = inner;
    this.#plain = dispatch.idle;
    if (this.#plain) execution.letGo();
    if (this.#finished) await execution.end("cancelled", "ABORTED", null);
  }

  #around(
    execution: Execution,
    request: ReturnType<typeof requestOf>,
    run: (input: unknown) => AsyncGenerator<unknown>,
  ): AsyncIterable<unknown> {
    let called = false;
    return execution.scope.dispatch.run.call.call(request, execution.scope.ctx, (inner) => {
      if (called)
        throw new DeniedError(`a second execution of "${inner.workflow}"`, {
          code: "RUN_CALLED_TWICE",
          message: "run.call: next() may be called once",
          reason: "a run.call tap called next() twice",
          plugin: null,
          hook: "run.call",
        });
      called = true;
      return run(inner.input);
    });
  }

  /** Asks the graph for its state as well, where the output is judged and the caller streams something else. */
  #outputOptions(layout: Layout, execution: Execution): Config | undefined {
    if (!execution.scope.dispatch.run.output.used) return this.#options;
    const inner = withState(layout);
    this.#output = new OutputGate(execution.scope, inner, layout);
    return inner === layout ? this.#options : { ...this.#options, streamMode: inner.modes };
  }

  #step(value: unknown): Step {
    if (this.#ready.length > 0) return Promise.resolve({ done: false, value: this.#ready.shift() });
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    const step = this.#pending ?? this.#pull(value);
    if (this.#plain) return step;
    this.#pending = null;
    return this.#output === null ? this.#watch(step) : this.#judged(this.#output, step);
  }

  #pull(value: unknown): Step {
    const inner = this.#inner as AsyncIterator<unknown>;
    if (!this.#inFrame) return inner.next(value);
    this.#inFrame = this.#execution?.scope.dispatch.run.call.used === true;
    return this.#core.frames.run(this.#frame as Frame, () => inner.next(value));
  }

  async #judged(output: OutputGate, step: Step): Step {
    const free = await output.proof(step);
    if (free.length === 0) return this.#watch(step);
    this.#pending = step;
    this.#ready.push(...free);
    return this.#step(undefined);
  }

  /** Chunks pass in their own turn: a later one loses events before an error. */
  #watch(step: Step): Step {
    return this.#output === null ? new Passage(step, this.#passing) : step.then(this.#onResult, this.#onError);
  }

  readonly #passing: Watch = {
    chunk: (result) => {
      if (this.#scrubbed !== null) scrub(this.#scrubbed, result.value);
    },
    done: (result) => this.#finish(result),
    failed: (error) => this.#onError(error),
  };

  readonly #onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> | Step => {
    if (result.done === true) return this.#finish(result);
    this.#passing.chunk(result);
    if (this.#output === null) return result;
    this.#ready.push(...this.#output.push(result.value));
    return this.#step(undefined);
  };

  readonly #onError = (error: unknown): Step => {
    const ended = this.#execution?.fail(error);
    const held = this.#output?.failed(error) ?? [];
    if (held.length > 0) {
      this.#ready.push(...held);
      this.#failure = { error };
    }
    const then = (): Step => (held.length > 0 ? this.#step(undefined) : Promise.reject(error));
    return ended === undefined ? then() : ended.then(then);
  };

  async #finish(result: IteratorResult<unknown>): Promise<IteratorResult<unknown>> {
    const execution = this.#execution as Execution;
    if (this.#output !== null) {
      try {
        this.#ready.push(...(await this.#output.end()));
        this.#output = null;
      } catch (error) {
        await execution.refuse(error);
        throw error;
      }
      if (this.#ready.length > 0) return this.#step(undefined);
    }
    const { scope } = execution;
    if (!scope.paused && this.#target.stoppedEarly !== null && (await this.#target.stoppedEarly(this.#options)))
      scope.pause([]);
    await execution.end(scope.paused ? "paused" : "ok", null, null);
    return result;
  }
}
