import type { AuditClass, AuditDecision, AuditInput, AuditLog, AuditLogEntry, AuditQuery } from "@graphtap/audit/keys";
import { Ring } from "@graphtap/values";

/**
 * One line of the log: of the audit plugin where it is installed (then with its hashes), else of the small trail in
 * memory. Arguments and contents are never in it.
 */
export type SecurityLogEntry = Omit<AuditLogEntry, "hash" | "previousHash">;

/** Which entries to read. Undefined means all; a filter is never ignored because it is empty. */
export interface LogFilter {
  readonly userId?: string | undefined;
  readonly service?: string | undefined;
  /** Null: of principals without a tenant. */
  readonly tenantId?: string | null | undefined;
  readonly tool?: string | undefined;
  readonly decision?: AuditDecision | undefined;
  /** Epoch milliseconds; entries from then on. */
  readonly since: number;
}

/** Entries that gave way to newer ones, by what they were about. */
export interface Dropped {
  readonly denials: number;
  readonly allows: number;
  readonly changes: number;
}

/** Where the plugin writes, and what it answers questions from. */
export interface SecurityLog {
  /** Whether nobody else records what hooks tell: calls, denials, refused runs. */
  readonly alone: boolean;
  readonly dropped: Dropped;
  append(input: AuditInput): void;
  /** What is known of a call of which somebody else records the outcome; does nothing where nobody does. */
  note(executionId: string, method: string | null, policyVersion: number): void;
  /** Newest first. */
  read(filter: LogFilter, limit: number): readonly SecurityLogEntry[];
}

/** The classes that security is about; runs are not. */
const CLASSES = ["denial", "access", "change"] as const satisfies readonly AuditClass[];
type Sort = (typeof CLASSES)[number];

/**
 * The log where no audit plugin is installed: a ring of its own for each class, so that no number of allowed calls
 * pushes a denial or a change of permissions out.
 */
export class MemoryTrail implements SecurityLog {
  readonly alone = true;
  readonly #rings: Readonly<Record<Sort, Ring<SecurityLogEntry>>>;
  readonly #now: () => number;
  #seq = 0;

  /** @param capacity entries kept of each class */
  constructor(capacity: number, now: () => number) {
    this.#rings = { denial: new Ring(capacity), access: new Ring(capacity), change: new Ring(capacity) };
    this.#now = now;
  }

  get dropped(): Dropped {
    const { denial, access, change } = this.#rings;
    return { denials: denial.dropped, allows: access.dropped, changes: change.dropped };
  }

  note(): void {}

  append(input: AuditInput): SecurityLogEntry {
    const at = this.#now();
    const entry: SecurityLogEntry = Object.freeze({
      seq: ++this.#seq,
      at,
      time: new Date(at).toISOString(),
      event: input.event,
      class: input.class,
      decision: input.decision ?? null,
      actor: input.actor ?? null,
      userId: input.userId ?? null,
      service: input.service ?? null,
      tenantId: input.tenantId ?? null,
      onBehalfOf: input.onBehalfOf ?? null,
      runId: input.runId ?? null,
      threadId: input.threadId ?? null,
      workflow: input.workflow ?? null,
      node: input.node ?? null,
      tool: input.tool ?? null,
      method: input.method ?? null,
      executionId: input.executionId ?? null,
      code: input.code ?? null,
      reason: input.reason ?? null,
      plugin: input.plugin ?? null,
      argsHash: input.argsHash ?? null,
      policyVersion: input.policyVersion ?? null,
      details: input.details ?? null,
    });
    this.#rings[input.class === "run" ? "access" : input.class].push(entry);
    return entry;
  }

  read(filter: LogFilter, limit: number): readonly SecurityLogEntry[] {
    const { denial, access, change } = this.#rings;
    return [...denial, ...access, ...change]
      .filter((entry) => matches(entry, filter))
      .sort(newestFirst)
      .slice(0, limit);
  }
}

const PAGE = 10_000;

/** The audit plugin's log. It records what hooks tell; this plugin adds what they do not. */
export function auditedBy(audit: AuditLog): SecurityLog {
  const read = (query: AuditQuery, limit: number): readonly SecurityLogEntry[] => {
    const found: SecurityLogEntry[] = [];
    let cursor: string | null = null;
    do {
      const page = audit.query({
        ...query,
        limit: Math.min(PAGE, limit - found.length),
        ...(cursor === null ? {} : { cursor }),
      });
      found.push(...page.entries);
      cursor = page.next;
    } while (cursor !== null && found.length < limit);
    return found;
  };
  return {
    alone: false,
    get dropped() {
      const { denial, access, change } = audit.stats().dropped;
      return { denials: denial, allows: access, changes: change };
    },
    append: (input) => void audit.append(input),
    note: (executionId, method, policyVersion) => audit.note(executionId, { method, policyVersion }),
    // A class at a time: runs, which nobody asks about here, would fill the pages.
    read: (filter, limit) =>
      CLASSES.flatMap((one) => read({ ...filter, class: one }, limit))
        .sort(newestFirst)
        .slice(0, limit),
  };
}

const newestFirst = (a: SecurityLogEntry, b: SecurityLogEntry): number => b.seq - a.seq;

function matches(entry: SecurityLogEntry, { userId, service, tenantId, tool, decision, since }: LogFilter): boolean {
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
