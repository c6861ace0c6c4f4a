import { z } from "zod";
import { PERMISSION_LEVELS, type PermissionLevel } from "./levels.js";

/** A principal by name: exactly one of user and service. */
export type PrincipalName = { readonly tenantId?: string | undefined } & (
  | { readonly userId: string; readonly service?: undefined }
  | { readonly service: string; readonly userId?: undefined }
);

/** What {@link WorkflowSecurityManager.grantToolPermission} takes. */
export type GrantInput = PrincipalName & {
  /** Exact name; there are no patterns. */
  readonly toolName: string;
  readonly permissionLevel: PermissionLevel;
  /** A Date, or epoch milliseconds; in the future. Default: never. */
  readonly expiry?: Date | number | undefined;
  /** Who grants it, for the audit log. */
  readonly grantedBy?: string | undefined;
};

/** What {@link WorkflowSecurityManager.revokeToolPermission} takes. */
export type RevokeInput = PrincipalName & { readonly toolName: string; readonly revokedBy?: string | undefined };

/** What {@link WorkflowSecurityManager.authorizeToolExecution} takes. */
export type AuthorizeInput = PrincipalName & {
  readonly toolName: string;
  /** The user for whom a service acts; its tenant defaults to the service's. */
  readonly onBehalfOf?: { readonly userId: string; readonly tenantId?: string | undefined } | undefined;
  /** The tool's own metadata, where its author may declare a level. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
};

/** What {@link WorkflowSecurityManager.getAuditLog} takes; leave a filter out to mean all. */
export interface AuditQuery {
  /** Also what others did on behalf of this user. */
  readonly userId?: string | undefined;
  readonly service?: string | undefined;
  readonly tenantId?: string | undefined;
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
  readonly tenantId?: string | undefined;
}

const id = z.string().min(1).max(512);
const toolName = z
  .string()
  .min(1)
  .max(256)
  .refine((name) => !name.includes("*"), "names are exact, patterns are not supported");
const hours = z.number().positive().default(24);

const names = { userId: id.optional(), service: id.optional(), tenantId: id.optional() };
const oneName = (value: { userId?: string | undefined; service?: string | undefined }): boolean =>
  (value.userId === undefined) !== (value.service === undefined);
const ONE_NAME = "give exactly one of userId and service";

/** Largest number that is still a date. */
const LATEST = 8_640_000_000_000_000;
const expiry = z
  .union([z.date(), z.number().max(LATEST)], { error: "expected a valid Date or epoch milliseconds" })
  .transform(Number);

export const principalSchema = z.strictObject(names).refine(oneName, ONE_NAME);

/** `now` decides whether an expiry has passed: a grant that allows nothing is a mistake, most often seconds for ms. */
export const grantSchema = (now: number) =>
  z
    .strictObject({
      ...names,
      toolName,
      permissionLevel: z.enum(PERMISSION_LEVELS),
      expiry: expiry.refine((ms) => ms > now, "has passed; give a Date or epoch milliseconds, not seconds").optional(),
      grantedBy: id.optional(),
    })
    .refine(oneName, ONE_NAME);

export const revokeSchema = z.strictObject({ ...names, toolName, revokedBy: id.optional() }).refine(oneName, ONE_NAME);

export const authorizeSchema = z
  .strictObject({
    ...names,
    toolName: z.string().max(256),
    onBehalfOf: z.strictObject({ userId: id, tenantId: id.optional() }).optional(),
    metadata: z
      .custom<Readonly<Record<string, unknown>>>(
        (value) => typeof value === "object" && value !== null,
        "expected an object",
      )
      .optional(),
  })
  .refine(oneName, ONE_NAME);

export const auditSchema = z.strictObject({
  ...names,
  tool: toolName.optional(),
  decision: z.enum(["allowed", "denied", "granted", "revoked"]).optional(),
  hours,
  limit: z.number().int().positive().max(100_000).default(100),
});

export const statsSchema = z.strictObject({ hours, tenantId: id.optional() });
