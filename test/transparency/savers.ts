import type { MemorySaver } from "@langchain/langgraph";

const text = new TextDecoder();

/** Bytes of a stored value as the JSON they hold: keys keep their stored order. */
function stored(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const json = text.decode(value);
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
}

/** All that a saver holds, byte for byte: checkpoints with metadata and parents, and pending writes. */
export function dumpSaver(saver: MemorySaver): unknown {
  const checkpoints: unknown[] = [];
  for (const [thread, spaces] of Object.entries(saver.storage)) {
    for (const [ns, byId] of Object.entries(spaces)) {
      for (const [id, record] of Object.entries(byId))
        checkpoints.push({ thread, ns, id, record: [...(record as Iterable<unknown>)].map(stored) });
    }
  }
  const writes: unknown[] = [];
  for (const [key, byTask] of Object.entries(saver.writes)) {
    for (const [task, record] of Object.entries(byTask))
      writes.push({
        checkpoint: JSON.parse(key) as unknown,
        task,
        record: [...(record as Iterable<unknown>)].map(stored),
      });
  }
  return { checkpoints, writes };
}
