import { type CatalogEntry, GraphTapError, problemsOf } from "@graphtap/kernel";
import type { z } from "zod";

const entries = {
  AUDIT_ENTRY_INVALID: {
    title: "append() was given something that is no audit entry",
    why: "A field is missing, unknown or of the wrong type. Details are plain values: text, numbers, booleans, null.",
    do: "Correct the call; what is left out is recorded as null.",
    example:
      'stack.get(audit).append({ event: "acme.export", class: "access", decision: "allowed", userId: "alice" });',
  },
  AUDIT_FOLDER_BROKEN: {
    title: "The audit log could not be opened",
    why: "Its folder cannot be read or written, or what is in it is not an audit log that holds together.",
    do: "Keep the folder as it is for whoever looks into it, and open the log in another one. `npx graphtap audit verify` names file and line.",
  },
  AUDIT_LOCKED: {
    title: "Another process writes into this audit folder",
    why: "Two writers would break the chain of each other's entries.",
    do: "Give each process a folder of its own: audit({ folder: `./audit/${process.pid}` }).",
  },
  AUDIT_NOT_WRITTEN: {
    title: "Audit entries could not be written to disk",
    why: "The disk is full, the folder is gone, or the file may not be written. Entries that wait are tried again; those beyond maxWaiting are lost, and counted.",
    do: 'Make room, or repair the folder. With `onFailure: "deny"` no tool runs until then.',
  },
  AUDIT_QUERY_INVALID: {
    title: "A question to the audit log is wrong",
    why: "A filter is unknown, empty or of the wrong type. An empty filter is refused, because it would mean everybody.",
    do: "Leave a filter out to mean all.",
    example: 'stack.get(audit).query({ userId: "bob", decision: "denied", hours: 24 });',
  },
  AUDIT_UNAVAILABLE: {
    title: "A tool call was denied because the audit log cannot be written",
    why: 'The log is failing, and audit({ onFailure: "deny" }) lets nothing happen that would not be recorded.',
    do: "Repair the log: `stack.get(audit).stats().file.error` says what is wrong. Calls go through again once it is written.",
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code that this package throws or denies with. */
export type AuditErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<AuditErrorCode, CatalogEntry>> = Object.freeze(entries);

/** A call with wrong arguments. Names keys and what was expected, never the values. */
export function callInvalid(
  code: "AUDIT_ENTRY_INVALID" | "AUDIT_QUERY_INVALID",
  method: string,
  error: z.ZodError,
  given: unknown,
): GraphTapError {
  return new GraphTapError({
    code,
    what: `${method}() was given wrong arguments.`,
    why: problemsOf(error, given, null, "argument").join("\n"),
    do: `${entries[code].do}\n${entries[code].example}`,
    plugin: "audit",
  });
}

export function auditError(
  code: "AUDIT_ENTRY_INVALID" | "AUDIT_FOLDER_BROKEN" | "AUDIT_LOCKED" | "AUDIT_NOT_WRITTEN",
  what: string,
  why: string,
  cause?: unknown,
): GraphTapError {
  return new GraphTapError({
    code,
    what,
    why,
    do: entries[code].do,
    plugin: "audit",
    ...(cause === undefined ? {} : { cause }),
  });
}
