import { BaseCallbackHandler } from "@langchain/core/callbacks/base";

/** Deeper things are cut: nothing in the gallery is, and a cycle through getters must not hang the suite. */
const DEPTH = 40;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/**
 * Live machinery that debug chunks carry along: savers (recorded on their own), schemas (with caches that fill as they
 * are used), graphs, models, tools and streams. Their class is compared, not their inside.
 */
function machinery(value: object): boolean {
  const has = (key: string): boolean => key in value;
  return (
    has("getTuple") ||
    has("_zod") ||
    has("_def") ||
    has("lg_is_pregel") ||
    has("_generate") ||
    has("_call") ||
    has("lg_is_runnable") ||
    (has("invoke") && has("batch")) ||
    value instanceof ReadableStream ||
    has("getReader") ||
    (has("addHandler") && !has("handlers"))
  );
}

/** How LangChain names an object in a trace; that name, not the class, is what anybody sees of a runnable. */
function lcId(value: object): string | undefined {
  const { toJSON } = value as { toJSON?: () => unknown };
  if (typeof toJSON !== "function") return undefined;
  const { id, type } = (toJSON.call(value) ?? {}) as { id?: string[]; type?: string };
  return id === undefined ? undefined : `${type} ${id.join("/")}`;
}

/**
 * Anything as plain data, with its classes: what JSON would drop (undefined, functions, class names, errors, symbols as
 * keys) stays visible, in the order of the keys. Own enumerable properties only, no toJSON.
 */
export function dump(value: unknown, depth = 0, above = new Set<object>()): unknown {
  if (value === undefined) return "[undefined]";
  if (typeof value === "bigint") return `[bigint ${value}]`;
  if (typeof value === "symbol") return `[${String(value)}]`;
  if (typeof value === "function") return `[function ${value.name}]`;
  if (typeof value === "number" && !Number.isFinite(value)) return `[number ${value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) return "[cycle]";
  if (depth > DEPTH) return "[deep]";
  above.add(value);
  try {
    return dumpObject(value, (part) => dump(part, depth + 1, above));
  } finally {
    above.delete(value);
  }
}

function dumpObject(value: object, into: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(into);
  if (value instanceof Date) return `[date ${value.toISOString()}]`;
  if (value instanceof Map) return { "[class]": "Map", entries: [...value].map(into) };
  if (value instanceof Set) return { "[class]": "Set", values: [...value].map(into) };
  if (ArrayBuffer.isView(value))
    return `[bytes ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}]`;
  if (value instanceof Promise) return "[promise]";
  if (value instanceof AbortSignal) return `[signal ${value.aborted ? "aborted" : "open"}]`;
  if (value instanceof BaseCallbackHandler) return `[handler ${value.name}]`;
  const name = (value.constructor as { name?: string } | undefined)?.name ?? "?";
  if (machinery(value)) return `[a ${lcId(value) ?? name}]`;
  // Stacks hold file names and line numbers of whoever is on them.
  const error =
    value instanceof Error
      ? { name: value.name, message: value.message, ...("cause" in value ? { cause: into(value.cause) } : {}) }
      : {};
  const parts: Record<string, unknown> = isPlain(value) ? {} : { "[class]": name, ...error };
  for (const key of Object.keys(value)) {
    if (value instanceof Error && key === "stack") continue;
    parts[key] = into((value as Record<string, unknown>)[key]);
  }
  return parts;
}

/** What a run threw: name, message and every other property. */
export const dumpError = (error: unknown): unknown => ({ thrown: dump(error) });
