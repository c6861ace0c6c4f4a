import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import type { Line } from "../../parity-modes/record.js";

/** What the stacks of a server wrote to a file, by conversation. */
export interface Events {
  /** What was seen of a conversation, or of all. */
  lines(thread?: string): readonly Line[];
  /** Whether code inside a run of the conversation has come to its point. */
  reached(thread: string): boolean;
}

/** Reads a file that another process appends to; asked for many times a second, so only what is new is read. */
export function readEvents(file: string): Events {
  writeFileSync(file, "");
  const all: Line[] = [];
  const byThread = new Map<string | null, Line[]>();
  const points = new Set<string | null>();
  const block = Buffer.alloc(1 << 16);
  let position = 0;
  let rest = Buffer.alloc(0);

  const take = (text: string): void => {
    const line = JSON.parse(text) as Line;
    if (line.hook === "point.reached") return void points.add(line.threadId);
    all.push(line);
    const known = byThread.get(line.threadId);
    if (known === undefined) byThread.set(line.threadId, [line]);
    else known.push(line);
  };
  const read = (): void => {
    const descriptor = openSync(file, "r");
    try {
      for (let size; (size = readSync(descriptor, block, 0, block.length, position)) > 0; position += size)
        rest = Buffer.concat([rest, block.subarray(0, size)]);
    } finally {
      closeSync(descriptor);
    }
    const end = rest.lastIndexOf("\n");
    if (end < 0) return;
    for (const text of rest.subarray(0, end).toString().split("\n")) take(text);
    rest = rest.subarray(end + 1);
  };
  return {
    lines(thread) {
      read();
      return [...(thread === undefined ? all : (byThread.get(thread) ?? []))];
    },
    reached(thread) {
      read();
      return points.has(thread);
    },
  };
}
