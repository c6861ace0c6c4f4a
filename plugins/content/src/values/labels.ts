import { entriesOf, shapeOf } from "./shape.js";

/** What stands in the place of a hidden value: ids are those of detectors. */
const LABEL = /\[hidden:([a-z][a-z0-9-]{0,39})\]/g;

/**
 * The first detector of those asked about that has hidden something in a value, in its texts or in the names of its keys;
 * null where none has. `nodes`: as much of it is looked at.
 */
export function hiddenIn(value: unknown, asked: (detector: string) => boolean, nodes: number): string | null {
  const seen = new Set<object>();
  const todo: unknown[] = [value];
  let left = nodes;
  for (let at = todo.pop(); at !== undefined && left > 0; at = todo.pop()) {
    left--;
    if (typeof at === "string") {
      if (!at.includes("[hidden:")) continue;
      for (const [, detector = ""] of at.matchAll(LABEL)) if (asked(detector)) return detector;
    } else if (typeof at === "object" && at !== null && !seen.has(at)) {
      seen.add(at);
      const shape = shapeOf(at);
      if (shape === "opaque" || shape === "unreadable") continue;
      for (const [key, part] of entriesOf(at, shape, false) ?? []) {
        if (typeof key === "string") todo.push(key);
        if (typeof part === "string" || typeof part === "object") todo.push(part);
      }
    }
  }
  return null;
}
