import type { Channels, Step } from "./channels.js";

/** Fields that are repeated or replaced by later pieces, not continued. */
const NAMES = new Set([
  "id", "type", "index", "name", "role", "status", "model", "model_name", "model_provider", "format", "mime_type", "mimeType",
  "finish_reason", "output_version", "tool_call_id", "call_id", "source_type", "signature", "encrypted_content",
]); // prettier-ignore
const ELEMENT_NAMES = ["index", "type", "id"] as const;
const DEPTH = 16;

/** What is in one piece of a message, with every text in it led through its channel. */
export class Pieces {
  /** Some text was among it, so something may be held back. */
  carried = false;

  constructor(readonly channels: Channels) {}

  /** The value with what may leave of its texts; the same object where that is all of it. */
  filtered(value: unknown, key: string, path: readonly Step[]): unknown {
    if (typeof value === "string") return this.#text(value, key, path);
    if (typeof value !== "object" || value === null) return value;
    // What is nested deeper than any provider does it cannot be followed, and so does not leave.
    if (path.length > DEPTH) return null;
    return Array.isArray(value) ? this.#list(value, key, path) : this.#fields(value, key, path);
  }

  #text(text: string, key: string, path: readonly Step[]): string {
    if (text === "") return text;
    this.carried = true;
    return this.channels.feed(key, path, text);
  }

  #list(list: readonly unknown[], key: string, path: readonly Step[]): unknown {
    let copy: unknown[] | null = null;
    for (const [position, item] of list.entries()) {
      const element = namesOf(item, position);
      const shown = this.filtered(item, `${key}[${numberOf(element, position)}]`, [...path, element]);
      if (shown !== item) (copy ??= [...list])[position] = shown;
    }
    return copy ?? list;
  }

  #fields(fields: object, key: string, path: readonly Step[]): unknown {
    let copy: Record<string, unknown> | null = null;
    for (const [name, part] of Object.entries(fields)) {
      if (NAMES.has(name) && typeof part === "string") continue;
      const shown = this.filtered(part, `${key}.${name}`, [...path, name]);
      if (shown !== part) (copy ??= { ...fields } as Record<string, unknown>)[name] = shown;
    }
    return copy ?? fields;
  }
}

/** By which number pieces of one element are told from those of another. */
function numberOf(element: object, position: number): string {
  const { index } = element as { index?: unknown };
  return typeof index === "number" || typeof index === "string" ? String(index) : String(position);
}

/** What later pieces of the same element are told by. */
function namesOf(item: unknown, position: number): Record<string, unknown> {
  if (typeof item !== "object" || item === null) return { index: position };
  const names: Record<string, unknown> = {};
  for (const name of ELEMENT_NAMES) if (name in item) names[name] = (item as Record<string, unknown>)[name];
  return names;
}

/** A piece of a message that holds one text at its place. */
export function pieceWith(path: readonly Step[], text: string): Record<string, unknown> {
  let piece: unknown = text;
  for (const step of [...path].reverse())
    piece = typeof step === "string" ? { [step]: piece } : [typeof piece === "object" ? { ...step, ...piece } : piece];
  return piece as Record<string, unknown>;
}
