import { LRUCache } from "lru-cache";

/** What stands in for messages that were left out of one conversation. */
export interface Standing {
  /** Prints of the messages it stands for. */
  readonly covered: ReadonlySet<string>;
  /** Prints of those that `text` tells of: fewer, where a summary failed. */
  readonly told: ReadonlySet<string>;
  /** Null: no summary, only the number of messages. */
  readonly text: string | null;
  /** Messages, those of summaries found in the conversation included. */
  readonly messages: number;
  /** Tokens that the text had: with more or less of them it would be cut elsewhere. */
  readonly room: number;
}

/** Cuts of one conversation that are remembered: forks and retries come back to an earlier one. */
const PER_CONVERSATION = 4;

/**
 * Remembers what was left out of which conversation, by what its messages say. The same conversation is cut in the same
 * place again, so that a retry sends what the first attempt sent and a provider's prompt cache is of use.
 */
export class Summaries {
  readonly #known: LRUCache<string, readonly Standing[]>;

  /** @param maxMessages prints kept over all conversations; the conversation that was not seen longest goes first. */
  constructor(maxMessages: number) {
    this.#known = new LRUCache({
      maxSize: maxMessages,
      sizeCalculation: (list) => list.reduce((size, { covered }) => size + covered.size, 1),
    });
  }

  /** Conversations that something is known of. */
  get size(): number {
    return this.#known.size;
  }

  /** Newest first. */
  of(conversation: string): readonly Standing[] {
    return this.#known.get(conversation) ?? [];
  }

  add(conversation: string, standing: Standing): void {
    const list = this.#known.get(conversation) ?? [];
    const size = standing.covered.size * (list.length + 1);
    // A very long conversation has room for its last cut alone.
    const kept = size < this.#known.maxSize ? list.slice(0, PER_CONVERSATION - 1) : [];
    this.#known.set(conversation, [standing, ...kept]);
  }

  clear(): void {
    this.#known.clear();
  }
}
