import { GraphTapError } from "@graphtap/kernel";
import type { z } from "zod";

interface Explained {
  readonly title: string;
  readonly why: string;
  readonly do: string;
  readonly example?: string;
}

const entries = {
  AUTHORIZE_INVALID: {
    title: "authorizeToolExecution() was asked something it cannot judge",
    why: "A key is missing, unknown or of the wrong type, or it names neither or both of userId and service.",
    do: "Correct the call; inside a run the stack asks by itself.",
    example: 'stack.get(security).authorizeToolExecution({ userId: "alice", toolName: "refund" });',
  },
  GRANT_INVALID: {
    title: "grantToolPermission() was given a grant that is wrong",
    why: "A key is missing, unknown or of the wrong type, the expiry has passed, or the tool name is a pattern: names are exact.",
    do: "Correct the call; expiry is a Date or milliseconds since 1970, not seconds.",
    example:
      'stack.get(security).grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });',
  },
  GRANT_LIMIT_REACHED: {
    title: "No room for another grant",
    why: "maxGrants (default 100,000) permissions are in force; dropping one silently would take a right away.",
    do: "Revoke what is not needed, give grants an expiry, or raise security({ maxGrants }).",
  },
  PERMISSION_NOT_GRANTED: {
    title: "A tool call was denied; the run went on",
    why: "Nothing is allowed that is not granted. The reason in the audit log names the closest grant: none, one that expired, or one of a lower level.",
    do: "Grant it, if it is meant to be allowed. The tenant counts: a grant without tenantId is for principals without one.",
    example:
      'stack.get(security).grantToolPermission({ userId: "bob", toolName: "refund", permissionLevel: "write" });',
  },
  REVOKE_INVALID: {
    title: "revokeToolPermission() was given something that names no grant",
    why: "A key is missing, unknown or of the wrong type.",
    do: "Name the principal, its tenant and the tool as they were granted.",
    example: 'stack.get(security).revokeToolPermission({ userId: "alice", toolName: "refund" });',
  },
  SECURITY_QUERY_INVALID: {
    title: "A question to the security service is wrong",
    why: "A filter is unknown, empty or of the wrong type. An empty filter is refused, because it would mean everybody.",
    do: "Leave a filter out to mean all.",
    example: 'await stack.get(security).getAuditLog({ userId: "bob", hours: 24 });',
  },
} as const satisfies Record<string, Explained>;

/** Every code that this package throws or denies with. */
export type SecurityErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<SecurityErrorCode, Explained>> = Object.freeze(entries);

/** Codes of calls with wrong arguments. */
export type CallCode = "AUTHORIZE_INVALID" | "GRANT_INVALID" | "REVOKE_INVALID" | "SECURITY_QUERY_INVALID";

/** A call of the service with wrong arguments. Names the keys and what was expected, never the values. */
export function callInvalid(code: CallCode, method: string, error: z.ZodError): GraphTapError {
  const why = error.issues.map((issue) => `${issue.path.map(String).join(".") || "argument"}: ${issue.message}`);
  return new GraphTapError({
    code,
    what: `${method}() was given wrong arguments.`,
    why: why.join("\n"),
    do: `${entries[code].do}\n${entries[code].example}`,
    plugin: "security",
  });
}

export function grantLimitReached(maxGrants: number): GraphTapError {
  return new GraphTapError({
    code: "GRANT_LIMIT_REACHED",
    what: "grantToolPermission() has no room for another grant.",
    why: `${maxGrants} permissions are in force (maxGrants) and none of them has expired.`,
    do: entries.GRANT_LIMIT_REACHED.do,
    plugin: "security",
  });
}
