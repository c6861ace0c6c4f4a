import { mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ChainCheck } from "../chain.js";
import { CLASSES, GENESIS } from "../entry.js";
import { auditError } from "../errors.js";
import type { AuditClass, AuditLogEntry, AuditProblem, AuditVerification } from "../keys.js";
import { readSegment, type Segment, segmentsIn } from "./segment.js";

/** Where a chain stood: beside the entries, so that a log whose end was cut off does not look whole. */
export interface Place {
  readonly seq: number;
  readonly hash: string;
}
/** By class: the newest entry written, and the newest that retention has deleted. */
export interface Ends {
  readonly heads: Readonly<Record<AuditClass, Place>>;
  readonly anchors: Readonly<Record<AuditClass, Place>>;
}

const place = z.strictObject({ seq: z.number().int().nonnegative(), hash: z.string().length(64) });
const byClass = z.strictObject({ denial: place, change: place, access: place, run: place });
const endsSchema = z.strictObject({ version: z.literal(1), heads: byClass, anchors: byClass });

const START: Place = { seq: 0, hash: GENESIS };
const NOTHING: Ends["heads"] = { denial: START, change: START, access: START, run: START };

const endsPath = (folder: string): string => join(folder, "ends.json");
const isMissing = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "ENOENT";

/** Where the chains stood when this was last written; null when nobody wrote it, or somebody spoilt it. */
async function readEnds(folder: string): Promise<Ends | null> {
  try {
    const parsed = endsSchema.safeParse(JSON.parse(await readFile(endsPath(folder), "utf8")));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Replaces it as a whole: a crash leaves the old or the new one. */
export async function writeEnds(folder: string, { heads, anchors }: Ends): Promise<void> {
  const next = `${endsPath(folder)}.next`;
  await writeFile(next, `${JSON.stringify({ version: 1, heads, anchors })}\n`);
  await rename(next, endsPath(folder));
}

/**
 * Takes the folder for this process.
 *
 * @returns gives it back
 * @throws GraphTapError AUDIT_LOCKED
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "lock");
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(path, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
      const holder = Number(await readFile(path, "utf8").catch(() => ""));
      if (attempt > 0 || isAlive(holder))
        throw auditError("AUDIT_LOCKED", `the audit log in ${folder} is in use.`, `Process ${holder} writes into it.`);
      // Its process is gone: it crashed.
      await rm(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM";
  }
}

/** What a folder holds when it is opened. */
export interface Opened {
  /** The newest entries, oldest first, at most `capacity` of each class and from its newest two segments. */
  readonly entries: readonly AuditLogEntry[];
  /** The segment of each class that goes on, with its size in bytes. */
  readonly current: ReadonlyMap<AuditClass, { readonly segment: Segment; readonly size: number }>;
  readonly ends: Ends;
  readonly torn: number;
  readonly problems: readonly AuditProblem[];
}

/** Reads a folder that is locked; takes off the line that a crash may have left half written. */
export async function openFolder(folder: string, capacity: Readonly<Record<AuditClass, number>>): Promise<Opened> {
  const segments = await segmentsIn(folder);
  const known = await readEnds(folder);
  const entries: AuditLogEntry[] = [];
  const current = new Map<AuditClass, { segment: Segment; size: number }>();
  const heads = { ...NOTHING };
  const problems: AuditProblem[] = [];
  let torn = 0;
  for (const of of CLASSES) {
    const newest = segments[of].slice(-2);
    const whole = newest.length === segments[of].length;
    const check = new ChainCheck(of, whole ? (known?.anchors[of].hash ?? null) : null);
    let kept: AuditLogEntry[] = [];
    for (const segment of newest) {
      const size = await mendSegment(segment);
      if (size.mended) torn++;
      for await (const found of readSegment(segment, size.bytes)) {
        check.add(found);
        if (found.entry === null) continue;
        heads[of] = { seq: found.entry.seq, hash: found.entry.hash };
        kept.push(found.entry);
        if (kept.length > 2 * capacity[of]) kept = kept.slice(-capacity[of]);
      }
      current.set(of, { segment, size: size.bytes });
    }
    // A crash may come between an entry and its place beside it, never the other way round.
    if (known !== null && known.heads[of].seq > heads[of].seq)
      problems.push({ class: of, seq: null, place: folder, problem: "cut" });
    problems.push(...check.problems);
    entries.push(...kept.slice(-capacity[of]));
  }
  entries.sort((a, b) => a.seq - b.seq);
  return { entries, current, ends: { heads, anchors: known?.anchors ?? NOTHING }, torn, problems };
}

const NEWLINE = 10;
/** Longest line that is looked for from the end of a segment, in bytes: an entry is shorter by far. */
const LONGEST = 256 * 1_024;

async function mendSegment(segment: Segment): Promise<{ bytes: number; mended: boolean }> {
  const { size } = await stat(segment.path);
  const bytes = await wholeSize(segment, size);
  if (bytes < size) await truncate(segment.path, bytes);
  return { bytes, mended: bytes < size };
}

/** Bytes up to the last whole line. */
async function wholeSize(segment: Segment, size: number): Promise<number> {
  if (size === 0) return 0;
  const handle = await open(segment.path, "r");
  try {
    const tail = Buffer.alloc(Math.min(size, LONGEST));
    await handle.read(tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(NEWLINE);
    return end < 0 ? (tail.length === size ? 0 : size) : size - tail.length + end + 1;
  } finally {
    await handle.close();
  }
}

/**
 * Checks a whole folder: every line, every chain, both ends.
 *
 * @param sizes bytes to read of the segments that are being written; others are read as far as their last whole line
 */
export async function verifyFolder(
  folder: string,
  sizes: ReadonlyMap<string, number> = new Map(),
): Promise<AuditVerification> {
  const segments = await segmentsIn(folder);
  const ends = await readEnds(folder);
  let checked = 0;
  const problems: AuditProblem[] = [];
  for (const of of CLASSES) {
    const check = new ChainCheck(of, ends?.anchors[of].hash ?? GENESIS, ends?.anchors[of].seq);
    let last: AuditLogEntry | null = null;
    for (const segment of segments[of]) {
      const size = sizes.get(segment.path) ?? (await wholeSize(segment, (await stat(segment.path)).size));
      for await (const found of readSegment(segment, size)) {
        check.add(found);
        last = found.entry ?? last;
      }
    }
    const head = ends?.heads[of];
    if (head !== undefined && head.seq > (last?.seq ?? 0)) check.end(head.hash);
    checked += check.checked;
    problems.push(...check.problems);
  }
  return { ok: problems.length === 0, checked, problems };
}
