import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, deepFreeze, isPlainObject, sameData, snapshot, ValuesError } from "./index.js";
import { data, nested, oddKeys } from "./fixtures/random-data.js";

const failure = (run: () => unknown): ValuesError => {
  try {
    run();
  } catch (error) {
    if (ValuesError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

function attempt(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Overwrites everything that lets itself be overwritten, at every depth. */
function spoil(value: unknown, seen = new Set<object>()): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Map) {
    for (const [key, item] of [...value]) {
      spoil(key, seen);
      spoil(item, seen);
    }
    attempt(() => value.set("spoiled", 1));
    attempt(() => value.clear());
  } else if (value instanceof Set) {
    for (const member of [...value]) spoil(member, seen);
    attempt(() => value.add("spoiled"));
    attempt(() => value.clear());
  } else if (value instanceof Date) attempt(() => value.setTime(99));
  else if (ArrayBuffer.isView(value)) (value as Uint8Array).fill(42);
  else {
    for (const item of Object.values(value)) spoil(item, seen);
    for (const key of Object.keys(value)) attempt(() => Object.defineProperty(value, key, { value: "spoiled" }));
    if (Array.isArray(value)) attempt(() => value.push("spoiled"));
    else attempt(() => Object.defineProperty(value, "more", { value: 1, enumerable: true, configurable: true }));
  }
}

describe("snapshot", () => {
  it("equals its source and does not change with it", () => {
    fc.assert(
      fc.property(data, (source) => {
        const before = canonical(source);
        const { value, opaque } = snapshot(source);
        expect(sameData(value, source)).toBe(true);
        expect(opaque).toEqual([]);
        spoil(source);
        expect(canonical(value)).toBe(before);
      }),
      { numRuns: 2_000 },
    );
  });

  it("runs each getter and each trap once, even where the source is reachable twice", () => {
    let reads = 0;
    const shared = {
      get now() {
        return ++reads;
      },
    };
    const taken = snapshot({ first: shared, second: [shared] }).value;
    expect(reads).toBe(1);
    expect(taken.first.now).toBe(1);
    expect(taken.first).toBe(taken.second[0]);

    const gets: PropertyKey[] = [];
    const proxy = new Proxy(
      { a: 1, b: { c: 2 } },
      {
        get(target, key, receiver) {
          gets.push(key);
          return Reflect.get(target, key, receiver) as unknown;
        },
      },
    );
    expect(snapshot(proxy).value).toEqual({ a: 1, b: { c: 2 } });
    expect(gets).toEqual(["a", "b"]);
    expect(snapshot(new Proxy([1, [2]], {})).value).toEqual([1, [2]]);
  });

  it("a value that answers differently each time is frozen at its first answer", () => {
    let turn = 0;
    const amount = {
      get value() {
        return turn++ === 0 ? 0 : 999;
      },
    };
    const judged = snapshot(amount).value;
    expect([judged.value, judged.value, amount.value]).toEqual([0, 0, 999]);
  });

  it("makes odd keys ordinary own properties and touches no prototype", () => {
    fc.assert(
      fc.property(fc.uniqueArray(oddKeys), (keys) => {
        const source = {};
        for (const key of keys) Object.defineProperty(source, key, { value: { polluted: true }, enumerable: true });
        const { value } = snapshot(source);
        expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
        expect(Object.keys(value).sort()).toEqual([...keys].sort());
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        expect(sameData(value, source)).toBe(true);
      }),
    );
  });

  it("does not run a setter that somebody planted on Object.prototype", () => {
    let planted = 0;
    Object.defineProperty(Object.prototype, "amount", {
      configurable: true,
      set() {
        planted++;
      },
      get: () => -1,
    });
    try {
      expect(Object.hasOwn(snapshot({ amount: 5 }).value, "amount")).toBe(true);
      expect(planted).toBe(0);
    } finally {
      delete (Object.prototype as { amount?: unknown }).amount;
    }
  });

  it("keeps what it cannot copy and lists it", () => {
    class Point {
      x = 1;
    }
    const point = new Point();
    const fn = (): number => 1;
    const key = Symbol("k");
    const { value, opaque } = snapshot({
      fn,
      deep: [{ point }],
      map: new Map<unknown, unknown>([[point, 1]]),
      s: key,
      [key]: 2,
    });
    expect(value.fn).toBe(fn);
    expect(value.deep[0]?.point).toBe(point);
    expect(value[key]).toBe(2);
    expect(opaque).toEqual(["$.fn", "$.deep[0].point", "$.map<key 0>", "$.s", "$[Symbol(k)]"]);
    expect(snapshot(fn)).toEqual({ value: fn, opaque: ["$"] });
  });

  it("copies binary data as the same kind", () => {
    const source = {
      u8: new Uint8Array([1, 2]),
      f64: new Float64Array([-0, Number.NaN]),
      view: new DataView(new ArrayBuffer(2)),
      raw: new Uint8Array([3]).buffer,
      buf: Buffer.from("hé"),
      empty: Object.create(null) as object,
    };
    const { value } = snapshot(source);
    expect(value.f64).toBeInstanceOf(Float64Array);
    expect(value.view).toBeInstanceOf(DataView);
    expect(value.raw).toBeInstanceOf(ArrayBuffer);
    expect(value.buf.toString("utf8")).toBe("hé");
    expect(Object.getPrototypeOf(value.empty)).toBeNull();
    source.u8[0] = 9;
    source.buf[0] = 9;
    expect(value.u8[0]).toBe(1);
    expect(value.buf.toString("utf8")).toBe("hé");
  });

  it("keeps holes and leaves out what is not an element", () => {
    const source = Object.assign([1, , 3] as unknown[], { extra: 1 });
    expect(sameData(snapshot(source).value, [1, , 3])).toBe(true);
  });

  it("ends hostile input in a typed error that carries the cause", () => {
    const cause = new Error("no");
    const thrown = failure(() =>
      snapshot({
        a: {
          get b(): never {
            throw cause;
          },
        },
      }),
    );
    expect([thrown.code, thrown.path, thrown.cause]).toEqual(["NOT_PLAIN", "$.a.b", cause]);
    expect(
      failure(() =>
        snapshot({
          p: new Proxy(
            {},
            {
              ownKeys: () => {
                throw cause;
              },
            },
          ),
        }),
      ).cause,
    ).toBe(cause);
    expect(failure(() => snapshot(new Proxy(new Map(), {}))).code).toBe("NOT_PLAIN");
    expect(
      failure(() => snapshot([new Proxy([], { get: (_, key) => (key === "length" ? Number.NaN : 1) })])).code,
    ).toBe("NOT_PLAIN");
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(failure(() => snapshot(revoked.proxy)).code).toBe("NOT_PLAIN");
    const endless: unknown = new Proxy(
      {},
      {
        ownKeys: () => ["x"],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
        get: () => endless,
      },
    );
    expect(failure(() => snapshot(endless)).code).toBe("CYCLIC");
    const fresh = (): object =>
      new Proxy(
        {},
        {
          ownKeys: () => ["x"],
          getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
          get: fresh,
        },
      );
    expect(failure(() => snapshot(fresh())).code).toBe("TOO_DEEP");
    const cycle: unknown[] = [{}];
    cycle.push({ back: new Set([cycle]) });
    expect(failure(() => snapshot(cycle)).path).toBe("$[1].back<member 0>");
    const inner: Record<string, unknown> = {};
    inner["self"] = inner;
    expect(failure(() => snapshot({ inner })).path).toBe("$.inner.self");
    expect(failure(() => snapshot(nested(100_000))).code).toBe("TOO_DEEP");
    expect(failure(() => snapshot(new Array(1_000_000).fill(1))).code).toBe("TOO_LARGE");
    expect(failure(() => snapshot(new Array(4e9))).code).toBe("TOO_LARGE");
    expect(failure(() => snapshot("x".repeat(2_000_000))).code).toBe("TOO_LARGE");
    const growing = new Map<unknown, unknown>([
      [
        0,
        {
          get more() {
            growing.set(growing.size, {
              get more() {
                return growing.set({}, 1) && 1;
              },
            });
            return 1;
          },
        },
      ],
    ]);
    expect(snapshot(growing).value.size).toBeGreaterThan(0);
  });
});

describe("deepFreeze", () => {
  it("leaves no part of plain data changeable", () => {
    fc.assert(
      fc.property(data, (source) => {
        const frozen = deepFreeze(snapshot(source).value);
        const before = canonical(frozen);
        fc.pre(!before.includes("8Array(")); // the documented exception
        spoil(frozen);
        expect(canonical(frozen)).toBe(before);
      }),
      { numRuns: 1_000 },
    );
  });

  it("covers the mutating methods of Map, Set and Date", () => {
    const value = deepFreeze({ map: new Map([["k", { a: 1 }]]), set: new Set([[1]]), date: new Date(0) });
    expect(() => value.map.set("k", { a: 2 })).toThrow("[FROZEN]");
    expect(() => value.map.clear()).toThrow(TypeError);
    expect(() => value.set.add([2])).toThrow(TypeError);
    expect(() => value.date.setTime(1)).toThrow(TypeError);
    expect(() => value.date.setUTCFullYear(1)).toThrow(TypeError);
    expect(() => Object.assign(value.map.get("k") as object, { a: 2 })).toThrow(TypeError);
    expect([value.map.size, [...value.set][0], value.date.getTime()]).toEqual([1, [1], 0]);
    expect(Object.isFrozen([...value.set][0])).toBe(true);
    expect(deepFreeze(value)).toBe(value);
  });

  it("leaves instances, functions, Proxies and binary data alone", () => {
    class Host {
      state = { n: 1 };
    }
    const host = new Host();
    const proxy = new Proxy(
      {},
      {
        preventExtensions: () => {
          throw new Error("never");
        },
      },
    );
    const bytes = new Uint8Array(1);
    const fn = (): void => undefined;
    deepFreeze({ host, proxy, bytes, fn, list: [host] });
    host.state.n = 2;
    bytes[0] = 1;
    expect([host.state.n, bytes[0], Object.isFrozen(fn), Object.isFrozen(host)]).toEqual([2, 1, false, false]);
  });

  it("reaches through what was frozen before, runs no getter, and ends on cycles, depth and breadth", () => {
    const inner = { a: { b: 1 } };
    deepFreeze(Object.freeze([inner]));
    expect(Object.isFrozen(inner.a)).toBe(true);
    let ran = 0;
    const cycle: Record<string, unknown> = {
      get x() {
        return ran++;
      },
    };
    cycle["self"] = Object.freeze([cycle]);
    deepFreeze(cycle);
    expect([ran, Object.isFrozen(cycle)]).toEqual([0, true]);
    const deep = nested(100_000);
    deepFreeze(deep);
    let end = deep as { inner?: object };
    while (end.inner !== undefined) end = end.inner;
    expect(Object.isFrozen(end)).toBe(true);
    const wide = Array.from({ length: 300_000 }, () => ({}));
    expect(Object.isFrozen(deepFreeze(wide)[299_999])).toBe(true);
    const key = Symbol("k");
    expect(Object.isFrozen(deepFreeze({ [key]: { a: 1 } })[key])).toBe(true);
    for (const primitive of [null, undefined, 1, "x", 1n]) expect(deepFreeze(primitive)).toBe(primitive);
  });
});

describe("sameData", () => {
  it("never throws and is false where its limits end", () => {
    const ring = (): unknown[] => {
      const made: unknown[] = [];
      made.push(made);
      return made;
    };
    expect(sameData(ring(), ring())).toBe(false);
    expect(sameData(nested(100_000), nested(100_000))).toBe(false);
    expect(sameData(nested(2_000), nested(2_000))).toBe(true);
    expect(sameData(new Array(1_000_000).fill(0), new Array(1_000_000).fill(0))).toBe(false);
    expect(sameData(new Array(20_000).fill(0), new Array(20_000).fill(0), { nodes: 50_000 })).toBe(true);
    expect(
      sameData(
        {
          get a() {
            throw new Error("never");
          },
        },
        { a: 1 },
      ),
    ).toBe(false);
    expect(sameData(new Set([{ f: () => 1 }]), new Set([{ f: () => 1 }]))).toBe(false);
    expect(sameData([1], { 0: 1, length: 1 })).toBe(false);
    expect(sameData(new Proxy({}, {}), {})).toBe(false);
  });

  it("matches objects inside Sets and as Map keys whatever their order, one for one", () => {
    expect(sameData(new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }]))).toBe(true);
    expect(sameData(new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }]))).toBe(false);
    expect(sameData(new Map([[{ k: 1 }, "x"]]), new Map([[{ k: 1 }, "x"]]))).toBe(true);
    expect(sameData(new Map<unknown, unknown>([[1, "x"]]), new Map<unknown, unknown>([["1", "x"]]))).toBe(false);
  });
});

describe("isPlainObject", () => {
  it("is true for records only and runs no trap", () => {
    for (const yes of [{}, Object.create(null), JSON.parse("{}")]) expect(isPlainObject(yes)).toBe(true);
    for (const no of [
      null,
      undefined,
      1,
      "x",
      [],
      new Map(),
      new (class A {})(),
      () => 1,
      Object.create({}),
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error("never");
          },
        },
      ),
    ])
      expect(isPlainObject(no)).toBe(false);
  });
});
