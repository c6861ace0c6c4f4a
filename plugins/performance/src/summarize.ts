import type { Clock } from "@graphtap/kernel";
import { getContextVariable, setContextVariable } from "@langchain/core/context";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { BaseMessage } from "@langchain/core/messages";
import { clipMessage } from "./clip.js";
import type { MessageCounter } from "./message.js";

/** What a summariser is asked. */
export interface SummaryRequest {
  /** The summary so far, which the new one must include; null at the first time. */
  readonly previous: string | null;
  /** What is left out now, oldest first. */
  readonly messages: readonly BaseMessage[];
  /** A longer answer is cut. */
  readonly maxTokens: number;
  /** Aborted when the time is over; the answer is not waited for any longer. */
  readonly signal: AbortSignal;
}

/** Gives the text of a summary. */
export type Summarizer = (request: SummaryRequest) => string | Promise<string>;

/** Why there is no summary. */
export type SummaryFailure = "error" | "timeout" | "empty";
export type Summarized =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly failure: SummaryFailure; readonly error: unknown };

/** How a summariser is asked. */
export interface SummarizePolicy {
  readonly summarize: Summarizer;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  /** Tokens of messages per question: no more is put before a summariser at once. */
  readonly partTokens: number;
  readonly maxTokens: number;
  readonly clock: Clock;
}

const ASKING = "graphtap.performance.summarizing";

/** Whether a summariser is at work here: its own model calls are not compressed, or there would be no end to it. */
export const isSummarizing = (): boolean => getContextVariable(ASKING) === true;

function* partsOf(messages: readonly BaseMessage[], partTokens: number, counter: MessageCounter) {
  let part: BaseMessage[] = [];
  let tokens = 0;
  for (const message of messages) {
    const short = clipMessage(message, partTokens, counter);
    const size = counter.count(short);
    if (part.length > 0 && tokens + size > partTokens) {
      yield part;
      part = [];
      tokens = 0;
    }
    part.push(short);
    tokens += size;
  }
  if (part.length > 0) yield part;
}

/**
 * Asks a summariser, in parts if there is much, each with the summary of the parts before it. Never throws, and what a
 * summariser throws never becomes a summary.
 */
export async function summarized(
  previous: string | null,
  messages: readonly BaseMessage[],
  policy: SummarizePolicy,
  counter: MessageCounter,
): Promise<Summarized> {
  const { summarize, timeoutMs, partTokens, maxTokens, clock } = policy;
  const stop = new AbortController();
  let timer: ReturnType<Clock["setTimeout"]> | null = null;
  const late = new Promise<Summarized>((resolve) => {
    timer = clock.setTimeout(() => {
      stop.abort(new Error(`the summary took longer than ${timeoutMs} ms`));
      resolve({ ok: false, failure: "timeout", error: stop.signal.reason });
    }, timeoutMs);
  });
  const asked = async (): Promise<Summarized> => {
    let text = previous;
    for (const part of partsOf(messages, partTokens, counter)) {
      const answer: unknown = await summarize({ previous: text, messages: part, maxTokens, signal: stop.signal });
      if (typeof answer !== "string" || answer.trim() === "") return { ok: false, failure: "empty", error: null };
      text = answer;
    }
    return text === null ? { ok: false, failure: "empty", error: null } : { ok: true, text };
  };
  try {
    // Outside the run's callbacks: the words of a summary must not come out of the run's own stream.
    const quiet = AsyncLocalStorageProviderSingleton.getInstance().run(undefined, () => {
      setContextVariable(ASKING, true);
      return asked();
    });
    return await Promise.race([quiet, late]);
  } catch (error) {
    return { ok: false, failure: "error", error };
  } finally {
    if (timer !== null) clock.clearTimeout(timer);
  }
}
