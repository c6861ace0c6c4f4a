import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValuesError, walk, type WalkResult } from "./index.js";
import { data, nested } from "./fixtures/random-data.js";

const paths = (value: unknown, limits?: Parameters<typeof walk>[2]): [string[], WalkResult] => {
  const seen: string[] = [];
  return [seen, walk(value, (_, at) => void seen.push(at.path), limits)];
};

/** What a recursive reader sees, written the obvious way. */
function naive(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return [value];
  if (value instanceof Map) return [value, ...[...value].flatMap(([key, item]) => [...naive(key), ...naive(item)])];
  if (value instanceof Set) return [value, ...[...value].flatMap(naive)];
  return [value, ...Object.keys(value).flatMap((key) => naive((value as Record<string, unknown>)[key]))];
}

describe("walk", () => {
  it("visits what a recursive reader sees, in the same order", () => {
    fc.assert(
      fc.property(data, (value) => {
        const seen: unknown[] = [];
        const result = walk(value, (item) => void seen.push(item));
        expect(result.complete).toBe(true);
        expect(result.nodes).toBe(seen.length);
        const expected = naive(value);
        expect(seen.length).toBe(expected.length);
        for (const [index, item] of seen.entries()) expect(Object.is(item, expected[index])).toBe(true);
      }),
    );
  });

  it("names places, parents first", () => {
    class Note {
      text = "n";
    }
    const value = { a: [1, { "b c": 2 }], m: new Map([["k", new Set([3])]]), note: new Note() };
    expect(paths(value)).toEqual([
      [
        "$",
        "$.a",
        "$.a[0]",
        "$.a[1]",
        '$.a[1]["b c"]',
        "$.m",
        "$.m<key 0>",
        "$.m<value 0>",
        "$.m<value 0><member 0>",
        "$.note",
        "$.note.text",
      ],
      { complete: true, nodes: 11 },
    ]);
  });

  it("skips and stops when told", () => {
    const seen: unknown[] = [];
    const visit = (value: unknown): "skip" | "stop" | void => {
      seen.push(value);
      if (Array.isArray(value)) return "skip";
      if (value === "end") return "stop";
    };
    expect(walk({ a: [1], b: "end", c: 2 }, visit)).toEqual({ complete: false, reason: "stopped", nodes: 3 });
    expect(seen.slice(1)).toEqual([[1], "end"]);
  });

  it("says what it did not see: depth, nodes, bytes, accessors, Proxies", () => {
    expect(paths(nested(32))[1]).toEqual({ complete: true, nodes: 33 });
    expect(paths(nested(33))[1]).toEqual({ complete: false, reason: "depth", nodes: 33 });
    expect(paths(nested(100_000))[1]).toEqual({ complete: false, reason: "depth", nodes: 33 });
    expect(paths([[["cut"]], "seen"], { depth: 2 })).toEqual([
      ["$", "$[0]", "$[0][0]", "$[1]"],
      { complete: false, reason: "depth", nodes: 4 },
    ]);
    expect(paths([1, 2, 3], { nodes: 3 })[1]).toEqual({ complete: false, reason: "nodes", nodes: 3 });
    expect(paths([1, 2], { nodes: 3 })[1]).toEqual({ complete: true, nodes: 3 });
    expect(paths(new Array(1_000_000).fill(0))[1]).toEqual({ complete: false, reason: "nodes", nodes: 10_000 });
    expect(paths({ text: "x".repeat(100) }, { bytes: 100 })[1]).toMatchObject({ complete: false, reason: "bytes" });
    expect(paths([new Uint8Array(100)], { bytes: 99 })[1]).toMatchObject({ complete: false, reason: "bytes" });
    let ran = 0;
    expect(
      paths({
        get a() {
          return ran++;
        },
        b: 1,
      }),
    ).toEqual([["$", "$.b"], { complete: false, reason: "accessor", nodes: 2 }]);
    expect(
      paths([
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error(`${ran++}`);
            },
          },
        ),
        1,
      ]),
    ).toEqual([["$", "$[0]", "$[1]"], { complete: false, reason: "proxy", nodes: 3 }]);
    expect(ran).toBe(0);
  });

  it("enters shared and cyclic parts once", () => {
    const shared = { x: 1 };
    const value: Record<string, unknown> = { a: shared, b: shared };
    value["self"] = value;
    expect(paths(value)).toEqual([["$", "$.a", "$.a.x", "$.b", "$.self"], { complete: true, nodes: 5 }]);
    let laughs: unknown = ["ha"];
    for (let level = 0; level < 30; level++) laughs = [laughs, laughs];
    expect(paths(laughs)[1].complete).toBe(true);
  });

  it("passes the visitor's error on", () => {
    expect(() =>
      walk([1], () => {
        throw new RangeError("mine");
      }),
    ).toThrow(RangeError);
    expect(() => walk([1], () => undefined, { depth: 0 })).toThrow(ValuesError);
  });
});
