import { namingKeys } from "@graphtap/values";
import { z } from "zod";
import { CLASSES } from "./entry.js";

const each = <T extends z.ZodType>(one: T) =>
  z.strictObject({ denial: one, change: one, access: one, run: one } satisfies Record<(typeof CLASSES)[number], T>, {
    error: namingKeys(CLASSES, "class"),
  });
const count = z.number().int().positive().max(1_000_000);
const age = z.number().positive().nullable();

/** One value for all classes, or a value for some of them. */
function perClass<T extends z.ZodType>(one: T, standard: z.output<T>, what: string) {
  const all = (value: z.output<T>) => ({ denial: value, change: value, access: value, run: value });
  return z
    .union([one, each(one).partial()], { error: `expected ${what}, or one per class: { ${CLASSES.join(", ")} }` })
    .optional()
    .transform((given): Record<(typeof CLASSES)[number], z.output<T>> => {
      if (given === undefined) return all(standard);
      if (typeof given !== "object" || given === null) return all(given as z.output<T>);
      return { ...all(standard), ...dropUndefined(given) };
    });
}

const dropUndefined = (given: object): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

/** Options of the plugin; the README lists them with units. */
export const options = z.strictObject({
  folder: z.string().min(1).optional(),
  maxEntries: perClass(count, 10_000, "a whole number from 1 to 1,000,000"),
  maxAgeMs: perClass(age, null, "milliseconds above 0, or null"),
  recordRuns: z.boolean().default(true),
  onFailure: z.enum(["count", "deny"]).default("count"),
  segmentBytes: z
    .number()
    .int()
    .min(4_096)
    .max(1_073_741_824)
    .default(16 * 1_048_576),
  maxSegments: z.number().int().min(2).max(10_000).default(64),
  maxWaiting: z.number().int().positive().max(1_000_000).default(10_000),
});
export type AuditOptions = z.output<typeof options>;
