import { z } from "zod";

/** How much a collector keeps. */
export const bounds = {
  maxHistory: z.number().int().positive().max(1_000_000).default(10_000),
  maxActive: z.number().int().positive().max(1_000_000).default(10_000),
  maxSeries: z.number().int().positive().max(100_000).default(500),
};

/** Options of the plugin; the README lists them with units. */
export const options = z.strictObject({
  ...bounds,
  retrievalNodes: z.array(z.string().min(1)).max(100).default(["retrieve"]),
  latencyTargetMs: z.number().positive().optional(),
});
