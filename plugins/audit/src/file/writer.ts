import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@graphtap/kernel";
import { CLASSES } from "../entry.js";
import { auditError } from "../errors.js";
import type { AuditClass, AuditFileStats, AuditLogEntry } from "../keys.js";
import { type Ends, keptOf, type Opened, writeEnds, type Written } from "./folder.js";
import { lastOf, type Segment, segmentName, segmentsIn } from "./segment.js";

export interface WriterOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** Bytes of one segment; the next entry begins another. */
  readonly segmentBytes: number;
  /** Segments kept per class; the oldest go first. */
  readonly maxSegments: number;
  /** Milliseconds after its last entry that a segment is kept, per class; null: as long as there is room. */
  readonly maxAgeMs: Readonly<Record<AuditClass, number | null>>;
  /** Entries that may wait for the disk; more are lost, and counted. */
  readonly maxWaiting: number;
  onFailure(error: unknown): void;
  /** A segment whose time is over could not be deleted. */
  onKept(path: string, error: unknown): void;
}

interface Current {
  segment: Segment;
  size: number;
  /** Epoch milliseconds of its first entry. */
  begun: number;
  handle: FileHandle | null;
}

/**
 * A class of which entries are kept for some time begins a segment at least so often in that time, and not more often
 * than each second: only whole segments are deleted, so a file that a quiet class never fills would keep them for good.
 */
const SEGMENTS_PER_AGE = 4;
const SHORTEST_MS = 1_000;

/** Milliseconds until a write that failed is tried again. */
const RETRY_MS = 1_000;

/** Appends entries to the segments of a folder: in order, in batches, synced to disk before they count as written. */
export class AuditWriter {
  readonly #options: WriterOptions;
  readonly #current = new Map<AuditClass, Current>();
  #ends: Ends;
  #waiting: AuditLogEntry[] = [];
  #underWay = 0;
  #begun = false;
  #settled = 0;
  #closed = false;
  #writing: Promise<void> | null = null;
  #retry: ReturnType<Clock["setTimeout"]> | null = null;
  #written = 0;
  #lost = 0;
  #error: unknown = null;

  constructor(options: WriterOptions, opened: Pick<Opened, "current" | "ends">) {
    this.#options = options;
    this.#ends = opened.ends;
    for (const [of, current] of opened.current) this.#current.set(of, { ...current, handle: null });
  }

  get failing(): boolean {
    return this.#error !== null || this.#lost > 0;
  }

  /** Entries that are not on disk yet, those on their way included. */
  get #unsettled(): number {
    return this.#waiting.length + this.#underWay;
  }

  push(entry: AuditLogEntry): void {
    if (this.#closed || this.#unsettled >= this.#options.maxWaiting) {
      this.#lost++;
      return;
    }
    this.#waiting.push(entry);
    if (this.#error === null) void this.#begin();
  }

  /**
   * Resolves when everything that was appended before is on disk; what comes meanwhile is not waited for.
   *
   * @throws GraphTapError AUDIT_NOT_WRITTEN
   */
  async flush(): Promise<void> {
    const target = this.#settled + this.#unsettled;
    while (this.#settled < target) {
      await (this.#writing ?? this.#begin());
      if (this.#error !== null) {
        throw auditError(
          "AUDIT_NOT_WRITTEN",
          `${this.#unsettled} audit entries are not on disk.`,
          messageOf(this.#error),
          this.#error,
        );
      }
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      // What comes now would be written beside whoever takes the folder next.
      this.#closed = true;
      while (this.#writing !== null) await this.#writing;
      if (this.#retry !== null) this.#options.clock.clearTimeout(this.#retry);
      for (const one of this.#current.values()) await one.handle?.close();
      this.#current.clear();
    }
  }

  /** What is on disk at this moment. */
  soFar(): Written {
    const sizes = new Map([...this.#current.values()].map(({ segment, size }) => [segment.path, size]));
    return { sizes, ends: this.#ends };
  }

  /** Hash of the newest entry of a class that is on disk. */
  headOf(of: AuditClass): string {
    return this.#ends.heads[of].hash;
  }

  stats(torn: number): AuditFileStats {
    return {
      folder: this.#options.folder,
      written: this.#written,
      waiting: this.#unsettled,
      lost: this.#lost,
      torn,
      state: this.failing ? "failing" : "ok",
      error: this.#error === null ? null : messageOf(this.#error),
    };
  }

  #begin(): Promise<void> {
    this.#writing ??= this.#batch().finally(() => {
      this.#writing = null;
      if (this.#waiting.length > 0 && this.#error === null) void this.#begin();
    });
    return this.#writing;
  }

  async #batch(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#underWay = batch.length;
    let at = 0;
    try {
      for (const group of inOrder(batch)) {
        await this.#append(group);
        at += group.length;
      }
      await writeEnds(this.#options.folder, this.#ends);
      this.#error = null;
      if (this.#begun) await this.retire();
    } catch (error) {
      this.#waiting = [...remaining(batch, at), ...this.#waiting];
      if (this.#error === null) this.#options.onFailure(error);
      this.#error = error;
      this.#retryLater();
    } finally {
      this.#underWay = 0;
      this.#settled += at;
    }
  }

  #retryLater(): void {
    const { clock } = this.#options;
    if (this.#retry !== null) clock.clearTimeout(this.#retry);
    this.#retry = clock.setTimeout(() => {
      this.#retry = null;
      void this.#begin();
    }, RETRY_MS);
  }

  /** One class of a batch. All of it is on disk, or none: a half that a failure left is taken off again. */
  async #append(entries: readonly AuditLogEntry[]): Promise<void> {
    const [first] = entries;
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return;
    const current = await this.#currentFor(first);
    current.handle ??= await open(current.segment.path, "a");
    const bytes = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    try {
      await current.handle.writeFile(bytes);
      await current.handle.datasync();
    } catch (error) {
      await current.handle.truncate(current.size).catch(() => undefined);
      await current.handle.close().catch(() => undefined);
      current.handle = null;
      throw error;
    }
    current.size += bytes.length;
    this.#written += entries.length;
    this.#ends = { ...this.#ends, heads: { ...this.#ends.heads, [first.class]: { seq: last.seq, hash: last.hash } } };
  }

  async #currentFor(entry: AuditLogEntry): Promise<Current> {
    const { folder, segmentBytes, maxAgeMs } = this.#options;
    const current = this.#current.get(entry.class);
    const age = maxAgeMs[entry.class];
    const slice = age === null ? Number.POSITIVE_INFINITY : Math.max(SHORTEST_MS, age / SEGMENTS_PER_AGE);
    if (current !== undefined && current.size < segmentBytes && entry.at - current.begun < slice) return current;
    await current?.handle?.close();
    const name = segmentName(entry.class, entry.seq);
    const next: Current = {
      segment: { class: entry.class, first: entry.seq, path: join(folder, name) },
      size: 0,
      begun: entry.at,
      handle: null,
    };
    this.#current.set(entry.class, next);
    this.#begun = true;
    return next;
  }

  /** Deletes segments that are too many or too old. What cannot be deleted, or read, keeps nothing else. */
  async retire(): Promise<void> {
    this.#begun = false;
    for (const of of CLASSES)
      await this.#retire(of).catch((error: unknown) => this.#options.onKept(this.#options.folder, error));
  }

  async #retire(of: AuditClass): Promise<void> {
    const { folder, maxSegments, maxAgeMs, clock, onKept } = this.#options;
    const found = (await segmentsIn(folder))[of];
    const all = keptOf(found, this.#ends.anchors[of]);
    // The process ended just before it was deleted. Only that one: places that somebody spoilt must not delete a log.
    for (const segment of found.filter((one) => !all.includes(one)))
      if ((await lastOf(segment).catch(() => null))?.hash === this.#ends.anchors[of].hash) await rm(segment.path);
    const age = maxAgeMs[of];
    for (const [at, segment] of all.entries()) {
      const next = all[at + 1];
      // The newest one on disk is never deleted: the chain goes on from it.
      if (next === undefined) return;
      const tooMany = all.length - at > maxSegments;
      if (!tooMany && age === null) return;
      const end = await lastOf(segment).catch(() => null);
      const since = end?.at ?? (await stat(segment.path)).mtimeMs;
      if (!tooMany && (age === null || since > clock.now() - age)) return;
      // The place it ends at is remembered first. Of one in which nothing can be read nobody knows the hash: what
      // follows it goes on looking as if something were missing, until it is deleted as well.
      const { hash } = end ?? this.#ends.anchors[of];
      const anchor = { seq: end?.seq ?? next.first - 1, hash };
      this.#ends = { ...this.#ends, anchors: { ...this.#ends.anchors, [of]: anchor } };
      await writeEnds(folder, this.#ends);
      await rm(segment.path).catch((error: unknown) => onKept(segment.path, error));
    }
  }
}

const inOrder = (batch: readonly AuditLogEntry[]): AuditLogEntry[][] =>
  CLASSES.map((of) => batch.filter((entry) => entry.class === of)).filter((group) => group.length > 0);

/** What of a batch is still to be written, when the first `done` of its groups' entries are. */
function remaining(batch: readonly AuditLogEntry[], done: number): AuditLogEntry[] {
  return inOrder(batch)
    .flat()
    .slice(done)
    .sort((a, b) => a.seq - b.seq);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
