import type { RunContext, RunEvent } from "@graphtap/langgraph";
import type { TextFilter } from "../detect/sieve.js";
import { textFilter } from "../detect/text.js";
import type { Places } from "../filter.js";
import type { ContentPlace } from "../keys.js";
import { type ChunkLike, isChunk, MessageStream } from "../stream/message.js";

type Open = { readonly message: MessageStream } | { readonly text: TextFilter };

/** Chains, models and tools of one run that stream at a time; what more of them say is not followed, and not shown. */
const OPEN = 1_000;
const NOBODY = (): void => undefined;

/**
 * The events of one run, with everything hidden that they show. Nothing is counted here and nothing fails: a value is
 * told of where it goes in, comes out of a tool or leaves the run, and what a step inside shows is only hidden.
 */
export class ShownEvents {
  readonly #open = new Map<string, Open>();

  constructor(
    readonly places: Places,
    readonly run: RunContext,
  ) {}

  take(event: RunEvent): RunEvent | undefined {
    const { data, phase } = event;
    const shown: Record<string, unknown> = {};
    let before = event.before;
    for (const [key, value] of Object.entries(data)) {
      if (key === "chunk") shown[key] = event.root ? this.#hidden(value, OUT) : this.#chunk(event.id, value);
      else shown[key] = this.#hidden(value, placesOf(event, key));
    }
    if (phase === "end" || phase === "error") before = [...before, ...this.#rest(event.id)];
    const same = Object.entries(data).every(([key, value]) => shown[key] === value);
    return same && before.length === event.before.length ? undefined : { ...event, data: shown, before };
  }

  #hidden(value: unknown, at: readonly ContentPlace[]): unknown {
    return at.reduce((left, place) => this.places.shown(place, left, this.run), value);
  }

  /** A piece of a stream: texts are followed from piece to piece, anything else is looked at by itself. */
  #chunk(id: string, value: unknown): unknown {
    const program = this.places.program("output");
    if (program === null) return value;
    const message = isChunk(value);
    if (!message && typeof value !== "string") return this.#hidden(value, OUT);
    if (message && this.places.memory(this.run, program).knows(value)) return value;
    let open = this.#open.get(id);
    if (open === undefined) {
      if (this.#open.size >= OPEN) return message ? this.#hidden(value, OUT) : "";
      open = message ? { message: new MessageStream(program, NOBODY) } : { text: textFilter(program, NOBODY) };
      this.#open.set(id, open);
    }
    if ("message" in open) return message ? open.message.take(value as ChunkLike) : this.#hidden(value, OUT);
    return message ? this.#hidden(value, OUT) : open.text.push(value as string, false);
  }

  #rest(id: string): readonly unknown[] {
    const open = this.#open.get(id);
    if (open === undefined) return [];
    this.#open.delete(id);
    if ("message" in open) return open.message.end();
    const text = open.text.push("", true);
    return text === "" ? [] : [text];
  }
}

const OUT: readonly ContentPlace[] = ["output"];
const IN: readonly ContentPlace[] = ["input", "output"];
const OF_TOOL: readonly ContentPlace[] = ["toolResult", "output"];

/** What a tool gave back is told before its filter; so is what the caller sent. */
function placesOf({ root, type }: RunEvent, key: string): readonly ContentPlace[] {
  if (key === "input") return root ? IN : OUT;
  return type === "tool" ? OF_TOOL : OUT;
}
