import type { Core } from "../core.js";
import type { Dispatch } from "../dispatch.js";
import type { Config, Issued } from "../identity/envelope.js";
import { bringsForgedAnswer, contextOf } from "./execution.js";
import type { FrameStore } from "./frames.js";
import { type Frame, RunScope } from "./scope.js";
import { inForce, type Source } from "./stream.js";

type Step = Promise<IteratorResult<unknown>>;

/** What is about to run, before anything was made for it. */
interface Start {
  readonly name: string;
  readonly input: unknown;
  readonly options: Config | undefined;
  /** What `withConfig` bound. */
  readonly bound: Config | undefined;
  readonly issued: Issued | null;
  readonly source: Source;
}

/**
 * A run that nobody taps, and that nothing can refuse: the graph's own stream, in a frame that pins it to no taps. Null
 * where a run has more to it. No plugin is held for it.
 */
export function idleStream(core: Core, dispatch: Dispatch, start: Start): AsyncGenerator<unknown> | null {
  const { issued, input, options } = start;
  if (dispatch.needsIdentity || core.resolver !== undefined || bringsForgedAnswer(input)) return null;
  if (issued !== null && core.envelopes.expired(issued)) return null;
  const launch = { workflow: start.name, input, config: inForce(start.bound, options) };
  const ctx = contextOf(core, launch, null, issued?.principal ?? null, false);
  const scope = new RunScope(ctx, dispatch, dispatch.epoch, null, core.clock.monotonic());
  core.beganIdle = true;
  const stream = new IdleStream(core.frames, { scope, ctx, permits: null }, start.source(input, options));
  return stream as unknown as AsyncGenerator<unknown>;
}

class IdleStream {
  readonly #frames: FrameStore;
  readonly #inner: AsyncGenerator<unknown>;
  /** LangGraph starts its loop in the first step, and what runs in there stays in the frame. */
  #frame: Frame | null;

  constructor(frames: FrameStore, frame: Frame, inner: AsyncGenerator<unknown>) {
    this.#frames = frames;
    this.#frame = frame;
    this.#inner = inner;
  }
  next(value?: unknown): Step {
    const frame = this.#frame;
    if (frame === null) return this.#inner.next(value);
    this.#frame = null;
    return this.#frames.run(frame, () => this.#inner.next(value));
  }
  return(value?: unknown): Step {
    return this.#inner.return(value);
  }
  throw(error: unknown): Step {
    return this.#inner.throw(error);
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}
