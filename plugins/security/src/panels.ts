import { judgeGrant } from "./candidates.js";
import type { SecurityLog } from "./audit.js";
import type { GateParts, ToolGate } from "./gate.js";
import type { ToolPermission } from "./grants.js";
import type { Kill } from "./kill.js";
import { decisive, type RateStatus } from "./rate.js";
import { securityStats, type SecurityStats } from "./stats.js";
import type { Count, Tally, UsageBook } from "./usage.js";

/** One permission as its holder sees it: nobody else's name is in it. */
export interface PermissionPanelRow extends Pick<
  ToolPermission,
  "toolName" | "permissionLevel" | "allowedMethods" | "notBefore" | "expiry" | "role"
> {
  /** Whether it is in its time, and of a level above none. */
  readonly inForce: boolean;
  /** Calls that ran, since the start; null when no longer known. */
  readonly calls: number | null;
  /** Epoch milliseconds; null when there was none, or it is no longer known. */
  readonly lastUsedAt: number | null;
  /** Calls left now under the tightest limit; null without one. */
  readonly callsLeft: number | null;
  readonly limits: readonly RateStatus[];
}
/** What the dashboard shows of one user. */
export interface SecurityUserPanel {
  readonly permissions: readonly PermissionPanelRow[];
  /** Of the last 24 hours, ten at most, newest first. */
  readonly recentDenials: readonly {
    /** Epoch milliseconds. */
    readonly at: number;
    readonly tool: string | null;
    readonly method: string | null;
    readonly code: string | null;
  }[];
}
/** What the dashboard shows of the system: the last 24 hours, where nothing else is said. */
export interface SecuritySystemPanel extends Pick<
  SecurityStats,
  | "policyVersion"
  | "permissions"
  | "principals"
  | "granted"
  | "revoked"
  | "rateLimitViolations"
  | "loopDenials"
  | "shadowDenials"
  | "topTools"
  | "topDeniedTools"
  | "dropped"
> {
  readonly attempts: { readonly allowed: number; readonly denied: number };
  readonly deniedByCode: readonly Count[];
  /** Finer than the code: expired, level, method, ...; since the start. */
  readonly deniedByCause: readonly Count[];
  /** Switched off now. */
  readonly kills: readonly Pick<Kill, "target" | "at" | "source">[];
  /** Epoch milliseconds until which nothing is enforced but switches; null: everything is. */
  readonly shadowUntil: number | null;
  /** What is held in memory now. */
  readonly memory: {
    readonly rateEntries: number;
    readonly rateKeys: number;
    /** Calls refused because no more could be remembered, since the start. */
    readonly rateRefusedFull: number;
    readonly usageEntries: number;
    readonly usageForgotten: number;
  };
}

/** What panels are made from. */
export interface PanelParts extends Pick<GateParts, "grants" | "limiter" | "kills"> {
  readonly gate: ToolGate;
  readonly log: SecurityLog;
  readonly usage: UsageBook;
  readonly causes: Tally;
  now(): number;
  shadowUntil(): number | null;
}

const DAY_MS = 86_400_000;
const MOST_DENIALS = 10;
const MOST_COUNTED = 100_000;

export function userPanel(
  { gate, grants, log, usage, now }: PanelParts,
  {
    userId,
    tenantId,
    roles = [],
  }: { readonly userId: string; readonly tenantId: string | null; readonly roles?: readonly string[] },
): SecurityUserPanel {
  const at = now();
  const who = { userId, service: null, tenantId };
  const nobody = { userId: null, service: null };
  const held = [
    ...grants.of(who),
    ...roles.flatMap((role) => [
      ...grants.of({ ...nobody, role, tenantId }),
      ...grants.of({ ...nobody, role, tenantId: null, anyTenant: true }),
    ]),
  ];
  const permissions = held.map((grant): PermissionPanelRow => {
    const { toolName, permissionLevel, allowedMethods, notBefore, expiry, role } = grant;
    const used = usage.of(who, toolName);
    // The limits of the grant itself, whatever level or method a call would need.
    const request = {
      subject: { ...who, roles, onBehalfOf: null },
      toolName,
      now: at,
      required: null,
      isAdmin: () => true,
    };
    const limits = gate.limits(request).map(({ status }) => status);
    const cause = judgeGrant({ ...grant, allowedMethods: null }, null, "read", at);
    return {
      toolName,
      permissionLevel,
      allowedMethods,
      notBefore,
      expiry,
      role,
      inForce: cause === null,
      calls: used?.count ?? (usage.forgotten > 0 ? null : 0),
      lastUsedAt: used?.lastUsedAt ?? null,
      callsLeft: decisive(limits)?.remaining ?? null,
      limits,
    };
  });
  const recentDenials = log
    .read({ userId, tenantId, decision: "denied", since: at - DAY_MS }, MOST_DENIALS)
    .map(({ at: time, tool, method, code }) => ({ at: time, tool, method, code }));
  return { permissions, recentDenials };
}

export function systemPanel(parts: PanelParts): SecuritySystemPanel {
  const { grants, log, kills, limiter, usage, causes, now, shadowUntil } = parts;
  const since = now() - DAY_MS;
  const {
    authorizedExecutions,
    deniedAttempts,
    topCodes,
    since: _s,
    totalEvents: _t,
    topDenied: _d,
    ...stats
  } = securityStats(log.read({ since }, MOST_COUNTED), {
    since,
    dropped: log.dropped,
    policyVersion: grants.version,
    permissions: grants.size,
    principals: grants.principals,
  });
  return {
    ...stats,
    attempts: { allowed: authorizedExecutions, denied: deniedAttempts },
    deniedByCode: topCodes,
    deniedByCause: causes.counts,
    kills: kills.active.map(({ target, at, source }) => ({ target, at, source })),
    shadowUntil: shadowUntil(),
    memory: {
      rateEntries: limiter.entries,
      rateKeys: limiter.keys,
      rateRefusedFull: limiter.refusedFull,
      usageEntries: usage.size,
      usageForgotten: usage.forgotten,
    },
  };
}
