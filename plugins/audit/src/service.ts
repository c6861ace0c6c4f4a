import { z } from "zod";
import { auditError, callInvalid } from "./errors.js";
import { CLASSES, fieldsSchema } from "./entry.js";
import { endsPath, verifyFolder } from "./file/folder.js";
import type { AuditWriter } from "./file/writer.js";
import type {
  AuditInput,
  AuditLog,
  AuditLogEntry,
  AuditNote,
  AuditPage,
  AuditProblem,
  AuditQuery,
  AuditStats,
  AuditVerification,
} from "./keys.js";
import { Notes } from "./notes.js";
import { parseQuery } from "./query.js";
import type { AuditTrail } from "./trail.js";

const inputSchema = fieldsSchema.partial().extend({
  event: z
    .string()
    .max(128)
    .regex(/^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$/, "expected a dotted name such as acme.export"),
  class: z.enum(CLASSES),
});

/** A log on disk, as it was opened. */
export interface OpenFile {
  readonly folder: string;
  readonly writer: AuditWriter;
  readonly torn: number;
  /** What was wrong with it when it was opened. */
  readonly problems: readonly AuditProblem[];
}

/** Entries that one page may have. */
const MOST = 10_000;

/** The audit log: in memory, and on disk where a folder is given. */
export class AuditLogService implements AuditLog {
  readonly #trail: AuditTrail;
  readonly #now: () => number;
  readonly #file: OpenFile | null;
  /** Of calls under way. */
  readonly notes = new Notes();
  #broken = false;

  constructor(trail: AuditTrail, now: () => number, file: OpenFile | null) {
    this.#trail = trail;
    this.#now = now;
    this.#file = file;
    this.#broken = file !== null && file.problems.length > 0;
  }

  append(input: AuditInput): AuditLogEntry {
    let parsed;
    try {
      parsed = inputSchema.safeParse(input);
    } catch (error) {
      throw auditError(
        "AUDIT_ENTRY_INVALID",
        "append() could not read what it was given.",
        "It threw when it was read.",
        error,
      );
    }
    if (!parsed.success) throw callInvalid("AUDIT_ENTRY_INVALID", "append", parsed.error, input);
    // What was checked, and not what a getter gives the second time.
    return this.record(parsed.data as AuditInput);
  }

  /** {@link append} for what is known to be right. */
  record(input: AuditInput): AuditLogEntry {
    // A clock of one's own may count parts of milliseconds; an entry is read back as whole ones.
    const entry = this.#trail.append(input, Math.floor(this.#now()));
    this.#file?.writer.push(entry);
    return entry;
  }

  note(executionId: string, facts: AuditNote): void {
    this.notes.set(executionId, facts);
  }

  query(query: AuditQuery = {}): AuditPage {
    const parsed = parseQuery(query);
    if (!parsed.success) throw callInvalid("AUDIT_QUERY_INVALID", "query", parsed.error, query);
    return this.#trail.query(parsed.data, this.#now());
  }

  /** Every page of a query. */
  all(query: AuditQuery): readonly AuditLogEntry[] {
    const found: AuditLogEntry[] = [];
    let cursor: string | undefined;
    do {
      const { entries, next } = this.query({ ...query, limit: MOST, cursor });
      for (const entry of entries) found.push(entry);
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    return found;
  }

  async verify(): Promise<AuditVerification> {
    const memory = this.#trail.verify();
    const file = this.#file;
    if (file === null) return this.#verified(memory);
    // What cannot be written is told by stats and health; what is on disk can be checked all the same.
    await file.writer.flush().catch(() => undefined);
    // Now, before the next entry: memory and disk are to be compared at one moment.
    const atStart = file.problems.filter(({ problem, place }) => problem === "cut" || place === endsPath(file.folder));
    const cut = [...atStart, ...this.#unwritten(file)];
    const disk = await verifyFolder(file.folder, () => file.writer.soFar());
    const problems = [...memory.problems, ...cut, ...disk.problems];
    return this.#verified({ ok: problems.length === 0, checked: memory.checked + disk.checked, problems });
  }

  /** Chains that end on disk before they do in memory, although nothing waits to be written: their ends were lost. */
  #unwritten({ folder, writer, torn }: OpenFile): readonly AuditProblem[] {
    if (writer.stats(torn).waiting > 0) return [];
    return CLASSES.filter((of) => writer.headOf(of) !== this.#trail.headOf(of)).map((of) => ({
      class: of,
      seq: null,
      place: folder,
      problem: "cut",
    }));
  }

  #verified(found: AuditVerification): AuditVerification {
    if (!found.ok) this.#broken = true;
    return found;
  }

  stats(): AuditStats {
    return { ...this.#trail.stats(), file: this.#file?.writer.stats(this.#file.torn) ?? null };
  }

  async flush(): Promise<void> {
    await this.#file?.writer.flush();
  }

  async close(): Promise<void> {
    await this.#file?.writer.close();
  }

  /** Why the log cannot be trusted; null when nothing is known against it. */
  get fault(): { readonly kind: "broken" | "failing"; readonly reason: string } | null {
    if (this.#broken) return { kind: "broken", reason: "the audit chain is broken: verify() says where" };
    const file = this.#file?.writer.stats(this.#file.torn);
    if (file === undefined || file.state === "ok") return null;
    return {
      kind: "failing",
      reason:
        file.lost > 0 ? `${file.lost} audit entries were lost` : `the audit log cannot be written: ${file.error ?? ""}`,
    };
  }
}

/** Fails a boot in the words of this package. */
export const folderBroken = (folder: string, error: unknown): Error =>
  auditError(
    "AUDIT_FOLDER_BROKEN",
    `the audit log in ${folder} could not be opened.`,
    error instanceof Error ? error.message : String(error),
    error,
  );
