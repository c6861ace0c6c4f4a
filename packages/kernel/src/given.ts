import type { z } from "zod";

/** What a value is, in a few words. Numbers and the like are shown; of texts, lists and objects never the contents. */
export function described(value: unknown): string {
  if (typeof value === "string") return value === "" ? "an empty text" : `a text of ${value.length} characters`;
  if (typeof value === "function") return `${isClass(value) ? "class" : "function"} ${value.name || "(anonymous)"}`;
  if (Array.isArray(value)) {
    const [first] = value as unknown[];
    return `a list of ${value.length}${value.length === 0 || Array.isArray(first) ? "" : ` (${described(first)})`}`;
  }
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  const kind: unknown = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor
    ?.name;
  return typeof kind === "string" && kind !== "Object" ? `an instance of ${kind}` : "an object";
}

export const isClass = (value: unknown): boolean => /^class\b/.test(Function.prototype.toString.call(value));

/** As `described`, but texts are shown: for names, which hold no secret. */
export const named = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : described(value);

/**
 * A line for each issue of a zod error: where it is, what was expected, what was got. Of texts, lists and objects never
 * the contents.
 *
 * @param schema names the keys there are where one is unknown; null names none
 * @param whole what the value as a whole is called
 */
export function problemsOf(error: z.ZodError, given: unknown, schema: unknown, whole = "options"): string[] {
  const { shape = {} } = (schema ?? {}) as { shape?: object };
  return error.issues.map(({ code, message, path }) => {
    let value = given;
    // A short form, such as a number for a list of limits, has nothing further in.
    for (const key of path)
      if (typeof value === "object") value = (value as Record<PropertyKey, unknown> | null)?.[key];
    const unknown = code === "unrecognized_keys";
    const got = unknown || / received | got /.test(message) ? "" : `, got ${described(value)}`;
    const known = unknown && path.length === 0 ? Object.keys(shape) : [];
    const others = known.length === 0 ? "" : `; there are ${known.join(", ")}`;
    return `${path.map(String).join(".") || whole}: ${message}${got}${others}`;
  });
}

/** Whether a value fits, and what is expected in words; the third: it may not be left out. */
export type Rule = readonly [fits: (value: unknown) => boolean, expected: string, needed?: true];

/** A line for each option that is unknown or does not fit. A misspelt one would leave its default in force without a word. */
export function misfits(given: unknown, rules: Readonly<Record<string, Rule>>): string[] {
  if (typeof given !== "object" || given === null) return [`expected an object, got ${described(given)}`];
  const values = new Map<string, unknown>(Object.entries(given));
  const wrong = Object.entries(rules).flatMap(([name, [fits, expected, needed]]) => {
    const value = values.get(name);
    const left = !values.delete(name) || value === undefined;
    return (left && needed === undefined) || fits(value)
      ? []
      : [`${name}: expected ${expected}, got ${described(value)}`];
  });
  const unknown = [...values.keys()].map(
    (name) => `${name}: no such option; there are ${Object.keys(rules).join(", ")}`,
  );
  return [...unknown, ...wrong];
}

export const isFunction = (value: unknown): boolean => typeof value === "function";
export const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
/** Milliseconds that something may take. */
export const isWaitable = (value: unknown): boolean => typeof value === "number" && value > 0;
export const isListOf =
  (fits: (item: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(fits);
/** Whether it is an object with these methods. */
export const has =
  (...methods: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    methods.every((method) => isFunction((value as Record<string, unknown>)[method]));
