import type { Program } from "../detect/program.js";
import type { Sink } from "../detect/sieve.js";
import { textFilter } from "../detect/text.js";
import type { TextFilter } from "../detect/sieve.js";
import type { Piece } from "./messages.js";

/** An event of the protocol that streamEvents v3 is made of. */
interface Event {
  readonly event: string;
  readonly index?: unknown;
  readonly delta?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Block {
  readonly filter: TextFilter;
  readonly piece: Piece;
  readonly field: Field;
  /** Each event repeats the text from its beginning. */
  readonly repeats: boolean;
  /** What came and what left of a text that is repeated. */
  came: string;
  left: string;
}
type Field = "text" | "reasoning" | "args";

const FIELDS: Readonly<Record<string, Field>> = {
  "text-delta": "text",
  "reasoning-delta": "reasoning",
  "tool-call-delta": "args",
};
const BLOCKS = 1_000;

export const isEvent = (value: unknown): value is Event =>
  typeof value === "object" && value !== null && typeof (value as { event?: unknown }).event === "string";

/** The content blocks of one run's messages as events, each text with a filter of its own. */
export class EventBlocks {
  readonly #blocks = new Map<string, Block>();

  constructor(
    readonly program: Program,
    readonly sink: Sink,
    /** What is not a text in pieces is looked at as data. */
    readonly look: (value: unknown) => unknown,
  ) {}

  take(piece: Piece): readonly Piece[] {
    const [event, meta] = piece.payload as readonly [Event, unknown];
    const key = keyOf(piece, event);
    const shown = (changed: unknown): Piece => ({ ns: piece.ns, payload: [changed, meta] });
    if (event.event === "content-block-start" && event.content !== undefined) {
      const field = startField(event.content);
      const text = field === null ? "" : event.content[field];
      if (field === null || typeof text !== "string" || text === "") return [shown(this.look(event))];
      const out = this.#feed(key, piece, field, text, false);
      return [shown({ ...event, content: { ...event.content, [field]: out } })];
    }
    if (event.event === "content-block-delta" && event.delta !== undefined) {
      const { delta } = event;
      const field = FIELDS[String(delta["type"])];
      if (field !== undefined && typeof delta[field] === "string")
        return [shown({ ...event, delta: { ...delta, [field]: this.#feed(key, piece, field, delta[field], false) } })];
      const fields = delta["fields"] as Readonly<Record<string, unknown>> | undefined;
      if (typeof fields?.["args"] === "string") {
        const args = this.#feed(key, piece, "args", fields["args"], true);
        return [shown({ ...event, delta: { ...delta, fields: { ...fields, args } } })];
      }
      return [shown(this.look(event))];
    }
    const before = event.event === "content-block-finish" ? this.#end((one) => one.startsWith(key)) : [];
    return [...before, shown(this.look(event))];
  }

  end(): readonly Piece[] {
    return this.#end(() => true);
  }

  #feed(base: string, piece: Piece, field: Field, text: string, repeats: boolean): string {
    const key = base + field;
    let block = this.#blocks.get(key);
    if (block === undefined) {
      if (this.#blocks.size >= BLOCKS) return "";
      const filter = textFilter(this.program, this.sink);
      this.#blocks.set(key, (block = { filter, piece, field, repeats, came: "", left: "" }));
    }
    if (!block.repeats) return block.filter.push(text, false);
    const more = text.startsWith(block.came) ? text.slice(block.came.length) : text;
    block.came = text;
    block.left += block.filter.push(more, false);
    return block.left;
  }

  #end(over: (key: string) => boolean): readonly Piece[] {
    const rests: Piece[] = [];
    for (const [key, block] of this.#blocks) {
      if (!over(key)) continue;
      this.#blocks.delete(key);
      const rest = block.filter.push("", true);
      if (rest === "") continue;
      const [event, meta] = block.piece.payload as readonly [Event, unknown];
      const delta = block.repeats
        ? { type: "block-delta", fields: { type: "tool_call_chunk", args: block.left + rest } }
        : { type: block.field === "args" ? "tool-call-delta" : `${block.field}-delta`, [block.field]: rest };
      rests.push({ ns: block.piece.ns, payload: [{ event: "content-block-delta", index: event.index, delta }, meta] });
    }
    return rests;
  }
}

function startField(content: Readonly<Record<string, unknown>>): Field | null {
  if (content["type"] === "text") return "text";
  if (content["type"] === "reasoning") return "reasoning";
  return content["type"] === "tool_call_chunk" ? "args" : null;
}

const keyOf = ({ ns, payload: [, meta] }: Piece, { index }: Event): string =>
  JSON.stringify([ns, (meta as { run_id?: unknown } | null)?.run_id ?? null, index ?? null]);
