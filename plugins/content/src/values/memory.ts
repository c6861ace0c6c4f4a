import type { Program } from "../detect/program.js";

const TEXT_LIMIT = 65_536;
const TEXTS = 2_000;
const KEYS = 4_096;

interface Remembered {
  readonly content: unknown;
  readonly calls: unknown;
  readonly kwargs: unknown;
}

interface Fields {
  readonly content?: unknown;
  readonly tool_calls?: unknown;
  readonly additional_kwargs?: unknown;
}

/**
 * What one run has looked at with one set of detectors, and found nothing to hide in. A run shows the same messages
 * again with every step: each is looked at once, and what is only flagged is told once.
 */
export class Memory {
  readonly #messages = new WeakMap<object, Remembered>();
  readonly #texts = new Set<string>();
  readonly #told = new WeakSet<object>();

  /** Whether this very message, with what it holds now, was looked at. */
  knows(message: Fields): boolean {
    const known = this.#messages.get(message);
    return (
      known !== undefined &&
      known.content === message.content &&
      known.calls === message.tool_calls &&
      known.kwargs === message.additional_kwargs
    );
  }
  keep(message: Fields): void {
    this.#messages.set(message, {
      content: message.content,
      calls: message.tool_calls,
      kwargs: message.additional_kwargs,
    });
  }

  /** Whether this message was told of as one that has to be hidden; told once, hidden every time. */
  told(message: object): boolean {
    if (this.#told.has(message)) return true;
    this.#told.add(message);
    return false;
  }

  knowsText(text: string): boolean {
    return text.length <= TEXT_LIMIT && this.#texts.has(text);
  }
  keepText(text: string): void {
    if (text.length <= TEXT_LIMIT && this.#texts.size < TEXTS) this.#texts.add(text);
  }

  knowsKey(key: string): boolean {
    return this.#keysOf.has(key);
  }
  keepKey(key: string): void {
    if (this.#keysOf.size < KEYS) this.#keysOf.add(key);
  }

  readonly #keysOf: Set<string>;
  constructor(keys: Set<string>) {
    this.#keysOf = keys;
  }
}

/** The memories of one run, one for each set of detectors. */
export class Memories {
  readonly #by = new Map<Program, Memory>();
  constructor(readonly keys: (program: Program) => Set<string>) {}

  of(program: Program): Memory {
    let memory = this.#by.get(program);
    if (memory === undefined) this.#by.set(program, (memory = new Memory(this.keys(program))));
    return memory;
  }
}
