import { definePlugin, deny, hooks, type PluginApi } from "@graphtap/langgraph";
import { auditCommand } from "./command.js";
import { openFolder } from "./file/folder.js";
import { lockFolder } from "./file/lock.js";
import { AuditWriter } from "./file/writer.js";
import { aboutRun, Audit } from "./keys.js";
import { type AuditOptions, options } from "./options.js";
import { RECENT, systemPanel, userPanel } from "./panel.js";
import { AuditLogService, folderBroken, type OpenFile } from "./service.js";
import { AuditTrail } from "./trail.js";

/**
 * Records who did what and what was refused, as a chain of hashes: a change, a gap or a cut shows. In memory, and on
 * disk where a folder is given. Sees everything, arguments and contents never.
 *
 * @example
 * const stack = createStack({ plugins: [security(), audit({ folder: "./audit" })] });
 * stack.get(audit).query({ decision: "denied", hours: 24 }).entries;
 * await stack.get(audit).verify(); // { ok: true, ... }
 */
export const audit = definePlugin({
  name: "audit",
  version: "0.0.0",
  options,
  provides: [Audit],
  identity: "none",
  setup(api, given) {
    const trail = new AuditTrail({ capacity: given.maxEntries, maxAgeMs: given.maxAgeMs });
    if (given.folder === undefined) return wire(api, given, trail, null);
    return openFile(api, given, given.folder, trail).then((file) => wire(api, given, trail, file));
  },
});

async function openFile(api: PluginApi, given: AuditOptions, folder: string, trail: AuditTrail): Promise<OpenFile> {
  try {
    const unlock = await lockFolder(folder);
    api.onDispose(unlock);
    const opened = await openFolder(folder, given.maxEntries);
    for (const entry of opened.entries) trail.resume(entry);
    trail.continueFrom(opened.ends.heads);
    for (const { class: of, place, problem } of opened.problems)
      api.log.error(`the audit log in ${folder} does not hold together`, { class: of, place, problem });
    const { segmentBytes, maxSegments, maxAgeMs, maxWaiting } = given;
    const writer = new AuditWriter(
      {
        folder,
        clock: api.clock,
        segmentBytes,
        maxSegments,
        maxAgeMs,
        maxWaiting,
        onFailure: (error) => api.log.error(`the audit log in ${folder} cannot be written`, { error }),
        onKept: (path, error) => api.log.warn(`${path} of the audit log should be deleted and could not`, { error }),
      },
      opened,
    );
    await writer.retire();
    return { folder, writer, torn: opened.torn, problems: opened.problems };
  } catch (error) {
    throw (error as { code?: unknown }).code === "AUDIT_LOCKED" ? error : folderBroken(folder, error);
  }
}

function wire(api: PluginApi, given: AuditOptions, trail: AuditTrail, file: OpenFile | null): void {
  const log = new AuditLogService(trail, () => api.clock.now(), file);
  api.provide(Audit, log);
  api.onFlush(() => log.flush());
  api.onDispose(() => log.close());

  api.tap(hooks.tool.start, ({ name: tool, executionId, argsHash, missing }, run) => {
    if (missing === true) return;
    log.record({
      ...aboutRun(run),
      ...log.notes.take(executionId),
      event: "tool.allowed",
      class: "access",
      decision: "allowed",
      tool,
      executionId,
      argsHash,
    });
  });
  api.tap(hooks.tool.denied, ({ name: tool, executionId, code, reason, plugin, argsHash }, run) => {
    log.record({
      ...aboutRun(run),
      ...log.notes.take(executionId),
      event: "tool.denied",
      class: "denial",
      decision: "denied",
      tool,
      executionId,
      code,
      reason,
      plugin,
      argsHash,
    });
  });
  api.tap(hooks.model.denied, ({ code, reason, plugin }, run) => {
    log.record({ ...aboutRun(run), event: "model.denied", class: "denial", decision: "denied", code, reason, plugin });
  });
  api.tap(hooks.run.denied, ({ code, reason, plugin }, run) => {
    log.record({ ...aboutRun(run), event: "run.denied", class: "denial", decision: "denied", code, reason, plugin });
  });
  if (given.recordRuns) {
    api.tap(hooks.run.start, ({ kind }, run) => {
      log.record({ ...aboutRun(run), event: "run.started", class: "run", details: { kind } });
    });
    api.tap(hooks.run.end, ({ status, code, durationMs }, run) => {
      log.record({ ...aboutRun(run), event: "run.ended", class: "run", code, details: { status, durationMs } });
    });
  }
  if (given.onFailure === "deny") {
    api.tap(hooks.tool.authorize, () => {
      const { fault } = log;
      return fault === null
        ? undefined
        : deny("AUDIT_UNAVAILABLE", "No tool is available at the moment; do not retry.", { reason: fault.reason });
    });
  }

  api.tap(hooks.dashboard.collect, (scope) => {
    if (scope.kind === "user") {
      const { userId, tenantId } = scope;
      const { entries } = log.query({ userId, tenantId, limit: RECENT });
      return { id: "audit", title: "Recent activity", version: 1, data: { ...userPanel(entries) } };
    }
    const data = systemPanel(log.stats(), log.all({ class: "denial" }), log.all({ class: "change" }));
    return { id: "audit", title: "Audit log", version: 1, data: { ...data } };
  });
  api.tap(hooks.health.check, () => {
    const { fault } = log;
    if (fault === null) return { id: "audit", status: "ok" as const };
    return {
      id: "audit",
      status: "failing" as const,
      detail: fault.reason,
      gate: { cap: 0.2, reason: fault.reason },
    };
  });
  api.tap(hooks.stack.commands, () => [auditCommand(log, given.folder ?? null)]);
}
