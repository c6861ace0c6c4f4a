import { type CatalogEntry, GraphTapError, problemsOf } from "@graphtap/kernel";
import { DeniedError } from "@graphtap/langgraph";
import type { z } from "zod";
import type { ContentPlace } from "./keys.js";

const entries = {
  CONTENT_BLOCKED: {
    title: "Something was refused because of what it holds",
    why: "A detector with the action block found something, or a value was over a limit of content(), so that nobody can say that it is clean. The reason names detector and place, never the value.",
    do: "Take the value out of the text, or choose another action for that detector at that place: mask hides it, flag only tells.",
    example: 'content({ secrets: { toolArguments: "mask" }, detectors: { email: { output: "allow" } } })',
  },
  CONTENT_QUERY_INVALID: {
    title: "A question to the content service is wrong",
    why: "A filter is unknown, empty or of the wrong type. An empty filter is refused, because it would mean everybody.",
    do: "Leave a filter out to mean all.",
    example: 'stack.get(content).stats({ userId: "alice" });',
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code that this package throws or denies with. */
export type ContentErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<ContentErrorCode, CatalogEntry>> = Object.freeze(entries);

/** A refusal because of a content, as guards and errors tell it. Holds no part of the value. */
export interface Refusal {
  readonly code: "CONTENT_BLOCKED";
  readonly message: string;
  readonly reason: string;
}

const WHAT: Readonly<Record<ContentPlace, string>> = {
  input: "This message holds something that may not be sent. Take it out and send the rest.",
  output: "The answer held something that may not be shown. Answer without it.",
  toolArguments: "The arguments hold something that may not be sent to this tool. Do not retry with it; leave it out.",
  toolResult: "The result held something that may not be shown. Answer without it.",
};

/** The refusal for a detector at a place; `limit` for a value that could not be looked at as a whole. */
export const refusalOf = (detector: string, place: ContentPlace, why?: string): Refusal => ({
  code: "CONTENT_BLOCKED",
  message: WHAT[place],
  reason: `detector "${detector}" at ${place}${why === undefined ? "" : `: ${why}`}`,
});

/** What a developer can do about a refusal. */
export const FIX = entries.CONTENT_BLOCKED.do;

/** The same as an error, where there is no message to carry it. */
export const blockedError = (subject: string, refusal: Refusal, hook: string): DeniedError =>
  new DeniedError(subject, { ...refusal, fix: FIX, plugin: "content", hook });

/** A call of the service with wrong arguments. Names the keys, what was expected and what kind of thing was got; of texts never the content. */
export function queryInvalid(method: string, error: z.ZodError, given: unknown): GraphTapError {
  return new GraphTapError({
    code: "CONTENT_QUERY_INVALID",
    what: `${method}() was given wrong arguments.`,
    why: problemsOf(error, given, null, "argument").join("\n"),
    do: `${entries.CONTENT_QUERY_INVALID.do}\n${entries.CONTENT_QUERY_INVALID.example}`,
    plugin: "content",
  });
}
