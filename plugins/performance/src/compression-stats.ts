import type { Compressed } from "./compressor.js";
import type { Summarized, SummaryFailure } from "./summarize.js";

/** What a compressor did since it was made. */
export interface CompressionStats {
  readonly maxTokens: number;
  /** Conversations that were too large and were brought under the budget. */
  readonly compressed: number;
  /** Conversations that could not be (COMPRESSION_FLOOR). */
  readonly overflows: number;
  /** Epoch milliseconds; null: never. */
  readonly lastOverflowAt: number | null;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** Messages left out, added up over all calls. */
  readonly dropped: number;
  readonly clipped: number;
  readonly summaries: {
    readonly made: number;
    /** Calls that used a summary made before. */
    readonly reused: number;
    readonly failed: Readonly<Record<SummaryFailure, number>>;
  };
  /** Conversations of which it is remembered what was left out. */
  readonly remembered: number;
}

/** Counts of one compressor. */
export class CompressionCounts {
  #overflows = 0;
  #lastOverflowAt: number | null = null;
  #compressed = 0;
  #before = 0;
  #after = 0;
  #dropped = 0;
  #clipped = 0;
  #made = 0;
  #reused = 0;
  readonly #failed: Record<SummaryFailure, number> = { error: 0, timeout: 0, empty: 0 };

  add({ tokensBefore, tokensAfter, dropped, clipped, summary }: Compressed): void {
    this.#compressed++;
    this.#before += tokensBefore;
    this.#after += tokensAfter;
    this.#dropped += dropped;
    this.#clipped += clipped;
    if (summary === "kept") this.#reused++;
  }

  overflowed(at: number): void {
    this.#overflows++;
    this.#lastOverflowAt = at;
  }

  summarized(answer: Summarized): void {
    if (answer.ok) this.#made++;
    else this.#failed[answer.failure]++;
  }

  stats(maxTokens: number, remembered: number): CompressionStats {
    return {
      maxTokens,
      compressed: this.#compressed,
      overflows: this.#overflows,
      lastOverflowAt: this.#lastOverflowAt,
      tokensBefore: this.#before,
      tokensAfter: this.#after,
      dropped: this.#dropped,
      clipped: this.#clipped,
      summaries: { made: this.#made, reused: this.#reused, failed: { ...this.#failed } },
      remembered,
    };
  }
}
