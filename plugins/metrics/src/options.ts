import { z } from "zod";

/** Options of the plugin; the README lists them with units. */
export const options = z.strictObject({
  maxHistory: z.number().int().positive().max(1_000_000).default(10_000),
  maxActive: z.number().int().positive().max(1_000_000).default(10_000),
});
