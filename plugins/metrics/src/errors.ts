import { type CatalogEntry, GraphTapError, problemsOf } from "@graphtap/kernel";
import type { z } from "zod";

const entries = {
  METRICS_OPTIONS_INVALID: {
    title: "A collector without a stack was made with wrong options",
    why: "A key is unknown or of the wrong type, or a bound is no whole number above zero.",
    do: "Correct the call; everything has a default.",
    example: "new WorkflowMetricsCollector({ maxHistory: 1_000 });",
  },
  METRICS_QUERY_INVALID: {
    title: "A question to the metrics service is wrong",
    why: "A filter or an event is unknown, empty or of the wrong type. An empty filter is refused, because it would mean everybody.",
    do: "Leave a filter out to mean all.",
    example: 'stack.get(metrics).report({ hours: 24, userId: "alice" });',
  },
  RATING_INVALID: {
    title: "A rating was not taken",
    why: "The score is not between 0 and 1, a key is unknown or of the wrong type, or the run has 100 raters already.",
    do: "Correct the call; scale stars first: (stars - 1) / 4.",
    example: 'stack.get(metrics).rate(runId, 0.9, { rater: "alice" });',
  },
  TRACKING_INVALID: {
    title: "A run tracked by hand was given wrong figures",
    why: "A key is missing, unknown or of the wrong type, a count is negative or no whole number, or userSatisfaction is not between 0 and 1.",
    do: "Correct the call. Runs of a wrapped graph are tracked by themselves.",
    example: "collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 150 }, toolCalls: 2 });",
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code that this package throws. */
export type MetricsErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<MetricsErrorCode, CatalogEntry>> = Object.freeze(entries);

/** A call of the service with wrong arguments. Names the keys, what was expected and what kind of thing was got; of texts never the content. */
export function callInvalid(code: MetricsErrorCode, method: string, error: z.ZodError, given: unknown): GraphTapError {
  return new GraphTapError({
    code,
    what: `${method}() was given wrong arguments.`,
    why: problemsOf(error, given, null, "argument").join("\n"),
    do: `${entries[code].do}\n${entries[code].example}`,
    plugin: "metrics",
  });
}

export function ratingRefused(): GraphTapError {
  return new GraphTapError({
    code: "RATING_INVALID",
    what: "rate() has no room for another rater of this run.",
    why: "The run has 100 raters already; one who rated may still change the rating.",
    do: entries.RATING_INVALID.do,
    plugin: "metrics",
  });
}
