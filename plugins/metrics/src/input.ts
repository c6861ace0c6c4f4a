import { z } from "zod";
import { ValuesError } from "@graphtap/values";
import { copyOf } from "./configs.js";
import type { MetricsEvents } from "./live.js";
import type { Filter } from "./window.js";

/** What a report or statistics are about; leave a filter out to mean all. */
export interface MetricsQuery extends Filter {
  /** Hours back from now; runs that started since. Default 24. */
  readonly hours?: number | undefined;
}

/** What {@link WorkflowMetricsCollector.startWorkflowTracking} takes. */
export interface TrackingStart {
  readonly workflowType: string;
  readonly userId?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly providerName?: string | undefined;
  readonly modelName?: string | undefined;
  /** Configuration of the workflow, copied as it is now; functions and class instances are kept by name only. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/** What {@link WorkflowMetricsCollector.updateWorkflowMetrics} takes. */
export interface TrackingUpdate {
  /** Tokens by provider; added to what is there. */
  readonly tokenUsage?: Readonly<Record<string, number>> | undefined;
  /** Tool calls; added. */
  readonly toolCalls?: number | undefined;
  /** Size of what was retrieved, in the unit of your choice; replaces. */
  readonly retrievalContextSize?: number | undefined;
  /** Megabytes; replaces. */
  readonly memoryUsageMb?: number | undefined;
  /** Something failed. Counted once per error, and only its class and code are kept. */
  readonly error?: unknown;
}

/** What {@link WorkflowMetricsCollector.finishWorkflowTracking} takes. */
export interface TrackingFinish {
  /** 0 to 1. */
  readonly userSatisfaction?: number | undefined;
}

/** What {@link WorkflowMetricsCollector.getRecentErrors} takes. */
export interface ErrorsQuery extends MetricsQuery {
  /** Most failures given, newest first. Default 10, at most 1,000. */
  readonly limit?: number | undefined;
}

/** What {@link WorkflowMetricsCollector.rate} takes beside the score. */
export interface RatingInput {
  /** Who rates. Default: the user of the run, else `anonymous`. */
  readonly rater?: string | undefined;
  /** At most 16. */
  readonly tags?: readonly string[] | undefined;
  /** At most 1,000 characters. */
  readonly comment?: string | undefined;
}

const id = z.string().min(1).max(512);
const name = z.string().min(1).max(256);
const amount = z.number().int().nonnegative();
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const query = z.strictObject({
  hours: z.number().positive().default(24),
  userId: id.optional(),
  tenantId: id.nullable().optional(),
  workflowType: name.optional(),
});
export const querySchema = query.prefault({});
export const errorsSchema = query.extend({ limit: z.number().int().positive().max(1_000).default(10) }).prefault({});

export const listenSchema = z.strictObject({
  event: z.enum(["run.started", "run.ended", "failure", "rated"] satisfies (keyof MetricsEvents)[]),
  listener: z.custom((value) => typeof value === "function", "expected a function"),
});

export const ratingSchema = z.strictObject({
  score: z.number().min(0).max(1),
  rater: id.optional(),
  tags: z.array(z.string().min(1).max(64)).max(16).default([]),
  comment: z.string().max(1_000).optional(),
});

const config = z.custom<Readonly<Record<string, unknown>>>(isObject, "expected an object").transform((given, ctx) => {
  try {
    return copyOf(given);
  } catch (error) {
    if (!ValuesError.isInstance(error)) throw error;
    ctx.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

export const startSchema = z.strictObject({
  workflowType: name,
  userId: id.optional(),
  tenantId: id.optional(),
  conversationId: id.optional(),
  providerName: name.optional(),
  modelName: name.optional(),
  config: config.optional(),
});

// Not z.record: it builds an object, where a provider called "__proto__" would lose its tokens.
const tokenUsage = z
  .custom<Readonly<Record<string, number>>>(isObject, "expected tokens by provider")
  .transform((given, ctx) => {
    const entries = Object.entries(given);
    for (const [provider, tokens] of entries) {
      const problems = [name.safeParse(provider), amount.safeParse(tokens)].flatMap((r) => r.error?.issues ?? []);
      for (const { message } of problems) ctx.addIssue({ code: "custom", path: [provider], message });
    }
    return entries;
  });

export const updateSchema = z.strictObject({
  tokenUsage: tokenUsage.optional(),
  toolCalls: amount.optional(),
  retrievalContextSize: z.number().nonnegative().optional(),
  memoryUsageMb: z.number().nonnegative().optional(),
  error: z.unknown().optional(),
});

export const finishSchema = z.strictObject({ userSatisfaction: z.number().min(0).max(1).optional() }).prefault({});
