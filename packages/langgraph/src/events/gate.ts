import { type Layout, readChunk, writeChunk } from "../run/modes.js";
import { cannotBeOutput, isPause, judge } from "../run/output.js";
import type { RunScope } from "../run/scope.js";
import { type About, EventHold } from "./hold.js";
import { type EventListener, type EventTracer, type LogPatch, Runs, type StreamEvent, type Told } from "./tracer.js";
import { wrote } from "./wrote.js";

/** Modes whose chunks show states or what nodes wrote. */
const CARRYING = new Set(["values", "updates", "tasks", "checkpoints", "debug"]);

const asDict = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { output: value };
/** What LangChain makes of a run's outputs: in an event, and in a log of events. */
const inEvent = (value: unknown): unknown => asDict(value)["output"] ?? asDict(value);
const inLog = (value: unknown): unknown => {
  const dict = asDict(value);
  return Object.keys(dict).length === 1 && dict["output"] !== undefined ? dict["output"] : dict;
};

/**
 * Judges the root output before an event of streamEvents v1 or v2 (or of streamLog) shows it. Chunks pass as they are:
 * LangChain makes events of them, and events are what is held back, so that their order stays what it is without a
 * judge.
 */
export class EventGate {
  readonly #hold = new EventHold();
  /** What becomes of an event when it is read. */
  readonly #slots = new WeakMap<object, Slot>();
  readonly #runs = new Runs();
  /** Runs that threw, and the run of each entry of a log. */
  readonly #failed = new Set<string>();
  readonly #logged = new Map<string, string>();
  #shut: () => void = () => {};
  readonly #shutting = new Promise<void>((resolve) => (this.#shut = resolve));
  #output: { readonly value: unknown } | null = null;
  #transformed: { readonly value: unknown } | null = null;
  #paused = false;
  /** A node was at work after the last one that ended. */
  #goesOn = false;
  /** Chunks that the run gave, that events were made of and that left; the last that was a state. */
  #given = 0;
  #told = 0;
  #left = 0;
  #state: number | null = null;

  constructor(
    listener: EventListener,
    readonly scope: RunScope,
    readonly layout: Layout,
    /** What the graph gives out. */
    readonly keys: readonly string[] | string,
  ) {
    scope.onWork = () => {
      this.#goesOn = true;
    };
    // LangChain closes the stream of events as soon as it hears of an abort, before the run does.
    scope.ctx.signal?.addEventListener("abort", this.#aborted, { once: true });
    this.#listen(listener.tracer);
    listener.through = (events) => this.#read(events);
  }

  readonly #aborted = (): void => this.failed(this.scope.ctx.signal?.reason);

  #over(how: "open" | "shut"): void {
    if (how === "shut") this.#shut();
    this.scope.ctx.signal?.removeEventListener("abort", this.#aborted);
    this.#hold[how]();
  }

  /** A chunk passes to LangChain, which makes an event of it. */
  chunk(raw: unknown): void {
    const { ns, mode, payload } = readChunk(this.layout, raw);
    if (ns.length === 0 && isPause(payload)) this.#paused = true;
    else if (ns.length === 0 && mode === "values") this.#state = this.#given;
    this.#given++;
  }

  /**
   * The run came to its end: judges the output and lets go of the events. Gives chunks that the run has to add: the
   * transformed state, where the one before was shown already (a later node wrote nothing).
   *
   * @throws DeniedError when a guard refuses it.
   */
  async end(): Promise<unknown[]> {
    const more: unknown[] = [];
    if (!this.#paused && !this.scope.paused && this.#output !== null) {
      try {
        this.#transformed = await judge(this.scope, this.#output.value);
      } catch (error) {
        this.#over("shut");
        throw error;
      }
      if (this.#transformed !== null && this.layout.modes.includes("values")) {
        if (this.#state === null || this.#state < this.#left) {
          this.#state = null;
          more.push(writeChunk(this.layout, { ns: [], mode: "values", payload: this.#transformed.value }));
        }
      }
    }
    this.#over("open");
    return more;
  }

  /** The run failed: lets go of the events, unless they may show the output, which nobody judged. */
  failed(error: unknown): void {
    const free = this.#paused || this.scope.paused || this.#goesOn || cannotBeOutput(this.scope, error);
    this.#over(free ? "open" : "shut");
  }

  /** Nobody reads the events any more. */
  shut(): void {
    this.#over("shut");
  }

  #listen(tracer: EventTracer): void {
    const { onRunCreate, handleChainEnd, handleChainError, send, writer } = tracer;
    tracer.onRunCreate = (run) => {
      this.#runs.begun(run);
      return onRunCreate?.call(tracer, run);
    };
    tracer.handleChainEnd = (value, runId, ...rest) => {
      if (this.#runs.isRoot(runId)) this.#ended(value);
      return handleChainEnd.call(tracer, value, runId, ...rest);
    };
    tracer.handleChainError = (error, runId, ...rest) => {
      this.#failed.add(runId);
      this.#hold.failed(runId);
      return handleChainError.call(tracer, error, runId, ...rest);
    };
    if (send !== undefined)
      tracer.send = (event, run) => {
        this.#say(event, this.#ofEvent(event));
        return send.call(tracer, event, run);
      };
    else if (writer !== undefined) {
      const write = writer.write.bind(writer);
      writer.write = (patch) => {
        this.#say(patch, this.#ofPatch(patch));
        return write(patch);
      };
    }
  }

  /** An entrypoint that gave nothing is heard to give an empty object. */
  #ended(value: unknown): void {
    const nothing = typeof this.keys === "string" && Object.keys(asDict(value)).length === 0;
    if (!nothing) this.#output = { value };
  }

  #ofEvent({ event, run_id: runId, data }: StreamEvent): About {
    const phase = event.endsWith("_start") ? "start" : event.endsWith("_end") ? "end" : "other";
    if (!this.#runs.isRoot(runId)) return this.#runs.about(runId, phase, () => wrote(data.output, this.keys));
    if (event.endsWith("_stream")) return this.#ofChunk(data.chunk);
    if (phase === "other") return { is: "inside", node: null, carries: false };
    return phase === "start" ? { is: "root-start" } : { is: "root-end" };
  }

  #ofPatch({ ops }: LogPatch): About {
    const [first] = ops;
    const path = first?.path ?? "";
    if (path === "") return { is: "root-start" };
    if (path === "/final_output") return { is: "root-end" };
    if (path === "/streamed_output/-") return this.#ofChunk(first?.value);
    const [, key = "", part] =
      /^\/logs\/(.*?)(\/(?:inputs|final_output|streamed_output(?:_str)?\/-))?$/s.exec(path) ?? [];
    const begun = part === undefined ? (first?.value as { id?: string } | undefined)?.id : undefined;
    if (begun !== undefined) this.#logged.set(key, begun);
    const runId = this.#logged.get(key) ?? "";
    if (part === undefined) return this.#runs.about(runId, "start", () => false);
    if (part.startsWith("/streamed_output")) return this.#runs.about(runId, "other", () => false);
    const output = ops.find((op) => op.path === `/logs/${key}/final_output`)?.value;
    return this.#runs.about(runId, "end", () => !this.#failed.has(runId) && wrote(output, this.keys));
  }

  #ofChunk(chunk: unknown): About {
    const { ns, mode } = readChunk(this.layout, chunk);
    return { is: "root-chunk", carries: CARRYING.has(mode), inside: ns.length > 0 };
  }

  /** An event is written: from now on its turn may come. */
  #say(event: object, about: About): void {
    const slot = new Slot(about.is, about.is === "root-chunk" ? this.#told++ : -1);
    this.#slots.set(event, slot);
    this.#hold.say(about, () => slot.free());
    if (about.is === "node-end" && !this.#failed.has(about.node)) this.#goesOn = this.scope.working;
  }

  /** The events, each when its turn came: nobody who writes one waits for that. */
  async *#read(events: AsyncIterable<Told>): AsyncGenerator<Told> {
    for await (const event of events) {
      const slot = this.#slots.get(event);
      if (slot === undefined) continue;
      if (!slot.isFree) await Promise.race([slot.freed, this.#shutting]);
      if (!slot.isFree) continue;
      if (slot.chunk >= 0) this.#left = slot.chunk + 1;
      yield this.#changed(event, slot);
    }
  }

  #changed(event: Told, { is, chunk }: Slot): Told {
    if (this.#transformed === null) return event;
    const { value } = this.#transformed;
    if (is === "root-end")
      return "ops" in event
        ? withValue(event, inLog(value))
        : { ...event, data: { ...event.data, output: inEvent(value) } };
    if (chunk < 0 || chunk !== this.#state) return event;
    const made = writeChunk(this.layout, { ns: [], mode: "values", payload: value });
    return "ops" in event ? withValue(event, made) : { ...event, data: { ...event.data, chunk: made } };
  }
}

/** An event that waits to be read. */
class Slot {
  isFree = false;
  readonly freed: Promise<void>;
  #free: () => void = () => {};

  constructor(
    readonly is: About["is"],
    /** Which chunk of the root's it tells; negative for others. */
    readonly chunk: number,
  ) {
    this.freed = new Promise((resolve) => (this.#free = resolve));
  }

  free(): void {
    this.isFree = true;
    this.#free();
  }
}

/** A new object: what LangChain made is also somebody else's. */
const withValue = (patch: LogPatch, value: unknown): LogPatch =>
  Object.create(patch, { ops: { value: patch.ops.map((op) => ({ ...op, value })), enumerable: true } }) as LogPatch;
