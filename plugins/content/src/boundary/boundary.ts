import type { RunContext, RunRequest } from "@graphtap/langgraph";
import type { Program } from "../detect/program.js";
import type { Found } from "../detect/sieve.js";
import { blockedError, refusalOf } from "../errors.js";
import type { Places } from "../filter.js";
import type { Report } from "../report.js";
import { cleaned } from "../thrown.js";
import { isChunk } from "../stream/message.js";
import type { Memory } from "../values/memory.js";
import { EventBlocks, isEvent } from "./events.js";
import { type Chunk, layoutOf, type Layout, readChunk, writeChunk } from "./layout.js";
import { OpenMessages, type Piece } from "./messages.js";
import type { ChunkFilter } from "./passing.js";

/** Everything that leaves one run, in every mode: what was filtered where it was made passes, the rest is looked at here. */
export class Boundary implements ChunkFilter {
  readonly #layout: Layout;
  readonly #memory: Memory;
  readonly #report: Report;
  readonly #messages: OpenMessages;
  readonly #events: EventBlocks;

  constructor(
    readonly places: Places,
    program: Program,
    readonly run: RunContext,
    request: RunRequest,
    judged: boolean,
  ) {
    this.#layout = layoutOf(request, judged);
    this.#memory = places.memory(run, program);
    this.#report = places.report("output", run, null, true);
    this.#messages = new OpenMessages(program, this.#report.sink);
    // What is only flagged in events is flagged in the message that they are of.
    const hides = (found: Found): void => (found.action === "flag" ? undefined : this.#report.sink(found));
    this.#events = new EventBlocks(program, hides, (value) => this.#look(value));
  }

  take(raw: unknown): readonly unknown[] {
    const chunk = readChunk(this.#layout, raw);
    if (chunk.mode === "messages" && Array.isArray(chunk.payload) && chunk.payload.length === 2)
      return this.#written(
        this.#pieces({ ns: chunk.ns, payload: chunk.payload as unknown as Piece["payload"] }),
        raw,
        chunk,
      );
    const shown = this.#look(chunk.payload);
    const same = shown === chunk.payload ? raw : writeChunk(this.#layout, { ...chunk, payload: shown });
    const before = chunk.mode === "updates" ? this.#nodesDone(chunk) : [];
    return before.length === 0 ? [same] : [...this.#written(before, null, chunk), same];
  }

  end(): readonly unknown[] {
    const rests = [...this.#messages.end(), ...this.#events.end()];
    this.#check();
    this.#report.done();
    return rests.map(({ ns, payload }) => writeChunk(this.#layout, { ns, mode: "messages", payload }));
  }

  failed(error: unknown): unknown {
    const { run, places } = this;
    const shown = cleaned(error, places.clean("output", run));
    return shown !== null
      ? shown.error
      : blockedError(`the run of "${run.workflow}"`, refusalOf("error", "output"), "run.call");
  }

  #pieces(piece: Piece): readonly Piece[] {
    const [value, meta] = piece.payload;
    if (isEvent(value)) return this.#events.take(piece);
    const before = this.#messages.before(piece);
    if (typeof value === "object" && value !== null && this.#memory.knows(value)) return [...before, piece];
    if (isChunk(value) && isAnswer(value)) return [...before, ...this.#messages.take(piece)];
    const shown = this.#look(value);
    return [...before, shown === value ? piece : { ns: piece.ns, payload: [shown, meta] }];
  }

  #nodesDone({ ns, payload }: Chunk): readonly Piece[] {
    if (typeof payload !== "object" || payload === null) return [];
    const around = (ns ?? []).join("|");
    return Object.keys(payload).flatMap((node) => this.#messages.nodeDone(around, node));
  }

  /** The chunk itself where nothing of it changed. */
  #written(pieces: readonly Piece[], raw: unknown, chunk: Chunk): readonly unknown[] {
    this.#check();
    return pieces.map(({ ns, payload }) =>
      raw !== null && ns === chunk.ns && payload === chunk.payload
        ? raw
        : writeChunk(this.#layout, { ns, mode: "messages", payload }),
    );
  }

  #look(value: unknown): unknown {
    const outcome = this.places.look("output", value, this.run, null, true, { again: true });
    if (outcome.kind === "blocked")
      throw blockedError(`the output of "${this.run.workflow}"`, outcome.refusal, "run.call");
    return outcome.kind === "hidden" ? outcome.value : value;
  }

  #check(): void {
    const { blocked } = this.#report;
    if (blocked === null) return;
    this.#report.done();
    throw blockedError(`the output of "${this.run.workflow}"`, refusalOf(blocked.id, "output"), "run.call");
  }
}

/** Only what a model says comes in pieces. */
const isAnswer = (message: object): boolean =>
  typeof (message as { _getType?: unknown })._getType === "function" &&
  (message as { _getType(): string })._getType() === "ai";
