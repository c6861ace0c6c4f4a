import { GraphTapError } from "@graphtap/kernel";
import type { z } from "zod";

interface Explained {
  readonly title: string;
  readonly why: string;
  readonly do: string;
  readonly example?: string;
}

const entries = {
  METRICS_QUERY_INVALID: {
    title: "A question to the metrics service is wrong",
    why: "A filter is unknown, empty or of the wrong type. An empty filter is refused, because it would mean everybody.",
    do: "Leave a filter out to mean all.",
    example: 'stack.get(metrics).report({ hours: 24, userId: "alice" });',
  },
  TRACKING_INVALID: {
    title: "A run tracked by hand was given wrong figures",
    why: "A key is missing, unknown or of the wrong type, a count is negative or no whole number, or userSatisfaction is not between 0 and 1.",
    do: "Correct the call. Runs of a wrapped graph are tracked by themselves.",
    example: "collector.updateWorkflowMetrics(id, { tokenUsage: { openai: 150 }, toolCalls: 2 });",
  },
} as const satisfies Record<string, Explained>;

/** Every code that this package throws. */
export type MetricsErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<MetricsErrorCode, Explained>> = Object.freeze(entries);

/** A call of the service with wrong arguments. Names the keys and what was expected, never the values. */
export function callInvalid(code: MetricsErrorCode, method: string, error: z.ZodError): GraphTapError {
  const why = error.issues.map((issue) => `${issue.path.map(String).join(".") || "argument"}: ${issue.message}`);
  return new GraphTapError({
    code,
    what: `${method}() was given wrong arguments.`,
    why: why.join("\n"),
    do: `${entries[code].do}\n${entries[code].example}`,
    plugin: "metrics",
  });
}
