import type { About } from "./hold.js";

/** A run as LangChain's tracers know it. */
export interface TracedRun {
  readonly id: string;
  readonly parent_run_id?: string;
  readonly run_type: string;
  readonly extra?: { readonly metadata?: Readonly<Record<string, unknown>> };
}

type Handle = (value: unknown, runId: string, ...rest: unknown[]) => unknown;

/** LangChain's tracer behind streamEvents v2, or behind v1 and streamLog: all that they tell passes one function each. */
export interface EventTracer {
  readonly name: string;
  onRunCreate?(run: TracedRun): unknown;
  handleChainEnd: Handle;
  handleChainError: Handle;
  /** The events, as LangChain reads them for its caller. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Told>;
  /** streamEvents v2. */
  send?(event: StreamEvent, run: unknown): Promise<void>;
  /** streamEvents v1 and streamLog. */
  readonly writer?: { write(patch: LogPatch): Promise<void>; close(): Promise<void> };
}

export interface StreamEvent {
  readonly event: string;
  readonly run_id: string;
  readonly name?: string;
  readonly data: {
    readonly input?: unknown;
    readonly chunk?: unknown;
    readonly output?: unknown;
    readonly error?: unknown;
  };
}

export interface LogPatch {
  readonly ops: readonly { readonly path: string; readonly value?: unknown }[];
}

/** What a tracer tells: an event, or an entry of a log. */
export type Told = StreamEvent | LogPatch;

/** A caller's input, which LangChain itself puts into the first event, and what of it may be shown there. */
export interface RootInput {
  readonly given: unknown;
  shown?: unknown;
}

/** Stands where LangChain reads a tracer: a run that is about to begin may put something in between. */
export class EventListener {
  /** What events go through; null: they pass as if nobody stood here. */
  through: ((events: AsyncIterable<Told>) => AsyncIterable<Told>) | null = null;

  constructor(
    readonly tracer: EventTracer,
    readonly input: RootInput,
  ) {
    const read = tracer[Symbol.asyncIterator].bind(tracer);
    tracer[Symbol.asyncIterator] = () => this.#between(read());
  }

  #between(events: AsyncIterableIterator<Told>): AsyncIterableIterator<Told> {
    let source: AsyncIterator<Told> = events;
    let begun = false;
    // LangChain asks for the first event before the run has begun: only once it comes is it known what it goes through.
    const first = async (): Promise<IteratorResult<Told>> => {
      const head = await events.next();
      if (this.through === null) return head;
      source = this.through(from(head, events))[Symbol.asyncIterator]();
      return source.next();
    };
    const made: AsyncIterableIterator<Told> = {
      next() {
        if (begun) return source.next();
        begun = true;
        return first();
      },
      return: async (value?: unknown) => (await source.return?.(value)) ?? { done: true, value: undefined },
      [Symbol.asyncIterator]: () => made,
    };
    return made;
  }
}

/** The events from one that was read already. Whoever leaves at that one leaves the rest as well. */
async function* from(head: IteratorResult<Told>, rest: AsyncIterableIterator<Told>): AsyncGenerator<Told> {
  if (head.done === true) return;
  let passed = false;
  try {
    yield head.value;
    passed = true;
  } finally {
    if (!passed) await rest.return?.();
  }
  yield* rest;
}

interface Handlers {
  readonly callbacks?: readonly unknown[] | { readonly handlers: readonly unknown[] } | undefined;
}

const isEventTracer = (handler: unknown): handler is EventTracer =>
  (handler as EventTracer | null)?.name === "event_stream_tracer" &&
  typeof (handler as EventTracer).send === "function";

/** The tracer that LangChain's streamEvents v2 has just put last among the callbacks. */
export function eventTracerOf(config: Handlers | undefined): EventTracer | null {
  const { callbacks } = config ?? {};
  const handlers: readonly unknown[] =
    callbacks === undefined ? [] : "handlers" in callbacks ? callbacks.handlers : callbacks;
  return handlers.findLast(isEventTracer) ?? null;
}

/** Calls that are heard as they happen: what they tell is not for the judge of the output. */
const LIVE = new Set(["llm", "tool", "retriever"]);

interface Known {
  readonly type: string;
  /** The run of the root's node that it belongs to; null for what belongs to none. */
  readonly node: string | null;
  readonly step: number | null;
}

/** Knows a tracer's runs: which is the root's, which are its nodes', which belong to one. */
export class Runs {
  #root: string | null = null;
  readonly #known = new Map<string, Known>();

  begun(run: TracedRun): void {
    if (this.#root === null) {
      this.#root = run.id;
      return;
    }
    const step = run.extra?.metadata?.["langgraph_step"];
    const own = run.parent_run_id === this.#root;
    const node = own ? run.id : (this.#known.get(run.parent_run_id ?? "")?.node ?? null);
    this.#known.set(run.id, { type: run.run_type, node, step: own && typeof step === "number" ? step : null });
  }

  isRoot(runId: string): boolean {
    return runId === this.#root;
  }

  /** What an event of a run is; chunks of its own stream, and all that a live call tells, carry nothing. */
  about(runId: string, phase: "start" | "end" | "other", wrote: () => boolean): About {
    const run = this.#known.get(runId);
    if (run === undefined) return { is: "inside", node: null, carries: phase !== "other" };
    // It will not be heard of again.
    if (phase === "end") this.#known.delete(runId);
    if (run.node !== runId || phase === "other")
      return { is: "inside", node: run.node, carries: phase !== "other" && !LIVE.has(run.type) };
    return phase === "start"
      ? { is: "node-start", node: runId, step: run.step }
      : { is: "node-end", node: runId, step: run.step, wrote: wrote() };
  }
}
