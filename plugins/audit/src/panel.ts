import type { AuditLogEntry, AuditStats, AuditSystemPanel, AuditUserPanel } from "./keys.js";

/** Entries that a user is shown. */
export const RECENT = 10;
const CODES = 10;

export function userPanel(entries: readonly AuditLogEntry[]): AuditUserPanel {
  return {
    recent: entries.map(({ time, event, decision, tool, code, workflow }) => ({
      time,
      event,
      decision,
      tool,
      code,
      workflow,
    })),
  };
}

export function systemPanel(
  stats: AuditStats,
  denials: readonly AuditLogEntry[],
  changes: readonly AuditLogEntry[],
): AuditSystemPanel {
  const counts = new Map<string, number>();
  for (const { code } of denials) if (code !== null) counts.set(code, (counts.get(code) ?? 0) + 1);
  const of = (decision: AuditLogEntry["decision"]): number =>
    changes.filter((entry) => entry.decision === decision).length;
  const { file, kept, dropped } = stats;
  return {
    entries: stats.appended,
    kept,
    dropped,
    denialsByCode: [...counts]
      .map(([code, count]) => ({ code, count }))
      .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
      .slice(0, CODES),
    changes: { granted: of("granted"), revoked: of("revoked") },
    file: file === null ? null : withoutFolder(file),
  };
}

function withoutFolder(file: NonNullable<AuditStats["file"]>): Omit<NonNullable<AuditStats["file"]>, "folder"> {
  const { folder: _folder, ...shown } = file;
  return shown;
}
