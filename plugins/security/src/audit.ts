import type { PermissionLevel } from "./levels.js";
import { Ring } from "./ring.js";

export type AuditDecision = "allowed" | "denied" | "granted" | "revoked";
export type AuditEvent = "tool.allowed" | "tool.denied" | "run.denied" | "permission.granted" | "permission.revoked";

/** One line of the audit log. Arguments and contents are never in it. */
export interface AuditLogEntry {
  /** Rises by one with every entry, gaps mean entries that were dropped. */
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly event: AuditEvent;
  readonly decision: AuditDecision;
  /** Null for a run that was refused as a whole. */
  readonly tool: string | null;
  /** Code of a denial; null for everything else. */
  readonly code: string | null;
  /** Why, for the developer; null where nothing had to be said. */
  readonly reason: string | null;
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  /** The user for whom somebody acted. */
  readonly onBehalfOf: { readonly userId: string | null; readonly tenantId: string | null } | null;
  /** The plugin that refused; null when the stack did, or nobody refused. */
  readonly plugin: string | null;
  readonly runId: string | null;
  readonly threadId: string | null;
  readonly workflow: string | null;
  readonly node: string | null;
  /** Unique per execution of a tool. */
  readonly executionId: string | null;
  /** Digest of the judged arguments; null where there is none. */
  readonly argsHash: string | null;
  /** Level granted or revoked. */
  readonly permissionLevel: PermissionLevel | null;
  /** Who granted or revoked, as the caller said. */
  readonly actor: string | null;
  readonly policyVersion: number;
}

/** What an entry is made from; `seq` comes from the trail, and what is left out is null. */
export type AuditRecord = Pick<AuditLogEntry, "at" | "event" | "policyVersion"> &
  Partial<Omit<AuditLogEntry, "seq" | "decision">>;

const DECISIONS: Readonly<Record<AuditEvent, AuditDecision>> = {
  "tool.allowed": "allowed",
  "tool.denied": "denied",
  "run.denied": "denied",
  "permission.granted": "granted",
  "permission.revoked": "revoked",
};

/** Which entries to read. Undefined means all; a filter is never ignored because it is empty. */
export interface AuditFilter {
  readonly userId?: string | undefined;
  readonly service?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly tool?: string | undefined;
  readonly decision?: AuditDecision | undefined;
  /** Epoch milliseconds; entries from then on. */
  readonly since: number;
}

/**
 * The log in memory: three rings of their own, so that no number of allowed calls pushes a denial or a change of
 * permissions out.
 */
export class AuditTrail {
  readonly #rings: Readonly<Record<"denials" | "allows" | "changes", Ring<AuditLogEntry>>>;
  #seq = 0;

  /** @param capacity entries kept of each of the three sorts */
  constructor(capacity: number) {
    this.#rings = { denials: new Ring(capacity), allows: new Ring(capacity), changes: new Ring(capacity) };
  }

  /** Entries that gave way to newer ones of their sort. */
  get dropped(): { readonly denials: number; readonly allows: number; readonly changes: number } {
    const { denials, allows, changes } = this.#rings;
    return { denials: denials.dropped, allows: allows.dropped, changes: changes.dropped };
  }

  record(record: AuditRecord): AuditLogEntry {
    const decision = DECISIONS[record.event];
    const entry: AuditLogEntry = Object.freeze({
      seq: ++this.#seq,
      at: record.at,
      event: record.event,
      decision,
      tool: record.tool ?? null,
      code: record.code ?? null,
      reason: record.reason ?? null,
      userId: record.userId ?? null,
      service: record.service ?? null,
      tenantId: record.tenantId ?? null,
      onBehalfOf: record.onBehalfOf ?? null,
      plugin: record.plugin ?? null,
      runId: record.runId ?? null,
      threadId: record.threadId ?? null,
      workflow: record.workflow ?? null,
      node: record.node ?? null,
      executionId: record.executionId ?? null,
      argsHash: record.argsHash ?? null,
      permissionLevel: record.permissionLevel ?? null,
      actor: record.actor ?? null,
      policyVersion: record.policyVersion,
    });
    const { denials, allows, changes } = this.#rings;
    (decision === "denied" ? denials : decision === "allowed" ? allows : changes).push(entry);
    return entry;
  }

  /** Newest first. */
  read(filter: AuditFilter, limit: number): AuditLogEntry[] {
    const { denials, allows, changes } = this.#rings;
    return [...denials, ...allows, ...changes]
      .filter((entry) => matches(entry, filter))
      .sort((a, b) => b.seq - a.seq)
      .slice(0, limit);
  }
}

function matches(entry: AuditLogEntry, { userId, service, tenantId, tool, decision, since }: AuditFilter): boolean {
  if (entry.at < since) return false;
  if (tool !== undefined && entry.tool !== tool) return false;
  if (decision !== undefined && entry.decision !== decision) return false;
  if (service !== undefined && entry.service !== service) return false;
  // What was done for a user belongs to that user's log too, with the tenant it was done in.
  const parties = [entry, ...(service === undefined && entry.onBehalfOf !== null ? [entry.onBehalfOf] : [])];
  return parties.some(
    (party) =>
      (userId === undefined || party.userId === userId) && (tenantId === undefined || party.tenantId === tenantId),
  );
}
