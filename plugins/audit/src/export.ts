import type { AuditLogEntry } from "./keys.js";

const COLUMNS = [
  "seq",
  "time",
  "event",
  "class",
  "decision",
  "actor",
  "userId",
  "service",
  "tenantId",
  "runId",
  "threadId",
  "workflow",
  "node",
  "tool",
  "method",
  "executionId",
  "code",
  "reason",
  "plugin",
  "argsHash",
  "policyVersion",
  "hash",
] as const satisfies readonly (keyof AuditLogEntry)[];

/** One entry per line. */
export const toJsonLines = (entries: readonly AuditLogEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");

/** With a header. A cell that a spreadsheet would run as a formula is made text. */
export const toCsv = (entries: readonly AuditLogEntry[]): string =>
  `${[COLUMNS.join(","), ...entries.map((entry) => COLUMNS.map((column) => cell(entry[column])).join(","))].join("\r\n")}\r\n`;

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One entry for a terminal. Control characters of names are shown, not obeyed. */
export function toLine({
  time,
  event,
  decision,
  tool,
  userId,
  service,
  tenantId,
  code,
  reason,
}: AuditLogEntry): string {
  const who = userId ?? service ?? "-";
  const parts = [time, event, decision ?? "-", tenantId === null ? who : `${who}@${tenantId}`, tool, code, reason];
  return parts
    .filter((part) => part !== null)
    .join("  ")
    .replaceAll(/\p{Cc}/gu, "\uFFFD");
}
