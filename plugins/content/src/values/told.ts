import { createHash } from "node:crypto";
import type { RunContext } from "@graphtap/langgraph";

/** Texts that are remembered, of all threads; the one that was not met for longest is forgotten. */
const TEXTS = 20_000;

/**
 * Texts in which something was found and told. A run shows its state with every step, and a conversation with every run:
 * what was told of a text is not told again because it is shown again. Kept as hashes.
 */
export class ToldTexts {
  readonly #texts = new Set<string>();

  has(run: RunContext, text: unknown): boolean {
    const key = keyOf(run, text);
    if (!this.#texts.delete(key)) return false;
    this.#texts.add(key);
    return true;
  }

  add(run: RunContext, text: unknown): void {
    this.#texts.add(keyOf(run, text));
    if (this.#texts.size <= TEXTS) return;
    const [oldest] = this.#texts;
    if (oldest !== undefined) this.#texts.delete(oldest);
  }
}

const keyOf = ({ threadId, rootRunId }: RunContext, text: unknown): string =>
  createHash("sha256")
    .update(`${JSON.stringify([threadId ?? rootRunId, threadId === null])}${String(text)}`)
    .digest("base64");
