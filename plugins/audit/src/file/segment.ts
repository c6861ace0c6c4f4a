import { createReadStream } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Found } from "../chain.js";
import { fieldsSchema } from "../entry.js";
import type { AuditClass, AuditLogEntry } from "../keys.js";

/** A file of entries of one class, one per line, named by the number of its first: names sort as numbers do. */
export interface Segment {
  readonly class: AuditClass;
  readonly first: number;
  readonly path: string;
}

const DIGITS = 15;
export const segmentName = (of: AuditClass, first: number): string =>
  `${of}-${String(first).padStart(DIGITS, "0")}.jsonl`;

/** All segments of a folder, by class, oldest first. Other files are nobody's. */
export async function segmentsIn(folder: string): Promise<Readonly<Record<AuditClass, readonly Segment[]>>> {
  const found: Record<AuditClass, Segment[]> = { denial: [], change: [], access: [], run: [] };
  for (const name of (await readdir(folder)).sort()) {
    const match = /^(denial|change|access|run)-(\d{15})\.jsonl$/.exec(name);
    if (match === null) continue;
    const of = match[1] as AuditClass;
    found[of].push({ class: of, first: Number(match[2]), path: join(folder, name) });
  }
  return found;
}

const line = fieldsSchema.extend({
  seq: z.number().int().positive(),
  at: z.number().int(),
  time: z.string(),
  previousHash: z.string(),
  hash: z.string(),
});

/** The entry that a line holds; null when it holds none. */
function entryOf(json: string): AuditLogEntry | null {
  try {
    const given: unknown = JSON.parse(json);
    // As it was written, and nothing beside: of a key that is there twice the reader would see another than the hash.
    if (JSON.stringify(given) !== json) return null;
    const parsed = line.safeParse(given);
    if (!parsed.success) return null;
    Object.freeze(parsed.data.details);
    Object.freeze(parsed.data.onBehalfOf);
    return Object.freeze(parsed.data);
  } catch {
    return null;
  }
}

/**
 * The entries of a segment, oldest first.
 *
 * @param size bytes to read: what comes after may still be on its way
 */
export async function* readSegment(segment: Segment, size: number): AsyncGenerator<Found> {
  if (size === 0) return;
  let number = 0;
  const found = (json: string): Found => ({ entry: entryOf(json), place: `${segment.path}:${++number}` });
  let rest = "";
  // By hand: what else readline takes for the end of a line may stand in a text, and is more from Node 24 on.
  for await (const part of createReadStream(segment.path, { end: size - 1, encoding: "utf8" })) {
    const lines = String(part).split("\n");
    // Only what is new is searched: a damaged segment may be one long line.
    lines[0] = rest + (lines[0] ?? "");
    rest = lines.pop() ?? "";
    for (const json of lines) yield found(json);
  }
  if (rest !== "") yield found(rest);
}

/** Longest line that is looked for from the end of a segment, in bytes: an entry is shorter by far. */
export const LONGEST = 1_048_576;

/** The newest entry of a segment, from its end: what comes before need not be read. Null: none can be read there. */
export async function lastOf(segment: Segment): Promise<AuditLogEntry | null> {
  const handle = await open(segment.path, "r");
  try {
    const { size } = await handle.stat();
    const tail = Buffer.alloc(Math.min(size, LONGEST));
    await handle.read(tail, 0, tail.length, size - tail.length);
    for (const json of tail.toString("utf8").split("\n").reverse()) {
      const entry = json === "" ? null : entryOf(json);
      if (entry !== null) return entry;
    }
    return null;
  } finally {
    await handle.close();
  }
}
