import fc from "fast-check";

/** Keys that have bitten somebody: prototype names, integer-like ones (listed first by engines), empty, astral, lone surrogate. */
export const oddKeys = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "0", "10", "2", "-0", "", "a", "b", "😀", "\ud800", "a.b", 'q"q');

/** A small pool, so that two draws are often equal or differ in one detail only. */
const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, false, 0, -0, 1, Number.NaN, Infinity, -Infinity, 0n, 1n, "", "0", "1n", "null", "undefined", "NaN", "-0", "a", "\ud800", "Date(0)", "[]", "{}"),
  fc.constantFrom(0, 1, 1e15).map((time) => new Date(time)),
  fc.constantFrom<number[]>([], [0], [0, 1]).map((bytes) => new Uint8Array(bytes)),
  fc.constantFrom<number[]>([], [0], [0, 1]).map((bytes) => new Int8Array(bytes)),
);

function record(entries: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [key, value] of entries) Object.defineProperty(made, key, { value, writable: true, enumerable: true, configurable: true });
  return made;
}

/** Any nesting of what `canonical` accepts. */
export const data: fc.Arbitrary<unknown> = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(tie("data"), { maxLength: 3 }),
    fc.uniqueArray(fc.tuple(oddKeys, tie("data")), { maxLength: 4, selector: ([key]) => key }).map(record),
    fc.array(fc.tuple(tie("data"), tie("data")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("data"), { maxLength: 3 }).map((members) => new Set(members)),
  ),
})).data;

/** The same data with every order turned round: keys, Map entries, Set members. */
export function turnedRound(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(turnedRound);
  if (value instanceof Map) return new Map([...value].reverse().map(([key, item]) => [turnedRound(key), turnedRound(item)]));
  if (value instanceof Set) return new Set([...value].reverse().map(turnedRound));
  if (value instanceof Date) return new Date(value.getTime());
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice();
  return record(Object.entries(value).reverse().map(([key, item]) => [key, turnedRound(item)] as const));
}

/** Nested `levels` deep, built without recursion. */
export function nested(levels: number): object {
  let value: object = { end: true };
  for (let level = 1; level < levels; level++) value = { inner: value };
  return value;
}
