import { sameData } from "@graphtap/values";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cacheKey } from "./index.js";
import { keyOf } from "./key.js";

/** Differs from another one only in what nobody outside can see. */
class Client {
  readonly #token: string;
  constructor(token: string) {
    this.#token = token;
  }
  get size(): number {
    return this.#token.length;
  }
}
const closure = (user: string) => () => user;
const alive: readonly (object | (() => string))[] = [
  closure("alice"),
  closure("bob"),
  new Client("alice"),
  new Client("bob"),
  /a/,
  /b/,
  Promise.resolve(1),
];

const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    false,
    1,
    "1",
    1n,
    -1n,
    "",
    "null",
    "@1",
    "[]",
  ),
  fc.constantFrom<unknown>(...alive),
  fc.constantFrom<unknown>(new Date(0), new Date(1), new Date(Number.NaN), new Uint8Array([1]), new Uint8Array([2])),
  fc.string({ maxLength: 4 }),
  fc.integer({ min: -3, max: 3 }),
);
/** Small on purpose: two of them are often nearly the same. */
const config: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie("array"), tie("object"), tie("map"), tie("set")),
  array: fc.array(tie("value"), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom("a", "b", "a:b", "__proto__", "toJSON"), tie("value"), { maxKeys: 3 }),
  map: fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 2 }).map((entries) => new Map(entries)),
  set: fc.array(tie("value"), { maxLength: 2 }).map((members) => new Set(members)),
})).value;

/** Sets and Maps with members that are containers have no order to compare them by; those pairs are left to the others. */
const comparable = (value: unknown): boolean =>
  !JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Map
      ? [...item.keys()].some((key) => typeof key === "object" && key !== null)
        ? "\u0001skip"
        : [...item.values()]
      : item instanceof Set
        ? [...item].some((member) => typeof member === "object" && member !== null)
          ? "\u0001skip"
          : []
        : typeof item === "bigint"
          ? "n"
          : item,
  )?.includes("\\u0001skip");

const same = (a: unknown, b: unknown): boolean => {
  const [left, right] = [keyOf(a), keyOf(b)];
  return left.ok && right.ok && left.key === right.key;
};

describe("keyOf", () => {
  it("gives two configurations one key only if they are the same, over 20,000 pairs", () => {
    let equal = 0;
    fc.assert(
      fc.property(config, config, (a, b) => {
        if (same(a, b)) {
          equal++;
          expect(sameData(a, b)).toBe(true);
        } else if (comparable(a) && comparable(b)) expect(sameData(a, b)).toBe(false);
      }),
      { numRuns: 20_000 },
    );
    expect(equal).toBeGreaterThan(20);
  });

  it("changes with every change of one place", () => {
    fc.assert(
      fc.property(config, leaf, leaf, (rest, before, after) => {
        fc.pre(!sameData(before, after));
        const places: ((value: unknown) => unknown)[] = [
          (value: unknown) => ({ a: value, rest }),
          (value: unknown) => [rest, [value]],
          (value: unknown) => new Map([["x", value]]),
        ];
        // A Map and a Set themselves take -0 for 0.
        if (before !== after)
          places.push(
            (value) => new Map([[value, "x"]]),
            (value) => new Set([value]),
          );
        for (const make of places) expect(same(make(before), make(after))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it("does not depend on the order of keys, entries and members", () => {
    const f = closure("x");
    expect(same({ a: 1, b: { c: f, d: 2 } }, { b: { d: 2, c: f }, a: 1 })).toBe(true);
    expect(
      same(
        new Map<unknown, unknown>([
          [f, 1],
          ["b", 2],
        ]),
        new Map<unknown, unknown>([
          ["b", 2],
          [f, 1],
        ]),
      ),
    ).toBe(true);
    expect(same(new Set([1, f]), new Set([f, 1]))).toBe(true);
    expect(same([1, 2], [2, 1])).toBe(false);
  });

  it("tells apart what hashers take for the same", () => {
    const pairs: readonly (readonly [unknown, unknown])[] = [
      [closure("alice"), closure("alice")],
      [new Client("alice"), new Client("alice")],
      [{ a: undefined }, {}],
      [{ a: -0 }, { a: 0 }],
      [{ a: Number.NaN }, { a: null }],
      [{ a: 1n }, { a: 1 }],
      [{ a: "1" }, { a: 1 }],
      [new Date(0), new Date(0).toISOString()],
      [new Map([["a", 1]]), { a: 1 }],
      [new Set([1]), [1]],
      [
        ["a", "b,c"],
        ["a,b", "c"],
      ],
      [
        ["a:b", "c"],
        ["a", "b:c"],
      ],
      [
        { toJSON: () => 1, a: 1 },
        { toJSON: () => 1, a: 2 },
      ],
      [
        [[1], 2],
        [1, [2]],
      ],
      ["@1", closure("x")],
      [Symbol.for("a"), "a"],
    ];
    for (const [a, b] of pairs) expect(same(a, b)).toBe(false);
  });

  it("gives no key to what could be something else the next time", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const named = Object.assign([1], { extra: 1 });
    const given: readonly (readonly [unknown, string])[] = [
      [
        {
          get a() {
            return Math.random();
          },
        },
        "accessor",
      ],
      [new Proxy({}, {}), "proxy"],
      [{ a: Symbol("s") }, "symbol"],
      [{ [Symbol("s")]: 1 }, "symbol"],
      [circular, "too-deep"],
      [named, "array"],
      [Object.assign(new Map(), { extra: 1 }), "named"],
      [Object.assign(new Set(), { extra: 1 }), "named"],
      [Object.assign(new Date(0), { extra: 1 }), "named"],
      [
        Array.from({ length: 3 })
          .fill(1)
          .concat(Array(1))
          .map((v) => v)
          .slice(0, 3)
          .concat([, 1] as never[]),
        "array",
      ],
      [Array.from({ length: 20_001 }, () => 0), "too-large"],
      ["x".repeat(1_048_577), "too-large"],
    ];
    for (const [value, reason] of given) expect(keyOf(value)).toEqual({ ok: false, reason });
  });

  it("sees what is hidden from those who print a configuration", () => {
    const hidden = (apiKey: string) => Object.defineProperty({ model: "a" }, "apiKey", { value: apiKey });
    expect(same(hidden("of alice"), hidden("of bob"))).toBe(false);
    expect(same(hidden("of alice"), { model: "a" })).toBe(false);
    expect(same(hidden("of alice"), hidden("of alice"))).toBe(true);
  });

  it("sees when an instance was changed, and takes two for one only where their author said so", () => {
    const settings = Object.assign(new (class Settings {})(), { model: "a" });
    const before = keyOf({ settings });
    settings.model = "b";
    expect(keyOf({ settings })).not.toEqual(before);
    const model = () => cacheKey(new Client("secret"), "gpt-5-mini");
    expect(same({ llm: model() }, { llm: model() })).toBe(true);
    expect(same({ llm: model() }, { llm: cacheKey(new Client("secret"), "gpt-5") })).toBe(false);
    expect(same({ llm: model() }, { llm: '#"gpt-5-mini"' })).toBe(false);
    expect(() => cacheKey({}, "")).toThrow("CACHE_KEY_INVALID");
    expect(() => cacheKey("x" as never, "a")).toThrow("CACHE_KEY_INVALID");
  });
});
