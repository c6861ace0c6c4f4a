import type { Dropped, SecurityLogEntry } from "./audit.js";
import { describe } from "./subject.js";
import { type Count, top } from "./usage.js";

/** Figures over the entries that the audit log holds for the time asked about. */
export interface SecurityStats {
  /** Epoch milliseconds; entries from then on are counted. */
  readonly since: number;
  readonly totalEvents: number;
  readonly deniedAttempts: number;
  readonly authorizedExecutions: number;
  readonly granted: number;
  readonly revoked: number;
  /** Denials by a rate limit. */
  readonly rateLimitViolations: number;
  /** Denials by the loop guard. */
  readonly loopDenials: number;
  /** Calls that shadow mode let pass and would have denied. */
  readonly shadowDenials: number;
  /** Most denied principals, five at most. */
  readonly topDenied: readonly Count[];
  /** Denials by code, most frequent first, five at most. */
  readonly topCodes: readonly Count[];
  /** Denials by tool, most frequent first, five at most. */
  readonly topDeniedTools: readonly Count[];
  /** Attempts by tool, allowed and denied, most frequent first, five at most. */
  readonly topTools: readonly Count[];
  readonly policyVersion: number;
  /** Permissions in force, and expired ones that nothing has removed yet. */
  readonly permissions: number;
  /** Users and services that hold at least one of them. */
  readonly principals: number;
  /** Entries that the log no longer holds, since it was made: the counts leave them out. */
  readonly dropped: Dropped;
}

const RATE_CODES: ReadonlySet<string> = new Set(["RATE_LIMIT_EXCEEDED", "RATE_LIMIT_UNAVAILABLE"]);
export const SHADOW_EVENT = "tool.shadow_denied";

/** Counts entries. */
export function securityStats(
  entries: readonly SecurityLogEntry[],
  facts: Pick<SecurityStats, "since" | "dropped" | "policyVersion" | "permissions" | "principals">,
): SecurityStats {
  const denials = entries.filter((entry) => entry.decision === "denied");
  const attempts = entries.filter(({ decision }) => decision === "denied" || decision === "allowed");
  const of = (decision: SecurityLogEntry["decision"]): number => entries.filter((e) => e.decision === decision).length;
  return {
    ...facts,
    totalEvents: entries.length,
    deniedAttempts: denials.length,
    authorizedExecutions: of("allowed"),
    granted: of("granted"),
    revoked: of("revoked"),
    rateLimitViolations: denials.filter(({ code }) => RATE_CODES.has(code ?? "")).length,
    loopDenials: denials.filter(({ code }) => code?.startsWith("LOOP_") === true).length,
    shadowDenials: entries.filter(({ event }) => event === SHADOW_EVENT).length,
    topDenied: top(denials.map(describe)),
    topCodes: top(denials.flatMap(({ code }) => code ?? [])),
    topDeniedTools: top(denials.flatMap(({ tool }) => tool ?? [])),
    topTools: top(attempts.flatMap(({ tool }) => tool ?? [])),
  };
}
