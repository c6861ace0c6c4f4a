import { defineService } from "@graphtap/kernel";
import type { RunContext } from "@graphtap/langgraph";

/**
 * What an entry is kept with: each class has room of its own, so that no number of allowed calls pushes a denial out.
 * `denial`: something was refused, flagged or masked; `change`: rights or settings changed; `access`: a tool was called;
 * `run`: runs began and ended.
 */
export type AuditClass = "denial" | "change" | "access" | "run";
export type AuditDecision = "allowed" | "denied" | "granted" | "revoked" | "flagged";
/** A user by name, for whom somebody else acted. */
export interface AuditParty {
  readonly userId: string | null;
  readonly tenantId: string | null;
}

/** What happened. Arguments and contents have no place in it: a digest says which arguments they were. */
export interface AuditFields {
  /** Dotted name, such as `tool.denied`. */
  readonly event: string;
  readonly class: AuditClass;
  readonly decision: AuditDecision | null;
  /** Who did it, as the caller says: for changes, who granted. Null where the subject did. */
  readonly actor: string | null;
  /** Whose right was used or changed. */
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  readonly onBehalfOf: AuditParty | null;
  readonly runId: string | null;
  readonly threadId: string | null;
  readonly workflow: string | null;
  readonly node: string | null;
  readonly tool: string | null;
  readonly method: string | null;
  /** Unique per execution of a tool. */
  readonly executionId: string | null;
  /** Reason code, such as PERMISSION_NOT_GRANTED. */
  readonly code: string | null;
  /** Why, for the developer. */
  readonly reason: string | null;
  /** The plugin that decided; null when the stack itself did. */
  readonly plugin: string | null;
  /** SHA-256 of the arguments that were judged; null where none could be read, or they are no plain data. */
  readonly argsHash: string | null;
  /** Version of the policy that decided; null where there is none. */
  readonly policyVersion: number | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>> | null;
}

/** What {@link AuditLog.append} takes; what is left out is null. */
export type AuditInput = Pick<AuditFields, "event" | "class"> & Partial<AuditFields>;

/**
 * Where something happened and for whom: the part that every entry about a run has. Names only: an entry is data, and
 * must neither hold a live identity nor its roles.
 *
 * @example log.append({ ...aboutRun(run), event: "acme.export", class: "access", decision: "allowed" });
 */
export function aboutRun({ principal, runId, threadId, workflow, node }: RunContext): Partial<AuditInput> {
  const behalf = principal?.onBehalfOf ?? null;
  return {
    userId: principal?.userId ?? null,
    service: principal?.service ?? null,
    tenantId: principal?.tenantId ?? null,
    onBehalfOf: behalf === null ? null : { userId: behalf.userId, tenantId: behalf.tenantId },
    runId,
    threadId,
    workflow,
    node,
  };
}

/** One line of the log. Frozen. */
export interface AuditLogEntry extends AuditFields {
  /** Rises by one with every entry of the log. */
  readonly seq: number;
  /** Epoch milliseconds by the stack's clock. */
  readonly at: number;
  /** The same as ISO 8601 in UTC. */
  readonly time: string;
  /** `hash` of the entry of the same class before this one; sixty-four zeros for the first. */
  readonly previousHash: string;
  /** SHA-256 over all of the above, hexadecimal. */
  readonly hash: string;
}

/** Which entries to read. Undefined means all; an empty filter is an error, for it would mean everybody. */
export interface AuditQuery {
  /** Also what others did on behalf of this user. */
  readonly userId?: string | undefined;
  readonly service?: string | undefined;
  /** Null: entries of principals without a tenant. */
  readonly tenantId?: string | null | undefined;
  readonly tool?: string | undefined;
  readonly event?: string | undefined;
  readonly class?: AuditClass | undefined;
  readonly decision?: AuditDecision | undefined;
  readonly code?: string | undefined;
  readonly runId?: string | undefined;
  readonly threadId?: string | undefined;
  /** Hours back from now. Default 24. */
  readonly hours?: number | undefined;
  /** Epoch milliseconds; entries from then on. Wins over `hours`. */
  readonly since?: number | undefined;
  /** Epoch milliseconds; entries before then. */
  readonly until?: number | undefined;
  /** Most entries of one page. Default 100, at most 10,000. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly AuditLogEntry[];
  /** Cursor of the next page; null when this is the last. */
  readonly next: string | null;
}

/** What {@link AuditLog.verify} found. */
export interface AuditVerification {
  readonly ok: boolean;
  /** Entries that were checked. */
  readonly checked: number;
  /** What is wrong, the first twenty; empty when nothing is. */
  readonly problems: readonly AuditProblem[];
}
export interface AuditProblem {
  readonly class: AuditClass;
  /** The entry it was found at; null for a chain whose end is missing. */
  readonly seq: number | null;
  /** Where, in a log on disk: file and line. */
  readonly place: string | null;
  readonly problem: "changed" | "missing" | "cut" | "unreadable";
}

export interface AuditStats {
  /** Appended since the log was opened. */
  readonly appended: number;
  /** Kept in memory, by class. */
  readonly kept: Readonly<Record<AuditClass, number>>;
  /** No longer in memory, by class, because newer ones took their place or their time was over. */
  readonly dropped: Readonly<Record<AuditClass, number>>;
  /** Fields that were cut to their limit. */
  readonly cut: number;
  /** Null without a file. */
  readonly file: AuditFileStats | null;
}
export interface AuditFileStats {
  readonly folder: string;
  /** Entries that are on disk since the log was opened. */
  readonly written: number;
  /** Entries that wait to be written. */
  readonly waiting: number;
  /** Entries that could not be written and no longer wait. */
  readonly lost: number;
  /** Lines that a crash had left half written, taken off when the log was opened. */
  readonly torn: number;
  readonly state: "ok" | "failing";
  /** What went wrong last; null when nothing did. */
  readonly error: string | null;
}

/** What the plugin that judges a call knows of it, and the hooks do not tell. */
export type AuditNote = Partial<Pick<AuditFields, "method" | "policyVersion">>;

/** The audit log of a stack. */
export interface AuditLog {
  /**
   * Adds an entry, at once in memory and, with a file, soon on disk.
   *
   * @throws GraphTapError AUDIT_ENTRY_INVALID
   */
  append(input: AuditInput): AuditLogEntry;
  /**
   * Adds to the entry that will tell how a tool call came out: which method it was, under which policy. Kept for the
   * newest 10,000 calls; a second note replaces the first.
   */
  note(executionId: string, facts: AuditNote): void;
  /**
   * Entries in memory, newest first.
   *
   * @throws GraphTapError AUDIT_QUERY_INVALID
   */
  query(query?: AuditQuery): AuditPage;
  /** Checks every entry in memory and, with a file, on disk against its chain. */
  verify(): Promise<AuditVerification>;
  stats(): AuditStats;
  /** Resolves when all that was appended is on disk; rejects with AUDIT_NOT_WRITTEN when some could not be written. */
  flush(): Promise<void>;
}

/** The audit log of a stack. */
export const Audit = defineService<AuditLog>()("audit");

/** What the dashboard shows of one user. */
export interface AuditUserPanel {
  readonly recent: readonly Pick<AuditLogEntry, "time" | "event" | "decision" | "tool" | "code" | "workflow">[];
}
/** What the dashboard shows of the log. */
export interface AuditSystemPanel {
  readonly entries: number;
  readonly kept: Readonly<Record<AuditClass, number>>;
  readonly dropped: Readonly<Record<AuditClass, number>>;
  /** Denials of the last 24 hours by reason code, most frequent first. */
  readonly denialsByCode: readonly { readonly code: string; readonly count: number }[];
  readonly changes: { readonly granted: number; readonly revoked: number };
  readonly file: Omit<AuditFileStats, "folder"> | null;
}
