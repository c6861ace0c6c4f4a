import { fakeClock } from "@graphtap/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CacheEvent, WorkflowCache, type WorkflowCacheOptions } from "./cache.js";

const recipe = (config: unknown, tenantId?: string) => ({
  providerName: "openai",
  workflowType: "rag",
  config,
  ...(tenantId === undefined ? {} : { tenantId }),
});
const graph = (name: string) => ({ name });
function make(options: WorkflowCacheOptions = {}) {
  const clock = fakeClock();
  const events: CacheEvent[] = [];
  const cache = new WorkflowCache({ ...options, now: () => clock.monotonic(), onEvent: (event) => events.push(event) });
  const put = (config: unknown, more: { tags?: string[]; bytes?: number; buildMs?: number } = {}) =>
    cache.put({ ...recipe(config), ...more, workflow: graph(String(config)) });
  return { clock, cache, events, put };
}
/** A build that ends when it is told to. */
function held() {
  const gates: { resolve(value: { name: string }): void; reject(error: Error): void; signal: AbortSignal }[] = [];
  return {
    gates,
    build: (signal: AbortSignal) =>
      new Promise<{ name: string }>((resolve, reject) => gates.push({ resolve, reject, signal })),
  };
}

describe("WorkflowCache", () => {
  it("drops what was not asked for longest, and a put of the same evicts nobody", () => {
    const { cache, put } = make({ maxEntries: 2 });
    put("a");
    put("b");
    put("a");
    put("a");
    expect([cache.get(recipe("a")), cache.get(recipe("b"))]).toEqual([graph("a"), graph("b")]);
    cache.get(recipe("a"));
    put("c");
    expect([cache.get(recipe("a")), cache.get(recipe("b"))]).toEqual([graph("a"), null]);
    expect(cache.stats()).toMatchObject({ entries: 2, evictions: { entries: 1, replaced: 2, bytes: 0 } });
  });

  it("forgets after the time to live, counted from the put, and tells stale from never seen", () => {
    const { cache, clock, put, events } = make({ ttlMs: 1_000 });
    put("a");
    clock.advance(999);
    expect(cache.get(recipe("a"))).not.toBe(null);
    clock.advance(1);
    expect(cache.get(recipe("a"))).toBe(null);
    expect(cache.get(recipe("b"))).toBe(null);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 2, stale: 1, entries: 0, evictions: { ttl: 1 } });
    expect(events.map(({ type }) => type)).toEqual(["hit", "evicted", "miss", "miss"]);
  });

  it("lets what is too old go before what is good", () => {
    const { cache, clock, put } = make({ maxEntries: 2, ttlMs: 1_000 });
    put("old");
    clock.advance(600);
    put("good");
    cache.get(recipe("old"));
    clock.advance(500);
    put("new");
    expect([cache.get(recipe("good")), cache.get(recipe("new"))]).toEqual([graph("good"), graph("new")]);
    expect(cache.stats().evictions).toMatchObject({ ttl: 1, entries: 0 });
  });

  it("is bounded by bytes, and refuses what is larger than all of it", () => {
    const { cache, put } = make({ maxBytes: 100 });
    put("a", { bytes: 40 });
    put("b", { bytes: 40 });
    put("c", { bytes: 90 });
    expect(put("d", { bytes: 101 })).toBe(false);
    expect(cache.stats()).toMatchObject({ entries: 1, bytes: 90, notStored: 1, evictions: { bytes: 2, entries: 0 } });
    expect(cache.get(recipe("c"))).toEqual(graph("c"));
  });

  it("keeps tenants apart, and never takes one name and type for another", () => {
    const { cache } = make();
    cache.put({ ...recipe("x", "red"), workflow: graph("red") });
    expect(cache.get(recipe("x", "blue"))).toBe(null);
    expect(cache.get(recipe("x"))).toBe(null);
    expect(cache.get(recipe("x", "red"))).toEqual(graph("red"));
    cache.put({ providerName: "a:b", workflowType: "c", config: 1, workflow: graph("1") });
    expect(cache.get({ providerName: "a", workflowType: "b:c", config: 1 })).toBe(null);
  });

  it("has null for rates until somebody asked, and bypasses do not count as asked", () => {
    const { cache } = make();
    expect(cache.stats()).toMatchObject({ hitRate: null, missRate: null, builds: { p50Ms: null, p95Ms: null } });
    expect(cache.get(recipe(Symbol("x")))).toBe(null);
    expect(cache.put({ ...recipe(new Proxy({}, {})), workflow: graph("x") })).toBe(false);
    expect(cache.stats()).toMatchObject({
      bypassed: 2,
      bypassedBy: { symbol: 1, proxy: 1 },
      hitRate: null,
      entries: 0,
    });
  });

  it("builds once for all who ask meanwhile, and says what that saved", async () => {
    const { cache, clock } = make();
    const { build, gates } = held();
    const all = Array.from({ length: 1_000 }, () => cache.getOrBuild(recipe("a"), build));
    clock.advance(40);
    gates[0]?.resolve(graph("a"));
    expect(new Set(await Promise.all(all)).size).toBe(1);
    expect(gates).toHaveLength(1);
    await cache.getOrBuild(recipe("a"), build);
    expect(cache.stats()).toMatchObject({
      misses: 1,
      joined: 999,
      hits: 1,
      savedMs: 40,
      builds: { count: 1, p50Ms: 40 },
    });
  });

  it("lets the first caller leave without taking the others along, and aborts when nobody waits", async () => {
    const { cache } = make();
    const { build, gates } = held();
    const [first, second] = [new AbortController(), new AbortController()];
    const left = cache.getOrBuild(recipe("a"), build, { signal: first.signal });
    const stays = cache.getOrBuild(recipe("a"), build, { signal: second.signal });
    first.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    gates[0]?.resolve(graph("a"));
    expect(await stays).toEqual(graph("a"));
    cache.clear();
    const third = new AbortController();
    const alone = cache.getOrBuild(recipe("a"), build, { signal: third.signal });
    third.abort(new Error("gone"));
    await expect(alone).rejects.toThrow("gone");
    expect(gates[1]?.signal.aborted).toBe(true);
    gates[1]?.resolve(graph("late"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(cache.get(recipe("a"))).toBe(null);
  });

  it("keeps no failure", async () => {
    const { cache } = make();
    await expect(cache.getOrBuild(recipe("a"), () => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(await cache.getOrBuild(recipe("a"), () => graph("a"))).toEqual(graph("a"));
    expect(cache.stats().builds).toMatchObject({ count: 1, failed: 1 });
  });

  it.each([
    ["an invalidated tag", (cache: WorkflowCache) => void cache.invalidate("tool:search")],
    ["clear()", (cache: WorkflowCache) => cache.clear()],
  ])("hands what is being built to those who wait and does not keep it after %s", async (_name, change) => {
    const { cache } = make();
    const { build, gates } = held();
    const tags = ["tool:search"];
    const waits = cache.getOrBuild(recipe("a"), build, { tags });
    change(cache);
    const later = cache.getOrBuild(recipe("a"), build, { tags });
    gates[0]?.resolve(graph("old"));
    expect(await waits).toEqual(graph("old"));
    expect(cache.get(recipe("a"))).toBe(null);
    gates[1]?.resolve(graph("new"));
    expect(await later).toEqual(graph("new"));
    expect(cache.get(recipe("a"))).toEqual(graph("new"));
    expect(cache.stats().notStored).toBe(1);
  });

  it("a put during a build wins over what the build gives", async () => {
    const { cache, put } = make();
    const { build, gates } = held();
    const waits = cache.getOrBuild(recipe("a"), build);
    put("a");
    gates[0]?.resolve(graph("older"));
    await waits;
    expect(cache.get(recipe("a"))).toEqual(graph("a"));
  });

  it("drops by tag", () => {
    const { cache, put } = make();
    put("a", { tags: ["tool:x", "model:m"] });
    put("b", { tags: ["tool:y", "model:m"] });
    put("c");
    expect(cache.invalidate("tool:x")).toBe(1);
    expect(cache.get(recipe("b"))).not.toBe(null);
    expect(cache.invalidate("model:m")).toBe(1);
    expect(cache.get(recipe("c"))).not.toBe(null);
    expect(cache.invalidate("nobody")).toBe(0);
  });

  it("says what is wrong with a call", async () => {
    const { cache } = make();
    const bad: readonly (readonly [() => unknown, string])[] = [
      [() => cache.get({ ...recipe("a"), providerName: "" }), "providerName"],
      [() => cache.get({ ...recipe("a"), workflowType: 5 as never }), "workflowType"],
      [() => cache.get(recipe(undefined)), "config"],
      [() => cache.get(recipe("a", "")), "tenantId"],
      [() => cache.put({ ...recipe("a"), workflow: null as never }), "workflow"],
      [() => new WorkflowCache({ maxEntries: 0 }), "maxEntries"],
      [() => new WorkflowCache({ ttlMs: Number.NaN }), "ttlMs"],
      [() => new WorkflowCache({ max_size: 100 } as never), "there are maxEntries, maxBytes, ttlMs"],
      [() => new WorkflowCache(null as never), "expected object"],
      [() => cache.get(undefined as never), "one object"],
      [() => cache.get("openai" as never), "one object"],
      [() => cache.put(null as never), "one object"],
    ];
    for (const [call, name] of bad)
      expect(call).toThrow(
        expect.objectContaining({
          code: "CACHE_CALL_INVALID",
          message: expect.stringContaining(name) as string,
        }) as Error,
      );
    await expect(cache.getOrBuild(recipe("a"), undefined as never)).rejects.toThrow("build is no function");
  });

  it("behaves like a list sorted by last use, over 300 random histories", () => {
    const action = fc.record({ put: fc.boolean(), key: fc.nat(6), wait: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (actions, maxEntries) => {
        const { cache, clock } = make({ maxEntries, ttlMs: 100 });
        let known: { key: number; at: number; value: object }[] = [];
        for (const { put, key, wait } of actions) {
          clock.advance(wait);
          const now = clock.monotonic();
          const found = known.find((entry) => entry.key === key && now - entry.at < 100);
          if (put) {
            const value = graph(String(now));
            cache.put({ ...recipe(key), workflow: value });
            known = known.filter((entry) => entry.key !== key && now - entry.at < 100);
            if (known.length >= maxEntries) known.shift();
            known.push({ key, at: now, value });
          } else {
            expect(cache.get(recipe(key))).toBe(found?.value ?? null);
            known = known.filter((entry) => entry !== found && !(entry.key === key && found === undefined));
            if (found !== undefined) known.push(found);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is not disturbed by a listener that throws, and counts it", async () => {
    const clock = fakeClock();
    const cache = new WorkflowCache({
      maxEntries: 1,
      now: () => clock.monotonic(),
      onEvent: () => {
        throw new Error("listener");
      },
    });
    expect(await cache.getOrBuild(recipe("a"), () => graph("a"))).toEqual(graph("a"));
    expect(await cache.getOrBuild(recipe("b"), () => graph("b"))).toEqual(graph("b"));
    expect([cache.get(recipe("a")), cache.get(recipe("b"))]).toEqual([null, graph("b")]);
    expect(cache.stats()).toMatchObject({ entries: 1, listenersFailed: 7, builds: { count: 2, failed: 0 } });
  });

  it("gives what was put to who asks after it, and not what is still being built", async () => {
    const { cache } = make();
    const { gates, build } = held();
    const first = cache.getOrBuild(recipe("a"), build);
    await Promise.resolve();
    cache.put({ ...recipe("a"), workflow: graph("put") });
    const second = cache.getOrBuild(recipe("a"), build);
    gates[0]?.resolve(graph("built"));
    expect(await Promise.all([first, second])).toEqual([graph("built"), graph("put")]);
    expect(cache.get(recipe("a"))).toEqual(graph("put"));
  });
});
