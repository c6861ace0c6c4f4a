import { hash } from "node:crypto";
import { z } from "zod";
import type { AuditClass, AuditDecision, AuditFields, AuditInput, AuditLogEntry, AuditParty } from "./keys.js";

export const CLASSES = ["denial", "change", "access", "run"] as const satisfies readonly AuditClass[];
export const DECISIONS = [
  "allowed",
  "denied",
  "granted",
  "revoked",
  "flagged",
] as const satisfies readonly AuditDecision[];
/** What the first entry of a chain follows. */
export const GENESIS = "0".repeat(64);

/** Longest text of a field, in characters; more is cut and marked. */
export const MAX_TEXT = 1_024;
/** Most keys of `details`. */
const MAX_DETAILS = 32;
const MARK = "…";

type Details = NonNullable<AuditFields["details"]>;

// Not z.record: it builds an object of its own, from which a key called "__proto__" is gone, and with it the hash.
const detailsSchema = z.custom<Details>(
  (given) =>
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    Object.values(given).every(
      (value) => value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value),
    ),
  "expected texts, finite numbers, booleans and null by name",
);

const text = z.string().nullable();
/** Every field of an entry that its caller gives, whole: an input may leave out what is null. */
export const fieldsSchema = z.strictObject({
  event: z.string(),
  class: z.enum(CLASSES),
  decision: z.enum(DECISIONS).nullable(),
  actor: text,
  userId: text,
  service: text,
  tenantId: text,
  onBehalfOf: z.strictObject({ userId: text, tenantId: text }).nullable(),
  runId: text,
  threadId: text,
  workflow: text,
  node: text,
  tool: text,
  method: text,
  executionId: text,
  code: text,
  reason: text,
  plugin: text,
  argsHash: text,
  policyVersion: z.number().nullable(),
  details: detailsSchema.nullable(),
});

/** Where an entry stands in the log. */
export interface Position {
  readonly seq: number;
  readonly at: number;
  readonly previousHash: string;
}

/** Counts what had to be cut. */
export interface Cuts {
  cut: number;
}

/** The entry that an input makes at its position: frozen, bounded and chained. */
export function seal(input: AuditInput, { seq, at, previousHash }: Position, cuts: Cuts): AuditLogEntry {
  const text = (value: string | null | undefined): string | null => {
    if (value === undefined || value === null) return null;
    if (value.length <= MAX_TEXT) return value;
    cuts.cut++;
    return value.slice(0, MAX_TEXT - MARK.length) + MARK;
  };
  const party = (value: AuditParty | null | undefined): AuditParty | null =>
    value === undefined || value === null
      ? null
      : Object.freeze({ userId: text(value.userId), tenantId: text(value.tenantId) });
  const entry = {
    seq,
    at,
    time: new Date(at).toISOString(),
    event: text(input.event) as string,
    class: input.class,
    decision: input.decision ?? null,
    actor: text(input.actor),
    userId: text(input.userId),
    service: text(input.service),
    tenantId: text(input.tenantId),
    onBehalfOf: party(input.onBehalfOf),
    runId: text(input.runId),
    threadId: text(input.threadId),
    workflow: text(input.workflow),
    node: text(input.node),
    tool: text(input.tool),
    method: text(input.method),
    executionId: text(input.executionId),
    code: text(input.code),
    reason: text(input.reason),
    plugin: text(input.plugin),
    argsHash: text(input.argsHash),
    policyVersion: input.policyVersion ?? null,
    details: details(input.details, text, cuts),
    previousHash,
    hash: "",
  };
  entry.hash = digest(entry);
  return Object.freeze(entry);
}

function details(
  given: AuditFields["details"] | undefined,
  text: (value: string) => string | null,
  cuts: Cuts,
): AuditFields["details"] {
  if (given === undefined || given === null) return null;
  const keys = Object.keys(given).sort();
  if (keys.length > MAX_DETAILS) cuts.cut++;
  const kept = Object.create(null) as Record<string, string | number | boolean | null>;
  for (const key of keys.slice(0, MAX_DETAILS)) {
    const value = given[key] ?? null;
    kept[text(key) as string] = typeof value === "string" ? text(value) : value;
  }
  return Object.freeze(kept);
}

/**
 * SHA-256 over an entry without its hash. The fields go in as one JSON list in a fixed order, so no two entries share a
 * text; `details` have sorted keys.
 */
export function digest(entry: Omit<AuditLogEntry, "hash">): string {
  const party = entry.onBehalfOf;
  const details = entry.details;
  return hash(
    "sha256",
    JSON.stringify([
      1,
      entry.seq,
      entry.at,
      entry.time,
      entry.event,
      entry.class,
      entry.decision,
      entry.actor,
      entry.userId,
      entry.service,
      entry.tenantId,
      party === null ? null : [party.userId, party.tenantId],
      entry.runId,
      entry.threadId,
      entry.workflow,
      entry.node,
      entry.tool,
      entry.method,
      entry.executionId,
      entry.code,
      entry.reason,
      entry.plugin,
      entry.argsHash,
      entry.policyVersion,
      details === null
        ? null
        : Object.keys(details)
            .sort()
            .map((key) => [key, details[key]]),
      entry.previousHash,
    ]),
    "hex",
  );
}
