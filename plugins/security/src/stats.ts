import type { AuditLogEntry, AuditTrail } from "./audit.js";
import { describe } from "./subject.js";

/** How often something was seen. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** Figures over the entries that the audit log holds for the time asked about. */
export interface SecurityStats {
  /** Epoch milliseconds; entries from then on are counted. */
  readonly since: number;
  readonly totalEvents: number;
  readonly deniedAttempts: number;
  readonly authorizedExecutions: number;
  readonly granted: number;
  readonly revoked: number;
  /** Most denied principals, five at most. */
  readonly topDenied: readonly Count[];
  /** Denials by code, most frequent first, five at most. */
  readonly topCodes: readonly Count[];
  /** Denials by tool, most frequent first, five at most. */
  readonly topDeniedTools: readonly Count[];
  readonly policyVersion: number;
  /** Permissions in force, and expired ones that nothing has removed yet. */
  readonly permissions: number;
  /** Users and services that hold at least one of them. */
  readonly principals: number;
  /** Entries that the log no longer holds, since it was made: the counts leave them out. */
  readonly dropped: AuditTrail["dropped"];
}

/** Counts entries. */
export function securityStats(
  entries: readonly AuditLogEntry[],
  facts: Pick<SecurityStats, "since" | "dropped" | "policyVersion" | "permissions" | "principals">,
): SecurityStats {
  const denials = entries.filter((entry) => entry.decision === "denied");
  const of = (decision: AuditLogEntry["decision"]): number => entries.filter((e) => e.decision === decision).length;
  return {
    ...facts,
    totalEvents: entries.length,
    deniedAttempts: denials.length,
    authorizedExecutions: of("allowed"),
    granted: of("granted"),
    revoked: of("revoked"),
    topDenied: top(denials.map(describe)),
    topCodes: top(denials.flatMap(({ code }) => code ?? [])),
    topDeniedTools: top(denials.flatMap(({ tool }) => tool ?? [])),
  };
}

function top(names: readonly string[]): Count[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, 5);
}
