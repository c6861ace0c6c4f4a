import { z } from "zod";
import { isPlainObject } from "@graphtap/values";
import { REQUIRED_LEVELS } from "./levels.js";
import type { ToolRule } from "./rules.js";

const rule = z.strictObject({ level: z.enum(REQUIRED_LEVELS).optional() });

// Not z.record: it builds an object, where a tool called "__proto__" would silently lose its rule.
const tools = z
  .custom<Readonly<Record<string, ToolRule>>>(isPlainObject, "expected an object of tool names")
  .transform((given, ctx) => {
    const rules = new Map<string, ToolRule>();
    for (const [name, value] of Object.entries(given)) {
      const parsed = rule.safeParse(value);
      if (parsed.success) rules.set(name, parsed.data);
      else
        for (const issue of parsed.error.issues)
          ctx.addIssue({ code: "custom", path: [name, ...issue.path], message: issue.message });
    }
    return rules as ReadonlyMap<string, ToolRule>;
  });

/** Options of the plugin; the README lists them with units. */
export const options = z.strictObject({
  tools: tools.optional(),
  defaultLevel: z.enum(REQUIRED_LEVELS).default("write"),
  maxGrants: z.number().int().positive().max(10_000_000).default(100_000),
  maxAuditEntries: z.number().int().positive().max(1_000_000).default(10_000),
});
