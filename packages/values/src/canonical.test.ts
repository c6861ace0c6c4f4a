import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, hash, sameData, ValuesError } from "./index.js";
import { data, nested, turnedRound } from "./fixtures/random-data.js";

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (ValuesError.isInstance(error)) return `${error.code} ${error.path}`;
    throw error;
  }
  return "no error";
};

/** Node's own answer; null where it has none: Node 22 throws at a null among the keys of a Map. */
function nodeSays(a: unknown, b: unknown): boolean | null {
  try {
    return isDeepStrictEqual(a, b);
  } catch {
    return null;
  }
}

describe("canonical", () => {
  it("gives equal text exactly to equal data, and sameData agrees", () => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        const equal = nodeSays(a, b);
        fc.pre(equal !== null);
        expect(canonical(a) === canonical(b)).toBe(equal);
        expect(sameData(a, b)).toBe(equal);
      }),
      { numRuns: 5_000 },
    );
  });

  it("does not see the order of keys, entries and members", () => {
    fc.assert(
      fc.property(data, (value) => {
        const turned = turnedRound(value);
        expect(canonical(turned)).toBe(canonical(value));
        expect(hash(turned)).toBe(hash(value));
        expect(sameData(value, turned)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is JSON with sorted keys for JSON data", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        // JSON.stringify writes -0 as 0; canonical must not.
        expect(JSON.parse(canonical(value))).toStrictEqual(structuredClone(value));
      }),
    );
  });

  it("keeps its text between releases", () => {
    const value = {
      b: [1, -0, Number.NaN, undefined, 10n],
      a: new Map<unknown, unknown>([["k", new Set([2, 1])]]),
      d: new Date(0),
      u: new Uint8Array([1, 255]),
      s: 'x"\ud800',
    };
    expect(canonical(value)).toBe(
      '{"a":Map("k"=>Set(1,2)),"b":[1,-0,NaN,undefined,10n],"d":Date(0),"s":"x\\"\\ud800","u":Uint8Array(01ff)}',
    );
    expect(hash({ b: 1, a: [true] })).toBe("708747538ba81fd60b5aac8c646370de5e24abf70ab1872f67458a5a4f3af05d");
  });

  it("tells apart what JSON confuses", () => {
    const variants = [
      {},
      { a: undefined },
      { a: null },
      { a: Number.NaN },
      { a: 0 },
      { a: -0 },
      { a: "0" },
      { a: 0n },
      { a: false },
      { a: new Date(0) },
      { a: new Date(Number.NaN) },
      { a: "1970-01-01T00:00:00.000Z" },
      { a: new Map() },
      { a: new Set() },
      { a: {} },
      { a: [] },
      { a: [undefined] },
      { a: new Array(1) },
      { a: [null] },
      { a: new Uint8Array(1) },
      { a: new Int8Array(1) },
      { a: new Uint8Array(1).buffer },
      { a: new DataView(new ArrayBuffer(1)) },
      { a: Infinity },
      { a: { __proto__: null, x: 1 } },
      JSON.parse('{"__proto__":1}'),
      { constructor: 1 },
      { a: "\ud800" },
      { a: "\\ud800" },
      { a: "�" },
    ];
    expect(new Set(variants.map((value) => canonical(value))).size).toBe(variants.length);
    for (const [row, a] of variants.entries())
      for (const [column, b] of variants.entries()) expect(sameData(a, structuredClone(b))).toBe(row === column);
  });

  it("refuses what is not plain data, and says where", () => {
    class Token {
      #secret = 1;
      read(): number {
        return this.#secret;
      }
    }
    let ran = 0;
    const trap = {
      get(): never {
        ran++;
        throw new Error("trap");
      },
      ownKeys(): never {
        ran++;
        throw new Error("trap");
      },
      getPrototypeOf(): never {
        ran++;
        throw new Error("trap");
      },
    };
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const cases: [unknown, string][] = [
      [{ a: [() => 1] }, "NOT_PLAIN $.a[0]"],
      [{ "odd name": Symbol("x") }, 'NOT_PLAIN $["odd name"]'],
      [[new Token()], "NOT_PLAIN $[0]"],
      [{ a: /x/ }, "NOT_PLAIN $.a"],
      [new Error("x"), "NOT_PLAIN $"],
      [new Proxy({}, trap), "NOT_PLAIN $"],
      [[revoked.proxy], "NOT_PLAIN $[0]"],
      [Object.create(new Proxy({}, trap)), "NOT_PLAIN $"],
      [
        {
          get a() {
            ran++;
            return 1;
          },
        },
        "NOT_PLAIN $.a",
      ],
      [Object.defineProperty([1], 0, { get: () => ran++, enumerable: true }), "NOT_PLAIN $[0]"],
      [{ [Symbol("s")]: 1 }, "NOT_PLAIN $"],
      [Object.assign([1], { extra: 1 }), "NOT_PLAIN $"],
      [Object.assign([], { "-1": 1 }), "NOT_PLAIN $"],
      [new Map([["k", Symbol("x")]]), "NOT_PLAIN $<value 0>"],
      [new Map([[() => 1, 1]]), "NOT_PLAIN $<key 0>"],
      [new Set([1, Object(1n)]), "NOT_PLAIN $<member 1>"],
    ];
    for (const [value, expected] of cases) {
      expect(codeOf(() => canonical(value))).toBe(expected);
      expect(sameData(value, value)).toBe(true);
      expect(sameData([value, 1], [value, 2])).toBe(false);
    }
    expect(ran).toBe(0);
  });

  it("ends on cycles, depth, breadth and size", () => {
    const cycle: Record<string, unknown> = { wide: Array.from({ length: 50 }, (_, n) => ({ n })) };
    cycle["self"] = { again: cycle };
    expect(codeOf(() => canonical(cycle))).toMatch(/^CYCLIC \$(\.self\.again)+/);
    const ring: unknown[] = [];
    ring.push(new Map([[ring, new Set([ring])]]));
    expect(codeOf(() => canonical(ring))).toMatch(/^CYCLIC /);
    expect(codeOf(() => canonical(nested(100_000)))).toMatch(/^TOO_DEEP /);
    expect(codeOf(() => canonical(nested(100_000), { depth: 1e9, nodes: 1e9 }))).toMatch(/^TOO_DEEP /);
    expect(codeOf(() => canonical(nested(400), { depth: 500 }))).toBe("no error");
    expect(codeOf(() => canonical(nested(32)))).toBe("no error");
    expect(codeOf(() => canonical(nested(33)))).toMatch(/^TOO_DEEP /);
    expect(codeOf(() => canonical(new Array(1_000_000).fill(0)))).toBe("TOO_LARGE $");
    expect(codeOf(() => canonical(new Array(4e9)))).toBe("TOO_LARGE $");
    expect(codeOf(() => canonical(Object.fromEntries(Array.from({ length: 1_000_000 }, (_, n) => [n, n]))))).toBe(
      "TOO_LARGE $",
    );
    expect(codeOf(() => canonical(["x".repeat(2_000_000)]))).toBe("TOO_LARGE $[0]");
    expect(codeOf(() => canonical(new Uint8Array(2_000_000)))).toBe("TOO_LARGE $");
    let laughs: unknown = ["ha"];
    for (let level = 0; level < 30; level++) laughs = [laughs, laughs];
    expect(codeOf(() => canonical(laughs))).toMatch(/^TOO_LARGE /);
    expect(codeOf(() => canonical([1, 2], { nodes: 3 }))).toBe("no error");
    expect(codeOf(() => canonical([1, 2, 3], { nodes: 3 }))).toBe("TOO_LARGE $[2]");
  });

  it("refuses limits that are no limits", () => {
    for (const bad of [0, -1, Number.NaN]) expect(codeOf(() => canonical(1, { nodes: bad }))).toBe("LIMITS_INVALID $");
    expect(codeOf(() => canonical(1, { depth: "9" as unknown as number }))).toBe("LIMITS_INVALID $");
  });

  it("reads data of another realm and binary data somebody tampered with", () => {
    const foreign: unknown = runInNewContext("({ b: [1, new Map([[1, new Date(5)]])], a: Object.create(null) })");
    expect(canonical(foreign)).toBe('{"a":{},"b":[1,Map(1=>Date(5))]}');
    const bytes = Object.defineProperty(new Uint8Array([7]), "byteLength", {
      get: () => {
        throw new Error("never read");
      },
    });
    expect(canonical(bytes)).toBe("Uint8Array(07)");
    expect(canonical(Buffer.from([7]))).toBe("Uint8Array(07)");
    const gone = new Uint8Array([1, 2]);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(canonical(gone)).toBe("Uint8Array()");
  });
});
