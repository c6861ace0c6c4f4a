import type { Grants, ToolPermission } from "./grants.js";
import { covers, type RequiredLevel } from "./levels.js";
import type { DecisionRequest, DenialCause } from "./question.js";
import type { Subject } from "./subject.js";

/** Whether one grant is enough by itself: null, or why not. */
export function judgeGrant(
  grant: ToolPermission,
  method: string | null,
  required: RequiredLevel,
  now: number,
): DenialCause | null {
  // Written so that a time that is no number allows nothing.
  if (grant.expiry !== null && !(now < grant.expiry)) return "expired";
  if (grant.notBefore !== null && !(now >= grant.notBefore)) return "not-yet";
  if (!covers(grant.permissionLevel, required)) return "level";
  const { allowedMethods } = grant;
  if (allowedMethods === null) return null;
  if (method === null) return "method-unknown";
  return allowedMethods.includes(method) ? null : "method";
}

/** A grant that was looked at, and what it says. */
export interface Candidate {
  readonly grant: ToolPermission;
  /** Null: it allows the call by itself. */
  readonly cause: DenialCause | null;
}

/** Every grant that bears on one principal's call: its own first, then its roles' in their order. */
export function candidates(
  grants: Grants,
  asker: Subject,
  { toolName, method = null, required, now }: DecisionRequest,
): readonly Candidate[] {
  const found = [grants.find(asker, toolName)];
  for (const role of asker.roles ?? []) found.push(...grants.ofRole(role, asker.tenantId, toolName));
  return [...new Set(found)].flatMap((grant) =>
    grant === undefined
      ? []
      : [{ grant, cause: required === null ? "unknown-level" : judgeGrant(grant, method, required, now) }],
  );
}

/**
 * The grants whose limits a call of this principal is under: its own where that is enough, else all of its roles' that
 * are. The personal grant can so give more than a role does; of several roles the tightest limit holds.
 */
export function grantsInForce(grants: Grants, asker: Subject, request: DecisionRequest): readonly ToolPermission[] {
  // An administrator needs no level and no method, but the limits of a grant in its time hold for them too.
  const admin = request.isAdmin?.(asker) === true;
  const allowing = candidates(grants, asker, request).filter(
    ({ cause }) => cause === null || (admin && cause !== "expired" && cause !== "not-yet"),
  );
  const own = allowing.filter(({ grant }) => grant.role === null);
  return (own.length > 0 ? own : allowing).map(({ grant }) => grant);
}
