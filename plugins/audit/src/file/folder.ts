import { open, readFile, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ChainCheck } from "../chain.js";
import { CLASSES, GENESIS } from "../entry.js";
import { auditError } from "../errors.js";
import type { AuditClass, AuditLogEntry, AuditProblem, AuditVerification } from "../keys.js";
import { LONGEST, readSegment, type Segment, segmentsIn } from "./segment.js";

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

export const endsPath = (folder: string): string => join(folder, "ends.json");
const isMissing = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "ENOENT";

/** Where the chains stood when this was last written; else what is wrong with it. */
async function readEnds(folder: string): Promise<Ends | "missing" | "unreadable"> {
  try {
    const parsed = endsSchema.safeParse(JSON.parse(await readFile(endsPath(folder), "utf8")));
    return parsed.success ? parsed.data : "unreadable";
  } catch (error) {
    if (isMissing(error)) return "missing";
    if (error instanceof SyntaxError) return "unreadable";
    throw error;
  }
}

/** It is made before the first entry and replaced as a whole: without it, or with a spoilt one, somebody was there. */
const withoutEnds = (folder: string, of: AuditClass, problem: "missing" | "unreadable"): AuditProblem => ({
  class: of,
  seq: null,
  place: endsPath(folder),
  problem,
});

/** Replaces it as a whole: a crash leaves the old or the new one. */
export async function writeEnds(folder: string, { heads, anchors }: Ends): Promise<void> {
  const next = `${endsPath(folder)}.next`;
  await writeFile(next, `${JSON.stringify({ version: 1, heads, anchors })}\n`);
  await rename(next, endsPath(folder));
}

/** What a folder holds when it is opened. */
export interface Opened {
  /** The newest entries, oldest first, at most `capacity` of each class and from its newest two segments. */
  readonly entries: readonly AuditLogEntry[];
  /** The segment of each class that goes on, with its size in bytes and the time of its first entry. */
  readonly current: ReadonlyMap<
    AuditClass,
    { readonly segment: Segment; readonly size: number; readonly begun: number }
  >;
  readonly ends: Ends;
  readonly torn: number;
  readonly problems: readonly AuditProblem[];
}

/** Reads a folder that is locked; takes off the line that a crash may have left half written. */
export async function openFolder(folder: string, capacity: Readonly<Record<AuditClass, number>>): Promise<Opened> {
  const segments = await segmentsIn(folder);
  const found = await readEnds(folder);
  const known = typeof found === "string" ? null : found;
  const entries: AuditLogEntry[] = [];
  const current = new Map<AuditClass, { segment: Segment; size: number; begun: number }>();
  const heads = { ...NOTHING };
  const problems: AuditProblem[] = [];
  let torn = 0;
  for (const of of CLASSES) {
    const all = keptOf(segments[of], known?.anchors[of] ?? START);
    const newest = all.slice(-2);
    const whole = newest.length === all.length;
    const head = known?.heads[of] ?? null;
    const check = new ChainCheck(of, whole ? (known?.anchors[of].hash ?? null) : null, known?.anchors[of].seq, head);
    if (typeof found === "string" && all.length > 0) problems.push(withoutEnds(folder, of, found));
    let kept: AuditLogEntry[] = [];
    for (const segment of newest) {
      const size = await mendSegment(segment);
      if (size.mended) torn++;
      let begun: number | null = null;
      for await (const line of readSegment(segment, size.bytes)) {
        check.add(line);
        const { entry } = line;
        if (entry === null) continue;
        begun ??= entry.at;
        heads[of] = { seq: entry.seq, hash: entry.hash };
        kept.push(entry);
        if (kept.length > 2 * capacity[of]) kept = kept.slice(-capacity[of]);
      }
      current.set(of, { segment, size: size.bytes, begun: begun ?? Number.POSITIVE_INFINITY });
    }
    // A crash may come between an entry and its place beside it, never the other way round.
    if (check.lacksEnd) problems.push({ class: of, seq: null, place: folder, problem: "cut" });
    // The chain goes on from what is gone, so that the gap shows for good and not only until the next start.
    if (head !== null && (check.lacksEnd || check.endsWrong))
      heads[of] = { seq: Math.max(head.seq, heads[of].seq), hash: head.hash };
    problems.push(...check.problems);
    entries.push(...kept.slice(-capacity[of]));
  }
  entries.sort((a, b) => a.seq - b.seq);
  const ends: Ends = { heads, anchors: known?.anchors ?? NOTHING };
  if (known === null) await writeEnds(folder, ends);
  return { entries, current, ends, torn, problems };
}

/** Without those that retention was about to delete when the process ended, or could not delete. */
export const keptOf = (segments: readonly Segment[], { seq }: Place): readonly Segment[] =>
  segments.filter(({ first }) => first > seq);

const NEWLINE = 10;
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

/** How far a log that is being written has come, at one moment. */
export interface Written {
  /** Bytes of the segments that are being written, by path. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly ends: Ends;
}

/** Retention may delete what is about to be read; more often in a row it will not. */
const ATTEMPTS = 10;

/**
 * Checks a whole folder: every line, every chain, both ends. It may be written meanwhile.
 *
 * @param written how far the writer of this process has come; without it, what the folder says of itself counts
 */
export async function verifyFolder(folder: string, written?: () => Written): Promise<AuditVerification> {
  const endsNow = (): ReturnType<typeof readEnds> => Promise.resolve(written?.().ends ?? readEnds(folder));
  for (let attempt = 1; ; attempt++) {
    const now = written?.() ?? null;
    // The ends first: what is written after them is then only more than they say.
    const ends = now?.ends ?? (await readEnds(folder));
    const found = await verifyOnce(folder, ends, now).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (found?.ok === true) return found;
    const isStale = !sameAnchors(ends, await endsNow());
    if (isStale && attempt < ATTEMPTS) continue;
    if (found !== null) return found;
    throw auditError("AUDIT_FOLDER_BROKEN", `the audit log in ${folder} could not be read.`, "A file of it is gone.");
  }
}

const sameAnchors = (a: Ends | string, b: Ends | string): boolean =>
  typeof a === "string" || typeof b === "string"
    ? a === b
    : CLASSES.every((of) => a.anchors[of].seq === b.anchors[of].seq);

async function verifyOnce(
  folder: string,
  found: Awaited<ReturnType<typeof readEnds>>,
  now: Written | null,
): Promise<AuditVerification> {
  const ends = typeof found === "string" ? null : found;
  const segments = await segmentsIn(folder);
  let checked = 0;
  const problems: AuditProblem[] = [];
  for (const of of CLASSES) {
    const check = new ChainCheck(of, ends?.anchors[of].hash ?? GENESIS, ends?.anchors[of].seq, ends?.heads[of]);
    if (typeof found === "string" && segments[of].length > 0) problems.push(withoutEnds(folder, of, found));
    for (const segment of keptOf(segments[of], ends?.anchors[of] ?? START)) {
      // Begun since: its entries are not among those that are asked about.
      if (now !== null && segment.first > now.ends.heads[of].seq) continue;
      const size = now?.sizes.get(segment.path) ?? (await wholeSize(segment, (await stat(segment.path)).size));
      for await (const line of readSegment(segment, size)) check.add(line);
    }
    if (check.lacksEnd) check.cut();
    checked += check.checked;
    problems.push(...check.problems);
  }
  return { ok: problems.length === 0, checked, problems };
}
