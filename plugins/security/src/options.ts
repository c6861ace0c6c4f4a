import { z } from "zod";
import { isPlainObject, namingKeys } from "@graphtap/values";
import { type RateLimitInput, rateLimitSchema } from "./input.js";
import { LOOP_DEFAULTS } from "./loop.js";
import { REQUIRED_LEVELS, type RequiredLevel } from "./levels.js";
import type { Rule } from "./rules.js";

/** What the host declares about one tool. */
export interface ToolRule {
  /** Level a caller needs. Default: the tool's own metadata, else `defaultLevel`. */
  readonly level?: RequiredLevel | undefined;
  /** How to tell which method a call is: the name of an argument, or a function of the parsed arguments. */
  readonly method?: string | ((args: never) => unknown) | undefined;
  /** Level per method. A method that is not listed needs the highest of these and of `level`. */
  readonly methods?: Readonly<Record<string, RequiredLevel>> | undefined;
  /** For everybody who calls it, each counted on their own, administrators too. */
  readonly rateLimit?: RateLimitInput | undefined;
}

/** A role whose members need no grant: by its name, of principals without a tenant; or of one tenant; or of every one. */
export type AdminRole =
  | string
  | { readonly role: string; readonly tenantId: string; readonly anyTenant?: undefined }
  | { readonly role: string; readonly anyTenant: true; readonly tenantId?: undefined };

const strict = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape, { error: namingKeys(Object.keys(shape)) });

// Not z.record: it builds an object, where a name like "__proto__" would silently lose its value.
const byName = <Given, T>(value: z.ZodType<T>, what: string) =>
  z
    .custom<Readonly<Record<string, Given>>>(isPlainObject, `expected an object of ${what} names`)
    .transform((given, ctx) => {
      const found = new Map<string, T>();
      for (const [name, one] of Object.entries(given)) {
        const parsed = value.safeParse(one);
        if (parsed.success) found.set(name, parsed.data);
        else
          for (const issue of parsed.error.issues)
            ctx.addIssue({ code: "custom", path: [name, ...issue.path], message: issue.message });
      }
      return found as ReadonlyMap<string, T>;
    });

const level = z.enum(REQUIRED_LEVELS);
const rule: z.ZodType<Rule> = strict({
  level: level.optional(),
  method: z
    .union([z.string().min(1).max(256), z.custom<(args: unknown) => unknown>((value) => typeof value === "function")], {
      error: "expected the name of an argument, or a function of the arguments",
    })
    .optional(),
  methods: byName<RequiredLevel, RequiredLevel>(level, "method").optional(),
  rateLimit: rateLimitSchema.optional(),
});

const tools = byName<ToolRule, Rule>(rule, "tool");

const name = z.string().min(1).max(256);
const adminRole = z.union(
  [
    name.transform((role) => ({ role, tenantId: null, anyTenant: false })),
    z
      .strictObject({ role: name, tenantId: z.string().min(1).max(512) })
      .transform((given) => ({ ...given, anyTenant: false })),
    z
      .strictObject({ role: name, anyTenant: z.literal(true) })
      .transform(({ role }) => ({ role, tenantId: null, anyTenant: true })),
  ],
  { error: "expected the name of a role, { role, tenantId } or { role, anyTenant: true }" },
);
const adminRoles = z
  .custom<readonly AdminRole[]>(Array.isArray, "expected a list of roles")
  .pipe(z.array(adminRole).max(64));
/** One role of administrators, parsed. */
export type AdminRoleTerms = z.output<typeof adminRole>;

const limit = (most: number) => z.number().int().positive().max(100_000).default(most);
const loop = strict({
  maxCalls: limit(LOOP_DEFAULTS.maxCalls),
  maxCallsPerTool: limit(LOOP_DEFAULTS.maxCallsPerTool),
  maxRepeats: limit(LOOP_DEFAULTS.maxRepeats),
});

const LATEST = 8_640_000_000_000_000;

/** What decides, and how much is kept. */
const decisive = {
  tools: tools.optional(),
  defaultLevel: level.default("write"),
  adminRoles: adminRoles.optional(),
  maxGrants: z.number().int().positive().max(10_000_000).default(100_000),
  maxAuditEntries: z.number().int().positive().max(1_000_000).default(10_000),
  maxRateEntries: z.number().int().positive().max(100_000_000).default(1_000_000),
};
const time = z.custom<() => number>((value) => typeof value === "function", "expected a function").optional();

/** Options of a manager without a stack. */
export const managerOptions = z.strictObject({ ...decisive, now: time, monotonic: time });

/** Options of the plugin; the README lists them with units. */
export const options = z
  .strictObject({
    ...decisive,
    loop: loop.prefault({}),
    mode: z.enum(["enforce", "shadow"]).default("enforce"),
    shadowUntil: z
      .union([z.date(), z.number().min(0).max(LATEST)], { error: "expected a valid Date or epoch milliseconds" })
      .transform(Number)
      .optional(),
  })
  .refine(({ mode, shadowUntil }) => (mode === "shadow") === (shadowUntil !== undefined), {
    path: ["shadowUntil"],
    message: 'mode "shadow" needs the date on which it ends, and no other mode takes one',
  });

export type SecurityOptions = z.output<typeof options>;
