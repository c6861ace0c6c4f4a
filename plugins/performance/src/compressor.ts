import { type Clock, systemClock } from "@graphtap/kernel";
import type { BaseMessage } from "@langchain/core/messages";
import { assemble, type Budget, type Cut, cutOf, floorOf, leastRoom } from "./compress.js";
import { CompressionCounts, type CompressionStats } from "./compression-stats.js";
import { compressorOptions, messagesIn } from "./given.js";
import { type Layout, layoutOf } from "./layout.js";
import { type AnyMessage, fingerprintOf, MessageCounter } from "./message.js";
import { type Standing, Summaries } from "./summaries.js";
import { summarized, type SummarizePolicy, type Summarizer } from "./summarize.js";
import { summaryOf } from "./summary-message.js";
import { approximateTokens, type TextCounter } from "./tokens.js";

/** Options of {@link StateCompressor}. All sizes in tokens. */
export interface CompressorOptions {
  /** What a model may be sent at most. */
  readonly maxTokens: number;
  /** What a cut aims at, so that not every message needs a new one. Default three quarters of `maxTokens`. */
  readonly keepTokens?: number | undefined;
  /** What a summary may take. Default a tenth of `maxTokens`, from 64 to 1,000. */
  readonly summaryTokens?: number | undefined;
  /** Makes a summary of what is left out. Default: none, only a note of how many messages are missing. */
  readonly summarize?: Summarizer | undefined;
  /** Milliseconds for a summary. Default 5,000, at most 9,000: the hook it runs in has 10 seconds. */
  readonly summaryTimeoutMs?: number | undefined;
  /** Which messages are always kept. Default: those with `additional_kwargs.pinned === true`. */
  readonly pinned?: ((message: BaseMessage) => boolean) | undefined;
  /** Counts a text exactly. Default: an approximation by classes of characters. */
  readonly countTokens?: TextCounter | undefined;
  /** If what is always kept is too large: cut long texts of the last step (default), or COMPRESSION_FLOOR. */
  readonly overflow?: "truncate" | "error" | undefined;
  /** Messages remembered as left out, over all conversations. Default 200,000. */
  readonly maxRemembered?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A conversation within its budget. */
export interface Compressed {
  /** The very list that was given, if nothing had to change. */
  readonly messages: readonly BaseMessage[];
  readonly changed: boolean;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** Messages left out now, and those that earlier summaries in the conversation stand for. */
  readonly dropped: number;
  /** Messages that stay in a shorter form. */
  readonly clipped: number;
  /** `new`: the summariser was asked; `kept`: what is known of this conversation was used; `none`: a note, or nothing. */
  readonly summary: "new" | "kept" | "none";
}

/** About one call. */
export interface CompressRequest {
  /** Whose conversation it is: what is remembered of one is never used for another's. */
  readonly scope?: string | undefined;
  /** Tokens of the budget that are taken already: schemas of tools. Default 0. */
  readonly reserved?: number | undefined;
}

const isPinned = (message: BaseMessage): boolean => (message as AnyMessage).additional_kwargs?.["pinned"] === true;

/**
 * Brings a conversation under a token budget. System messages, pinned ones, the last question and the step that waits
 * for an answer stay; calls and their results stay or go together; the rest goes from the oldest on, and a summary or a
 * note stands in its place. What fits is not touched.
 *
 * @throws GraphTapError COMPRESSION_OPTIONS_INVALID
 * @example
 * const compressor = new StateCompressor({ maxTokens: 8_000, summarize: async ({ previous, messages }) => "..." });
 * const { messages } = await compressor.compress(state.messages);
 */
export class StateCompressor {
  readonly #budget: Budget;
  readonly #counter: MessageCounter;
  readonly #pinned: (message: BaseMessage) => boolean;
  readonly #policy: SummarizePolicy | null;
  readonly #summaries: Summaries;
  readonly #clock: Clock;
  readonly #counts = new CompressionCounts();

  constructor(options: CompressorOptions) {
    const { maxTokens, overflow, summaryTimeoutMs, maxRemembered, ...given } = compressorOptions(options);
    const { keepTokens = Math.max(1, Math.floor(maxTokens * 0.75)), countTokens = approximateTokens } = given;
    const { summaryTokens = Math.min(1_000, Math.max(64, Math.floor(maxTokens / 10))) } = given;
    const { summarize, pinned = isPinned, clock = systemClock } = options;
    this.#budget = { maxTokens, keepTokens, summaryTokens, overflow };
    this.#clock = clock;
    this.#counter = new MessageCounter(countTokens);
    this.#pinned = pinned;
    this.#policy =
      summarize === undefined
        ? null
        : {
            summarize,
            timeoutMs: summaryTimeoutMs,
            partTokens: Math.ceil(maxTokens * 0.6),
            maxTokens: summaryTokens,
            clock,
          };
    this.#summaries = new Summaries(maxRemembered);
  }

  get maxTokens(): number {
    return this.#budget.maxTokens;
  }

  /** Tokens of messages, as they are reckoned here. */
  countTokens(messages: readonly BaseMessage[]): number {
    return this.#counter.total(messages);
  }

  /** Tokens of the schemas of bound tools. */
  countTools(tools: unknown): number {
    return this.#counter.tools(tools);
  }

  /** Whether a conversation is within the budget as it is. */
  fits(messages: readonly BaseMessage[], reserved = 0): boolean {
    return this.#counter.total(messages) <= this.#within(reserved).maxTokens;
  }

  /**
   * The conversation in at most `maxTokens`. The same conversation gives the same result for as long as it is
   * remembered.
   *
   * @throws GraphTapError COMPRESSION_FLOOR, COMPRESSION_OPTIONS_INVALID
   */
  async compress(given: readonly BaseMessage[], request: CompressRequest = {}): Promise<Compressed> {
    const messages = messagesIn(given);
    const tokensBefore = this.#counter.total(messages);
    const budget = this.#within(request.reserved ?? 0);
    if (tokensBefore <= budget.maxTokens) return unchanged(messages, tokensBefore);
    try {
      const done = await this.#compress(messages, budget, request.scope ?? "", tokensBefore);
      this.#counts.add(done);
      return done;
    } catch (error) {
      this.#counts.overflowed(this.#clock.now());
      throw error;
    }
  }

  /** Figures since it was made. */
  stats(): CompressionStats {
    return this.#counts.stats(this.#budget.maxTokens, this.#summaries.size);
  }

  /** Forgets what was left out of which conversation. */
  clear(): void {
    this.#summaries.clear();
  }

  #within(reserved: number): Budget {
    const { maxTokens, keepTokens, summaryTokens } = this.#budget;
    const left = Math.max(0, maxTokens - reserved);
    return { ...this.#budget, maxTokens: left, keepTokens: Math.floor((keepTokens / maxTokens) * left), summaryTokens };
  }

  async #compress(
    messages: readonly BaseMessage[],
    budget: Budget,
    scope: string,
    tokensBefore: number,
  ): Promise<Compressed> {
    const layout = layoutOf(messages, this.#counter, this.#pinned);
    const prints = printsOf(messages);
    const conversation = `${scope.length}:${scope}${prints[layout.pieces.findIndex(({ kind }) => kind !== "system")] ?? ""}`;
    const known = this.#summaries.of(conversation).filter(({ covered }) => covers(layout, prints, covered));
    for (const standing of known) {
      const again = this.#again(layout, prints, standing, budget);
      if (again !== null) return this.#result(again, standing, tokensBefore, standing.text === null ? "none" : "kept");
    }
    const cut = cutOf(layout, budget, this.#counter);
    const { standing, isNew } = await this.#standing(cut, prints, known);
    if (cut.dropped.length > 0) this.#summaries.add(conversation, standing);
    return this.#result(cut, standing, tokensBefore, isNew ? "new" : standing.text === null ? "none" : "kept");
  }

  /** The cut that was made before, if the conversation still fits with it. */
  #again(
    layout: Layout,
    prints: readonly string[],
    { covered, text, messages, room }: Standing,
    budget: Budget,
  ): Cut | null {
    const dropped = [...prints.keys()].filter(
      (index) => covered.has(prints[index] as string) || layout.pieces[index]?.kind === "orphan",
    );
    const gone = new Set(dropped);
    const rest = layout.pieces.filter((_piece, index) => !gone.has(index));
    const first = rest.find(({ kind }) => kind !== "system" && kind !== "pinned");
    if (rest.some(({ kind }) => kind === "summary") || (first !== undefined && first.message.type !== "human"))
      return null;
    const kept = rest.reduce((sum, { tokens }) => sum + tokens, 0);
    const cut: Cut = { layout, dropped, clipped: new Map(), room };
    // Whole or not at all: with ever less room it would be cut shorter at each message.
    const tokens = this.#counter.total(assemble(cut, { text, messages }, this.#counter));
    return tokens <= budget.maxTokens && (tokens > kept || text === null) ? cut : null;
  }

  /** What stands for the messages of a cut: the old summary and what is left out beyond it, or the old one alone. */
  async #standing(
    { layout, dropped, room }: Cut,
    prints: readonly string[],
    known: readonly Standing[],
  ): Promise<{ readonly standing: Standing; readonly isNew: boolean }> {
    const covered = new Set(dropped.map((index) => prints[index] as string));
    const base = known
      .filter(({ text, told }) => text !== null && [...told].every((print) => covered.has(print)))
      .toSorted((a, b) => b.told.size - a.told.size)[0];
    const pieces = dropped.map((index) => layout.pieces[index]).filter((piece) => piece !== undefined);
    const inside = pieces.flatMap(({ message }) => summaryOf(message) ?? []);
    const counted = pieces.length - inside.length + inside.reduce((sum, { messages }) => sum + messages, 0);
    const earlier = inside.map(({ text }) => text).filter((text) => text !== "");
    const previous = base?.text ?? (earlier.length === 0 ? null : earlier.join("\n"));
    const fallback: Standing = { covered, told: base?.told ?? new Set(), text: previous, messages: counted, room };
    const fresh = dropped.filter((index) => {
      const { message, kind } = layout.pieces[index] as Layout["pieces"][number];
      return kind !== "orphan" && summaryOf(message) === null && base?.told.has(prints[index] as string) !== true;
    });
    if (this.#policy === null || fresh.length === 0 || room < leastRoom(this.#counter))
      return { standing: fallback, isNew: false };
    const list = fresh.map((index) => layout.pieces[index]?.message as BaseMessage);
    const answer = await summarized(previous, list, this.#policy, this.#counter);
    this.#counts.summarized(answer);
    return answer.ok
      ? { standing: { covered, told: covered, text: answer.text, messages: counted, room }, isNew: true }
      : { standing: fallback, isNew: false };
  }

  #result(cut: Cut, standing: Standing, tokensBefore: number, summary: Compressed["summary"]): Compressed {
    const messages = assemble(cut, standing, this.#counter);
    return {
      messages,
      changed: true,
      tokensBefore,
      tokensAfter: this.#counter.total(messages),
      dropped: cut.dropped.length === 0 ? 0 : standing.messages,
      clipped: cut.clipped.size,
      summary: cut.dropped.length === 0 ? "none" : summary,
    };
  }
}

const unchanged = (messages: readonly BaseMessage[], tokens: number): Compressed => ({
  messages,
  changed: false,
  tokensBefore: tokens,
  tokensAfter: tokens,
  dropped: 0,
  clipped: 0,
  summary: "none",
});

/** Prints of messages; the second of two that say the same has another one. */
function printsOf(messages: readonly BaseMessage[]): readonly string[] {
  const seen = new Map<string, number>();
  return messages.map((message) => {
    const print = fingerprintOf(message);
    const times = seen.get(print) ?? 0;
    seen.set(print, times + 1);
    return times === 0 ? print : `${print}#${times}`;
  });
}

/** Whether all of these are still there to be left out: whole groups, and nothing that has to stay. */
function covers(layout: Layout, prints: readonly string[], covered: ReadonlySet<string>): boolean {
  const floor = floorOf(layout);
  let found = 0;
  for (const [index, print] of prints.entries()) {
    if (!covered.has(print)) continue;
    if (floor.has(index)) return false;
    found++;
  }
  if (found !== covered.size) return false;
  return [...layout.groups.values()].every(
    (members) => new Set(members.map((index) => covered.has(prints[index] as string))).size === 1,
  );
}
