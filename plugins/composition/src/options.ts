import { z } from "zod";

const ms = z.number().int().positive().max(86_400_000);

/** Options of the plugin; the README lists them with units. */
export const options = z.strictObject({
  timeoutMs: ms.optional(),
  memberTimeoutMs: ms.optional(),
  maxConcurrency: z.number().int().positive().max(1_000).default(16),
  maxMembers: z.number().int().positive().max(1_000).default(64),
  maxTemplates: z.number().int().positive().max(10_000).default(256),
});

/** Limits of composites where they say nothing themselves. */
export type CompositionLimits = z.output<typeof options>;
