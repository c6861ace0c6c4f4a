import type { Collected } from "@graphtap/kernel";
import type { HealthCheck } from "@graphtap/langgraph";
import { z } from "zod";
import type { HealthReport, Unavailable } from "../keys.js";
import type { HealthAnswer } from "./score.js";

// Any number: what is wrong about a figure is judged where it is used, and a wrong cap is not a missing one.
const figure = z.custom<number>((value) => typeof value === "number", "expected a number");
const absent = <T>(value: T | null | undefined): T | undefined => value ?? undefined;
const checkSchema = z.object({
  id: z.string(),
  status: z.enum(["ok", "degraded", "failing", "unknown"]),
  detail: z.string().nullish().transform(absent),
  indicators: z
    .array(
      z.object({
        id: z.string(),
        title: z.string(),
        objective: figure,
        weight: figure,
        windows: z.array(z.object({ windowMs: figure, good: figure, valid: figure })),
      }),
    )
    .nullish()
    .transform(absent),
  gate: z.object({ cap: figure, reason: z.string() }).nullish().transform(absent),
});

/** What plugins said of their health. One that answers nonsense is not well, and takes nobody else's answer away. */
export interface Checked {
  readonly answers: readonly HealthAnswer[];
  readonly reports: readonly HealthReport[];
  readonly unavailable: readonly Unavailable[];
}

export function checkedAnswers(collected: readonly Collected<HealthCheck>[]): Checked {
  const answers: HealthAnswer[] = [];
  const reports: HealthReport[] = [];
  const unavailable: Unavailable[] = [];
  for (const answer of collected) {
    const { plugin } = answer;
    const check = answer.status === "ok" ? checkOf(answer.value) : null;
    if (check === null) {
      const said = answer.status === "ok" ? "answered health.check with what is none" : "did not answer health.check";
      reports.push({ plugin, id: plugin, status: "failing", detail: said });
      unavailable.push({ plugin, problem: PROBLEMS[answer.status] });
    } else {
      answers.push({ plugin, check });
      reports.push({ plugin, id: check.id, status: check.status, detail: check.detail ?? null });
    }
  }
  return { answers, reports, unavailable };
}

const PROBLEMS = { ok: "not plain data", error: "failed", timeout: "timed out" } as const satisfies Record<
  Collected<HealthCheck>["status"],
  Unavailable["problem"]
>;

function checkOf(value: unknown): HealthCheck | null {
  try {
    const parsed = checkSchema.safeParse(value);
    return parsed.success ? (parsed.data as HealthCheck) : null;
  } catch {
    // A getter that throws.
    return null;
  }
}
