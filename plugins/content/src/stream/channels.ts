import type { Program } from "../detect/program.js";
import type { Sink, TextFilter } from "../detect/sieve.js";
import { textFilter } from "../detect/text.js";

/** One step of the way to a text in a chunk: the name of a field, or what tells an element of a list from the others. */
export type Step = string | Readonly<Record<string, unknown>>;

interface Channel {
  readonly filter: TextFilter;
  readonly path: readonly Step[];
}

/** A text that was held back to the end, and where it belongs. */
export interface Rest {
  readonly path: readonly Step[];
  readonly text: string;
}

/** How many texts of one stream are told apart; a stream with more of them is not one that a model gives. */
const CHANNELS = 1_000;

/** The texts of one stream, each with a filter of its own. */
export class Channels {
  readonly #open = new Map<string, Channel>();

  constructor(
    readonly program: Program,
    readonly sink: Sink,
  ) {}

  /** Characters that are held back in all of them. */
  get held(): number {
    let held = 0;
    for (const { filter } of this.#open.values()) held += filter.held;
    return held;
  }

  /** Takes a piece of a text in; gives what may leave. */
  feed(key: string, path: readonly Step[], piece: string): string {
    let channel = this.#open.get(key);
    if (channel === undefined) {
      if (this.#open.size >= CHANNELS) return "";
      this.#open.set(key, (channel = { filter: textFilter(this.program, this.sink), path: [...path] }));
    }
    return channel.filter.push(piece, false);
  }

  /** The texts are at their end: all, or those whose key begins so. */
  end(prefix = ""): readonly Rest[] {
    const rests: Rest[] = [];
    for (const [key, { filter, path }] of this.#open) {
      if (!key.startsWith(prefix)) continue;
      this.#open.delete(key);
      const text = filter.push("", true);
      if (text !== "") rests.push({ path, text });
    }
    return rests;
  }
}
