import { z } from "zod";
import { CLASSES, DECISIONS } from "./entry.js";
import type { AuditLogEntry, AuditPage, AuditQuery } from "./keys.js";

const HOUR = 3_600_000;
const text = z.string().min(1).max(1_024);
const time = z.number().int();

const querySchema = z.strictObject({
  userId: text.optional(),
  service: text.optional(),
  tenantId: text.nullable().optional(),
  tool: text.optional(),
  event: text.optional(),
  class: z.enum(CLASSES).optional(),
  decision: z.enum(DECISIONS).optional(),
  code: text.optional(),
  runId: text.optional(),
  threadId: text.optional(),
  hours: z.number().positive().default(24),
  since: time.optional(),
  until: time.optional(),
  limit: z.number().int().positive().max(10_000).default(100),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, "expected the `next` of a page")
    .optional(),
});
export type ParsedQuery = z.output<typeof querySchema>;

/** A query that is right, or what is wrong with it. */
export const parseQuery = (query: AuditQuery): z.ZodSafeParseResult<ParsedQuery> => querySchema.safeParse(query);

const SAME = ["service", "tool", "event", "class", "decision", "code", "runId", "threadId"] as const;

/** Whether an entry is one of those that a query asks for. Times and cursor are the reader's business. */
function matches(entry: AuditLogEntry, query: ParsedQuery): boolean {
  for (const key of SAME) if (query[key] !== undefined && entry[key] !== query[key]) return false;
  const { userId, tenantId } = query;
  if (userId === undefined) return tenantId === undefined || entry.tenantId === tenantId;
  // The tenant is that of the user: who acts for somebody may belong to another one.
  const is = (party: { readonly userId: string | null; readonly tenantId: string | null }): boolean =>
    party.userId === userId && (tenantId === undefined || party.tenantId === tenantId);
  return is(entry) || (entry.onBehalfOf !== null && is(entry.onBehalfOf));
}

/** One page of entries that come newest first. */
export function pageOf(newestFirst: Iterable<AuditLogEntry>, query: ParsedQuery, now: number): AuditPage {
  const since = query.since ?? now - query.hours * HOUR;
  const below = query.cursor === undefined ? Number.POSITIVE_INFINITY : Number(query.cursor);
  const entries: AuditLogEntry[] = [];
  for (const entry of newestFirst) {
    if (entry.seq >= below || (query.until !== undefined && entry.at >= query.until)) continue;
    // A clock may be set back: entries are ordered by number, not by time.
    if (entry.at < since || !matches(entry, query)) continue;
    if (entries.length === query.limit) return { entries, next: String((entries.at(-1) as AuditLogEntry).seq) };
    entries.push(entry);
  }
  return { entries, next: null };
}
