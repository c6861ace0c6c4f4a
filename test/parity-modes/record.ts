import type { RunContext, Usage } from "@graphtap/langgraph";

/** Whether the stack was given the model, or sees it through callbacks only. */
export type Model = "governed" | "observed";

/** One firing of an observer hook, as plain data: a server writes it to a file, a test compares it. */
export interface Line {
  readonly hook: string;
  /** Node or tool; null for runs and models. */
  readonly subject: string | null;
  readonly status: string | null;
  readonly code: string | null;
  readonly late: boolean;
  /** Pairs the start of a node attempt, model call or tool call with its end. */
  readonly id: string;
  readonly runId: string;
  readonly threadId: string | null;
  readonly resumedFrom: string | null;
  readonly principal: string | null;
  readonly workflow: string;
  readonly usage: Usage | null;
  readonly coverage: string | null;
  readonly streaming: boolean | null;
}

/** Reads a firing; anything a hook does not carry is null. */
export function lineOf(hook: string, value: unknown, context: RunContext | undefined): Line {
  const event = value as Partial<Record<string, unknown>>;
  const text = (key: string): string | null => (typeof event[key] === "string" ? event[key] : null);
  return {
    hook,
    subject: hook.startsWith("run.") || hook.startsWith("model.") ? null : text("name"),
    status: text("status"),
    code: text("code"),
    late: event["late"] === true,
    id: text("modelCallId") ?? text("executionId") ?? `${context?.taskId}#${context?.attempt}`,
    runId: context?.runId ?? "",
    threadId: context?.threadId ?? null,
    resumedFrom: context?.resumedFrom ?? null,
    principal: context?.principal?.label ?? null,
    workflow: context?.workflow ?? "",
    usage: (event["usage"] ?? null) as Usage | null,
    coverage: text("coverage"),
    streaming: typeof event["streaming"] === "boolean" ? event["streaming"] : null,
  };
}

/** A line as the golden orders write it: `tool.end search ok`, `run.end cancelled ABORTED`, `node.end tools ok late`. */
export const label = ({ hook, subject, status, code, late }: Line): string =>
  [hook, subject, status, code, late ? "late" : null].filter((part) => part !== null).join(" ");

/** The lines of each run, in order of the runs' starts. */
export function byRun(lines: readonly Line[]): readonly (readonly Line[])[] {
  const runs = new Map<string, Line[]>();
  for (const line of lines) {
    const known = runs.get(line.runId);
    if (known === undefined) runs.set(line.runId, [line]);
    else known.push(line);
  }
  return [...runs.values()];
}
