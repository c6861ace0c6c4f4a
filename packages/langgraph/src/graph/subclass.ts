import { get_lc_unique_name } from "@langchain/core/load/serializable";
import type { Core } from "../core.js";
import { withInput } from "../events/filter.js";
import { EventListener, type EventTracer, eventTracerOf, type RootInput } from "../events/tracer.js";
import type { Config, Issued } from "../identity/envelope.js";
import { threadNotYours } from "../errors.js";
import { askerOf } from "../run/identity.js";
import { ownsThreads, threadOf } from "../run/owners.js";
import { idleStream } from "../run/idle.js";
import { heardLeaving, quietlyLeft } from "../run/leaving.js";
import { governedStream } from "../run/stream.js";
import { hasBreakpoints, type PregelClass, type PregelLike, streamModesOf } from "./pregel.js";
import { configWithGovernedCache, withGovernedCache } from "../state/cache.js";
import { governCheckpointer } from "../state/saver.js";
import { WRAPPED_BY } from "../wrapped.js";
import { withWaiting } from "./snapshot.js";

/** Where a graph keeps the identity that `withConfig(stack.as(...))` bound. */
export const IDENTITY: unique symbol = Symbol("identity bound by withConfig");
/** On its way from streamEvents v1 to the log that its events are made of. */
const ROOT: unique symbol = Symbol("the input that the first event shows");

/**
 * The config for LangGraph's state methods, without the identity, which must not reach the checkpointer.
 *
 * @throws GraphTapError THREAD_NOT_YOURS, IDENTITY_CHANGED, IDENTITY_MISSING when the resolver fails; the boot's error
 */
async function entering(
  core: Core,
  graph: PregelLike & { readonly [IDENTITY]?: Issued },
  config: Config,
  does: "read" | "write",
): Promise<Config> {
  const subject = graph.getName();
  const taken = core.envelopes.take(config, subject);
  // Until then nobody knows whose a thread is, nor who taps what is read.
  if (core.kernel.state === "starting") await core.kernel.ready();
  const thread = threadOf(taken.config) ?? threadOf(graph.config);
  const dispatch = core.dispatchHere();
  if (thread === null || dispatch === null || !ownsThreads(core, dispatch)) return taken.config;
  const issued = taken.issued ?? graph[IDENTITY] ?? null;
  const asker = await askerOf(core, dispatch, subject, issued, taken.config);
  if (asker === undefined) return taken.config;
  const theirs = does === "read" ? core.owners.allows(thread, asker) : core.owners.claim(thread, asker);
  if (!theirs) throw threadNotYours(subject, thread, asker?.label ?? null);
  return taken.config;
}

/**
 * The graph with a checkpointer that passes state.load and state.save, while somebody taps them. A view and not a
 * change: a server sets `checkpointer` on the graph, and nothing may remember another one.
 */
function stateful<G extends PregelLike>(core: Core, graph: G, dispatch = core.dispatchHere()): G {
  if (dispatch === null || !(dispatch.state.load.used || dispatch.state.save.used)) return graph;
  const saver = governCheckpointer(core, graph.checkpointer);
  return saver === graph.checkpointer
    ? graph
    : (Object.create(graph, { checkpointer: { value: saver, writable: true } }) as G);
}

const outputKeysOf = (config: Config | undefined): readonly string[] | undefined =>
  (config as { outputKeys?: readonly string[] } | undefined)?.outputKeys;

/** The place of a run's last checkpoint: one that started from an older checkpoint has left that one behind. */
function atLast(config: Config | undefined): Config {
  const { checkpoint_id: _id, thread_ts: _ts, checkpoint_map: _map, ...configurable } = config?.configurable ?? {};
  return { ...config, configurable };
}

/** The stream of a run of which this tracer makes events: it hears of no other. */
function heard(
  core: Core,
  graph: PregelLike,
  input: unknown,
  config: Config,
  tracer: EventTracer | null,
  root: RootInput,
): Promise<unknown> {
  core.listening = tracer === null ? null : new EventListener(tracer, root);
  try {
    return graph.stream(input, config);
  } finally {
    core.listening = null;
  }
}

/**
 * The graph's own class with its one funnel replaced: invoke, stream, batch, streamEvents, streamLog, a subgraph node
 * and the server all end in `_streamIterator`. One class per stack and base, so `withConfig`, which constructs
 * `this.constructor`, stays wrapped.
 */
export function governedClass(core: Core, Base: PregelClass): PregelClass {
  const Governed = class extends Base {
    declare [IDENTITY]?: Issued;

    constructor(fields: object) {
      super(fields);
      const bound = (fields as { [IDENTITY]?: Issued })[IDENTITY];
      if (bound !== undefined) this[IDENTITY] = bound;
    }

    // LangChain takes a class's own name where it has no lc_name of its own: traces must show the graph's class.
    get lc_id(): string[] {
      return [...(this as unknown as { lc_namespace: string[] }).lc_namespace, get_lc_unique_name(Base as never)];
    }

    override withConfig(config: Config): PregelLike {
      const taken = core.envelopes.take(config, this.getName());
      const next = super.withConfig(taken.config) as PregelLike & { [IDENTITY]?: Issued };
      const identity = taken.issued ?? this[IDENTITY];
      if (identity !== undefined) next[IDENTITY] = identity;
      return next;
    }

    override stream(input: unknown, options?: Config): Promise<unknown> {
      // LangGraph asks for the iterator before it first waits, so no other run can come in between. An AsyncLocalStorage
      // would do as well, but every one in use makes every promise of the process dearer.
      try {
        const taken = core.envelopes.take(options, this.getName());
        core.entering = taken.issued;
        core.beganIdle = false;
        const stream = super.stream(input, taken.config);
        // LangGraph's own promise: the run has begun by now, and who gets the stream a turn later reads other chunks of it.
        if (!core.beganIdle) stream.then(heardLeaving, () => undefined);
        return stream;
      } catch (error) {
        return Promise.reject(error as Error);
      } finally {
        core.entering = null;
        core.beganIdle = null;
      }
    }

    override streamEvents(input: unknown, options: Config, streamOptions?: unknown): unknown {
      return heardLeaving(super.streamEvents(input, options, streamOptions));
    }

    // Where LangChain's streamEvents v1 and streamLog read a run, and where v1 and v2 do.
    override _streamLog(input: unknown, tracer: EventTracer, ...rest: unknown[]): AsyncGenerator<unknown> {
      const root = (this as { [ROOT]?: RootInput })[ROOT] ?? { given: input };
      const stream = (given: unknown, config: Config) => {
        quietlyLeft(tracer.writer, config.signal);
        return heard(core, this, given, config, tracer, root);
      };
      return super._streamLog.call(Object.create(this, { stream: { value: stream } }), input, tracer, ...rest);
    }
    override _streamEventsV1(input: unknown, ...rest: unknown[]): AsyncGenerator<unknown> {
      if (core.dispatchHere()?.run.event.used === false) return super._streamEventsV1(input, ...rest);
      const root: RootInput = { given: input };
      return withInput(
        super._streamEventsV1.call(Object.create(this, { [ROOT]: { value: root } }), input, ...rest),
        root,
      );
    }
    override _streamEventsV2(input: unknown, ...rest: unknown[]): AsyncGenerator<unknown> {
      const root: RootInput = { given: input };
      const stream = (given: unknown, config: Config) =>
        heard(core, this, given, config, eventTracerOf(config as never), root);
      const view = Object.create(this, { stream: { value: stream } }) as this;
      const events = super._streamEventsV2.call(view, input, ...rest);
      return core.dispatchHere()?.run.event.used === false ? events : withInput(events, root);
    }

    override _streamIterator(input: unknown, options?: Config): AsyncGenerator<unknown> {
      const taken = core.envelopes.take(options, this.getName());
      const issued = taken.issued ?? core.entering ?? this[IDENTITY] ?? null;
      core.entering = null;
      const listener = core.listening;
      core.listening = null;
      const frame = core.frames.getStore();
      const dispatch = frame === undefined ? core.dispatchNow() : frame.scope.dispatch;
      const self = withGovernedCache(core, stateful(core, this, dispatch));
      const name = this.getName();
      const source = (given: unknown, config?: Config) =>
        super._streamIterator.call(self, given, configWithGovernedCache(core, this, config));
      // Only where it is read at once: who keeps an iterator may read it when somebody taps runs.
      const atOnce = core.beganIdle === false && listener === null && frame === undefined;
      if (atOnce && dispatch !== null && dispatch.idle) {
        const start = { name, input, options: taken.config, bound: this.config, issued, source };
        const idle = idleStream(core, dispatch, start);
        if (idle !== null) return idle;
      }
      const target = {
        name,
        modes: streamModesOf(this),
        hasCheckpointer:
          typeof (taken.config?.configurable?.["__pregel_checkpointer"] ?? this.checkpointer) === "object",
        bound: this.config,
        listener,
        keys: outputKeysOf(taken.config) ?? outputKeysOf(this.config) ?? this.outputChannels,
        source,
        stoppedEarly:
          typeof this.checkpointer === "object" && hasBreakpoints(this, options)
            ? async (config: Config | undefined) => (await super.getState(atLast(config))).next.length > 0
            : null,
      };
      return governedStream(core, target, input, taken.config, issued);
    }

    // State methods take the same config as a run.
    override async getState(config: Config, options?: unknown): Promise<{ next: readonly string[] }> {
      const clean = await entering(core, this, config, "read");
      return withWaiting(await super.getState.call(stateful(core, this), clean, options));
    }
    override async *getStateHistory(config: Config, options?: unknown): AsyncGenerator<{ next: readonly string[] }> {
      const clean = await entering(core, this, config, "read");
      for await (const snapshot of super.getStateHistory.call(stateful(core, this), clean, options))
        yield withWaiting(snapshot);
    }
    override async updateState(config: Config, ...rest: unknown[]): Promise<unknown> {
      const clean = await entering(core, this, config, "write");
      return super.updateState.call(stateful(core, this), clean, ...rest);
    }
    override async bulkUpdateState(config: Config, ...rest: unknown[]): Promise<unknown> {
      const clean = await entering(core, this, config, "write");
      return super.bulkUpdateState.call(stateful(core, this), clean, ...rest);
    }
  };
  Object.defineProperty(Governed.prototype, WRAPPED_BY, { value: core });
  Object.defineProperty(Governed, "name", { value: Base.name });
  return Governed as unknown as PregelClass;
}
