import { z } from "zod";
import { PERMISSION_LEVELS, type PermissionLevel } from "./levels.js";
import type { RateWindow } from "./rate.js";

/** A principal by name: exactly one of user and service. */
export type PrincipalName = { readonly tenantId?: string | undefined } & (
  | { readonly userId: string; readonly service?: undefined }
  | { readonly service: string; readonly userId?: undefined }
);

/** Who holds a grant: a user, a service, or everybody who has a role. */
export type HolderName =
  | (PrincipalName & { readonly role?: undefined; readonly anyTenant?: undefined })
  | (RoleName & { readonly userId?: undefined; readonly service?: undefined });

/** A role by name. */
export interface RoleName {
  readonly role: string;
  readonly tenantId?: string | undefined;
  /** The role in every tenant, and of those without one. Default false. */
  readonly anyTenant?: boolean | undefined;
}

/** `10`: ten calls in any hour. A list: all of them hold at once. 0 allows none. */
export type RateLimitInput = number | RateWindowInput | readonly RateWindowInput[];
export interface RateWindowInput {
  /** Calls, 0 to 100,000. */
  readonly limit: number;
  /** Milliseconds, up to 31 days. Default one hour. */
  readonly windowMs?: number | undefined;
}

/** What a grant says. */
export interface GrantTerms {
  /** Exact name; there are no patterns. */
  readonly toolName: string;
  readonly permissionLevel: PermissionLevel;
  /** Left out: all methods; empty: none. */
  readonly allowedMethods?: readonly string[] | ReadonlySet<string> | undefined;
  /** Per principal, whoever holds the grant. Default: none. */
  readonly rateLimit?: RateLimitInput | undefined;
  /** A Date, or epoch milliseconds. Default: from now on. */
  readonly notBefore?: Date | number | undefined;
  /** A Date, or epoch milliseconds; in the future. Default: never. */
  readonly expiry?: Date | number | undefined;
}

/** What {@link WorkflowSecurityManager.grantToolPermission} takes. */
export type GrantInput = HolderName &
  GrantTerms & {
    /** Who grants it, for the audit log. */
    readonly grantedBy?: string | undefined;
  };

/** What {@link WorkflowSecurityManager.revokeToolPermission} takes. */
export type RevokeInput = HolderName & { readonly toolName: string; readonly revokedBy?: string | undefined };

/** Who is asked about. */
export type WhoInput = PrincipalName & {
  /** Roles it has, as the host knows them. Default: none. */
  readonly roles?: readonly string[] | undefined;
  /** The user for whom it acts; its tenant defaults to the actor's. */
  readonly onBehalfOf?:
    | {
        readonly userId: string;
        readonly tenantId?: string | undefined;
        readonly roles?: readonly string[] | undefined;
      }
    | undefined;
};

/** What {@link WorkflowSecurityManager.authorizeToolExecution} takes. */
export type AuthorizeInput = WhoInput & {
  readonly toolName: string;
  /** The method, where the arguments do not say it. One that contradicts them is not believed. */
  readonly method?: string | null | undefined;
  /** The call's arguments, from which a declared method is told. */
  readonly parameters?: unknown;
  /** The tool's own metadata, where its author may declare levels and how to tell the method. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** For the log of an admission. */
  readonly workflowId?: string | undefined;
  /** For the log of an admission. */
  readonly workflowType?: string | undefined;
};

/** What {@link WorkflowSecurityManager.explain} takes. */
export type ExplainInput = AuthorizeInput & {
  /** A Date, or epoch milliseconds: permissions as they are then. Default now. */
  readonly at?: Date | number | undefined;
};

/** What {@link WorkflowSecurityManager.getAuditLog} takes; leave a filter out to mean all. */
export interface LogQuery {
  /** Also what others did on behalf of this user. */
  readonly userId?: string | undefined;
  readonly service?: string | undefined;
  /** Null: of principals without a tenant. */
  readonly tenantId?: string | null | undefined;
  readonly tool?: string | undefined;
  readonly decision?: "allowed" | "denied" | "granted" | "revoked" | undefined;
  /** Hours back from now. Default 24. */
  readonly hours?: number | undefined;
  /** Most entries returned, newest first. Default 100, at most 100,000. */
  readonly limit?: number | undefined;
}

/** What {@link WorkflowSecurityManager.getSecurityStats} takes. */
export interface StatsQuery {
  /** Hours back from now. Default 24. */
  readonly hours?: number | undefined;
  readonly tenantId?: string | null | undefined;
}

/** Who switched something off or on again, and why, for the audit log. */
export interface KillNote {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

const id = z.string().min(1).max(512);
const role = z.string().min(1).max(256);
const method = z.string().min(1).max(256);
const toolName = z
  .string()
  .min(1)
  .max(256)
  .refine((name) => !name.includes("*"), "names are exact, patterns are not supported");
const hours = z.number().positive().default(24);

const names = { userId: id.optional(), service: id.optional(), tenantId: id.optional() };
const holders = { ...names, role: role.optional(), anyTenant: z.boolean().optional() };
const ONE_NAME = "give exactly one of userId and service";
const ONE_HOLDER = "give exactly one of userId, service and role";
const count = (...values: readonly unknown[]): number => values.filter((value) => value !== undefined).length;
const oneName = (value: { userId?: string | undefined; service?: string | undefined }): boolean =>
  count(value.userId, value.service) === 1;
interface Held {
  userId?: string | undefined;
  service?: string | undefined;
  role?: string | undefined;
  tenantId?: string | undefined;
  anyTenant?: boolean | undefined;
}
const oneHolder = (value: Held): boolean => count(value.userId, value.service, value.role) === 1;
const rolesOnly = (value: Held): boolean =>
  value.anyTenant !== true || (value.role !== undefined && value.tenantId === undefined);
const ROLES_ONLY = "anyTenant is for a role, and without tenantId";

/** Largest number that is still a date. */
const LATEST = 8_640_000_000_000_000;
const moment = z
  .union([z.date(), z.number().min(-LATEST).max(LATEST)], { error: "expected a valid Date or epoch milliseconds" })
  .transform(Number);

const HOUR_MS = 3_600_000;
/** Says itself what was got: a limit that is no list is read as one, so nobody would find it at its path. */
const whole = (least: number, most: number) =>
  z.custom<number>((value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most, {
    error: ({ input }) =>
      `expected a whole number from ${least} to ${most}, got ${typeof input === "number" ? input : `a ${typeof input}`}`,
  });
const rateWindow = z
  .strictObject({ limit: whole(0, 100_000), windowMs: whole(1, 31 * 24 * HOUR_MS).default(HOUR_MS) })
  .readonly();
/** The forms of a limit, as a list of windows. */
export const rateLimitSchema = z
  .union([
    z.number().transform((limit) => [{ limit }]),
    z.array(z.unknown()).min(1).max(16),
    z.looseObject({}).transform((one) => [one]),
  ])
  .pipe(z.array(rateWindow))
  .transform((windows): readonly RateWindow[] => Object.freeze(windows.map((one) => Object.freeze({ ...one }))));

const methods = z
  .union([z.array(z.unknown()), z.instanceof(Set).transform((set) => [...(set as Set<unknown>)])], {
    error: "expected an array or a Set of methods",
  })
  .pipe(z.array(method).max(256))
  .transform((list): readonly string[] => Object.freeze([...new Set(list)]));

export const principalSchema = z.strictObject(names).refine(oneName, ONE_NAME);

export const roleSchema = z
  .strictObject({ role, tenantId: id.optional(), anyTenant: z.boolean().optional() })
  .refine(rolesOnly, ROLES_ONLY);

/** `now` says whether an expiry has passed: a grant that allows nothing is a mistake, most often seconds for ms. */
export const grantSchema = (now: () => number) =>
  z
    .strictObject({
      ...holders,
      toolName,
      permissionLevel: z.enum(PERMISSION_LEVELS),
      allowedMethods: methods.optional(),
      rateLimit: rateLimitSchema.optional(),
      notBefore: moment.optional(),
      expiry: moment
        .refine((ms) => ms > now(), "has passed; give a Date or epoch milliseconds, not seconds")
        .optional(),
      grantedBy: id.optional(),
    })
    .refine(oneHolder, ONE_HOLDER)
    .refine(rolesOnly, ROLES_ONLY)
    .refine(({ notBefore, expiry }) => notBefore === undefined || expiry === undefined || notBefore < expiry, {
      path: ["notBefore"],
      message: "is not before expiry",
    });

export const revokeSchema = z
  .strictObject({ ...holders, toolName, revokedBy: id.optional() })
  .refine(oneHolder, ONE_HOLDER)
  .refine(rolesOnly, ROLES_ONLY);

const roles = z.array(role).max(256).optional();
const metadata = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === "object" && value !== null,
    "expected an object",
  )
  .optional();
const who = { ...names, roles, onBehalfOf: z.strictObject({ userId: id, tenantId: id.optional(), roles }).optional() };
const call = {
  ...who,
  toolName: z.string().max(256),
  method: method.nullish(),
  parameters: z.unknown().optional(),
  metadata,
  workflowId: id.optional(),
  workflowType: id.optional(),
};

export const whoSchema = z.strictObject(who).refine(oneName, ONE_NAME);
export const authorizeSchema = z.strictObject(call).refine(oneName, ONE_NAME);
export const explainSchema = z.strictObject({ ...call, at: moment.optional() }).refine(oneName, ONE_NAME);

export const auditSchema = z.strictObject({
  ...names,
  tenantId: id.nullish(),
  tool: toolName.optional(),
  decision: z.enum(["allowed", "denied", "granted", "revoked"]).optional(),
  hours,
  limit: z.number().int().positive().max(100_000).default(100),
});
export const statsSchema = z.strictObject({ hours, tenantId: id.nullish() });
export const killNoteSchema = z.strictObject({ by: id.optional(), reason: z.string().min(1).max(1_024).optional() });
