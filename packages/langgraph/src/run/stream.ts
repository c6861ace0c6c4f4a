import { fitting } from "../answer.js";
import type { Core } from "../core.js";
import { filterEvents } from "../events/filter.js";
import { EventGate } from "../events/gate.js";
import type { EventListener } from "../events/tracer.js";
import { identityChanged } from "../errors.js";
import type { Config, Issued } from "../identity/envelope.js";
import { DeniedError } from "../denial.js";
import { bringsForgedAnswer, Execution, forgedAnswer, type Launch } from "./execution.js";
import { assertUnmixed, innerPrincipal } from "./identity.js";
import { inTurn } from "./in-turn.js";
import { JudgedStream } from "./judged.js";
import { type Layout, layoutOf, requestOf, type StreamOptions } from "./modes.js";
import { OutputGate, withState } from "./output.js";
import { LaterStep, Passage, type Watch } from "./passage.js";
import type { Frame } from "./scope.js";
import { scrub, scrubbing, showsCallbacks } from "../watch/scrub.js";

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
  /** What makes events of the run's chunks and steps; null where its reader gets the chunks. */
  readonly listener: EventListener | null;
  /** What the graph gives out. */
  readonly keys: readonly string[] | string;
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
  const nested = outer !== undefined && !onAnotherThread(outer, inForce(target.bound, options));
  // A run of its own says so when it begins.
  if (nested && issued === null) assertUnmixed(core, target.name, options);
  const stream = nested
    ? new NestedStream(core, target, outer, input, options, issued)
    : new RunStream(core, target, input, options, issued);
  return stream as unknown as AsyncGenerator<unknown>;
}

/** Also where the run around it has no thread; a number has no place in a run's context, and tells nothing. */
function onAnotherThread({ ctx }: Frame, config: Config | undefined): boolean {
  const thread: unknown = config?.configurable?.["thread_id"];
  return thread !== ctx.threadId && (typeof thread === "string" || (thread !== undefined && ctx.threadId !== null));
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
    if (bringsForgedAnswer(input)) throw new DeniedError(`run of "${target.name}"`, forgedAnswer());
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
export function inForce(bound: Config | undefined, options: Config | undefined): Config | undefined {
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
  #judged: JudgedStream | null = null;
  #events: EventGate | null = null;
  /** Set where chunks show callbacks, and one of them is ours. */
  #scrubbed: Layout | null = null;
  /** Chunks that the judge of the output adds. */
  #more: unknown[] = [];
  /** What the graph itself threw last, where layers are around it. */
  #threw: { readonly error: unknown } | null = null;
  /** Its events may not be shown, and whoever reads them hears why: the run just stops, with its next step. */
  #refused: Promise<void> | null = null;
  /** Nobody taps it: its chunks pass as if there were no stack. */
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
    return new LaterStep(this.#opening, () => this.#step(value));
  }

  /** The consumer left: the run is over now, whatever still runs inside. */
  return(value?: unknown): Step {
    this.#finished = true;
    this.#events?.shut();
    const ended = this.#execution?.leave();
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
    return this.#plain ? step : new Passage(step, this.#passing);
  }

  async #open(): Promise<void> {
    const { kernel } = this.#core;
    if (!kernel.isReady()) await kernel.ready();
    const begun = Execution.begin(this.#core, this.#launch);
    const execution = begun instanceof Promise ? await begun : begun;
    this.#execution = execution;
    this.#frame = execution.frame;
    const layout = layoutOf(this.#layoutOptions(), this.#target.modes, false);
    const { dispatch } = execution.scope;
    const request = (input: unknown): ReturnType<typeof requestOf> =>
      requestOf(layout, { workflow: this.#target.name, input, kind: execution.kind });
    let { input } = this.#launch;
    try {
      if (dispatch.run.input.used || dispatch.run.admit.used) input = await execution.admit({ input, request });
      const refused = execution.own();
      if (refused !== undefined) await refused;
      const run = (given: unknown): AsyncGenerator<unknown> =>
        this.#target.source(given, this.#clean(this.#outputOptions(layout, execution), execution));
      const chunks = dispatch.run.call.used
        ? this.#core.frames.run(this.#frame, () => this.#around(execution, request(input), run))
        : run(input);
      this.#inner = chunks[Symbol.asyncIterator]();
    } catch (error) {
      await this.#ended(execution, error);
      throw error;
    }
    const inner = dispatch.run.output.used && this.#events === null ? withState(layout) : layout;
    if (showsCallbacks(inner) && dispatch.watches) {
      this.#scrubbed = inner;
      execution.scope.showsConfigs = true;
    }
    this.#plain = dispatch.idle;
    if (this.#plain) execution.letGo();
    if (this.#finished) await execution.end("cancelled", "ABORTED", null);
  }

  /** Where a graph around it shows what runs in here, its chunks are not ours to see, but they must not show us. */
  #clean(options: Config | undefined, { scope }: Execution): Config | undefined {
    const clean = scope.dispatch.watches ? scrubbing(options) : null;
    if (clean === null) return options;
    scope.showsConfigs = true;
    return clean;
  }

  /** Of these LangGraph heeds only the stream modes where `withConfig` bound them. */
  #layoutOptions(): StreamOptions | undefined {
    const given = this.#options as StreamOptions | undefined;
    const streamMode = given?.streamMode ?? (this.#target.bound as StreamOptions | undefined)?.streamMode;
    return streamMode === undefined ? given : { ...given, streamMode };
  }

  #around(
    execution: Execution,
    request: ReturnType<typeof requestOf>,
    run: (input: unknown) => AsyncGenerator<unknown>,
  ): AsyncIterable<unknown> {
    let called = false;
    const layers = execution.scope.dispatch.run.call;
    const chunks = layers.call(request, execution.scope.ctx, (inner) => {
      if (called)
        throw new DeniedError(`a second execution of "${inner.workflow}"`, {
          code: "RUN_CALLED_TWICE",
          message: "run.call: next() may be called once",
          reason: "a run.call tap called next() twice",
          plugin: null,
          hook: "run.call",
        });
      called = true;
      return this.#heard(run(inner.input));
    });
    return fitting("run.call", layers, chunks);
  }

  /** The graph's own stream, with what it throws remembered: the layers around it may throw for reasons of their own. */
  #heard(chunks: AsyncGenerator<unknown>): AsyncIterable<unknown> {
    const threw = (error: unknown): void => {
      this.#threw = { error };
    };
    const heard = (step: Step): Step => {
      step.catch(threw);
      return step;
    };
    const made = {
      next: (value?: unknown) => heard(chunks.next(value)),
      return: (value?: unknown) => chunks.return(value),
      throw: (error: unknown) => heard(chunks.throw(error)),
      [Symbol.asyncIterator]: () => made,
    };
    return made;
  }

  /** A refusal of the graph's own was told where it was made; one of a layer around it is told here. */
  #ended(execution: Execution, error: unknown): undefined | Promise<void> {
    const layered = execution.scope.dispatch.run.call.used && this.#threw?.error !== error;
    return layered ? execution.refuse(error) : execution.fail(error);
  }

  /** Asks the graph for its state as well, where the output is judged and the caller streams something else. */
  #outputOptions(layout: Layout, execution: Execution): Config | undefined {
    const { listener } = this.#target;
    const filter = listener !== null && execution.scope.dispatch.run.event.used;
    const options = this.#judgedOptions(layout, execution);
    // Last, so that what the judge of the output makes of an event is filtered too.
    if (filter) filterEvents(listener, execution.scope, (error) => (this.#refused ??= execution.refuse(error)));
    return options;
  }

  #judgedOptions(layout: Layout, execution: Execution): Config | undefined {
    if (!execution.scope.dispatch.run.output.used) return this.#options;
    if (this.#target.listener !== null) {
      this.#events = new EventGate(this.#target.listener, execution.scope, layout, this.#target.keys);
      return this.#options;
    }
    const inner = withState(layout);
    const gate = new OutputGate(execution.scope, inner, layout);
    this.#judged = new JudgedStream({
      gate,
      pull: () => this.#pull(undefined).then(this.#seen),
      ended: async () => this.#checkPause(execution),
      failed: (error) => (gate.refused ? execution.refuse(error) : this.#ended(execution, error)),
    });
    return inner === layout ? this.#options : { ...this.#options, streamMode: inner.modes };
  }

  #step(value: unknown): Step {
    if (this.#refused !== null) return this.#refused.then(() => this.return());
    if (this.#more.length > 0) return Promise.resolve({ done: false, value: this.#more.shift() });
    if (this.#plain) return this.#pull(value);
    // Chunks pass in their own turn: a later one loses events before an error.
    return new Passage(this.#judged === null ? this.#pull(value) : this.#judged.next(), this.#passing);
  }

  #pull(value: unknown): Step {
    const inner = this.#inner as AsyncIterator<unknown>;
    if (!this.#inFrame) return inner.next(value);
    this.#inFrame = this.#execution?.scope.dispatch.run.call.used === true;
    return this.#core.frames.run(this.#frame as Frame, () => inner.next(value));
  }

  readonly #seen = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done !== true && this.#scrubbed !== null) scrub(this.#scrubbed, result.value);
    return result;
  };

  readonly #passing: Watch<IteratorResult<unknown>> = {
    came: (result) => {
      if (result.done === true) return this.#finish(result);
      if (this.#judged === null) this.#seen(result);
      this.#events?.chunk(result.value);
      return undefined;
    },
    failed: (error) => {
      this.#events?.failed(error);
      return this.#ended(this.#execution as Execution, error)?.then(() => Promise.reject(error));
    },
  };

  /** A static breakpoint raises no interrupt that a node could see. */
  #checkPause({ scope }: Execution): undefined | Promise<void> {
    if (scope.paused || this.#target.stoppedEarly === null) return undefined;
    return this.#target.stoppedEarly(this.#launch.config).then((stopped) => {
      if (stopped) scope.pause([]);
    });
  }

  /** The graph came to its end; a promise where its reader has to wait for somebody, or gets something else. */
  #finish(result: IteratorResult<unknown>): undefined | Promise<IteratorResult<unknown>> {
    const execution = this.#execution as Execution;
    const { scope } = execution;
    if (this.#events !== null) return this.#judgeEvents(this.#events, execution, result);
    const ended = inTurn(
      () => (this.#judged === null ? this.#checkPause(execution) : undefined),
      () => execution.end(scope.paused ? "paused" : "ok", null, null),
    );
    return ended?.then(() => result);
  }

  async #judgeEvents(
    events: EventGate,
    execution: Execution,
    result: IteratorResult<unknown>,
  ): Promise<IteratorResult<unknown>> {
    if (this.#judged === null) await this.#checkPause(execution);
    try {
      this.#more = await events.end();
      this.#events = null;
    } catch (error) {
      await execution.refuse(error);
      throw error;
    }
    if (this.#more.length > 0) return this.#step(undefined);
    await execution.end(execution.scope.paused ? "paused" : "ok", null, null);
    return result;
  }
}
