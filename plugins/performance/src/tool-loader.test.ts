import { fakeClock } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { LazyToolLoader, type LazyToolLoaderOptions, type LoadEvent } from "./tool-loader.js";

const declared = { description: "Adds.", schema: z.object({ a: z.number() }) };
function make(options: LazyToolLoaderOptions = {}) {
  const clock = fakeClock();
  const events: LoadEvent[] = [];
  const loader = new LazyToolLoader({ clock, onLoad: (event) => events.push(event), ...options });
  return { clock, loader, events };
}
const named = (name: string, more: object = {}) => ({ name, invoke: async () => name, ...more });

describe("LazyToolLoader", () => {
  it("loads once for 1,000 who ask at the same time, and keeps it", async () => {
    const { loader } = make();
    let loads = 0;
    loader.register("calculator", async () => (loads++, named("calculator")));
    const all = await Promise.all(Array.from({ length: 1_000 }, () => loader.getTool("calculator")));
    expect([loads, new Set(all).size]).toEqual([1, 1]);
    expect(await loader.getTool("calculator")).toBe(all[0]);
    expect(loader.stats()).toMatchObject({ loads: 1, hits: 1, loaded: 1, loadMs: { p50: 0 } });
  });

  it("takes what a factory gives: a promise from a lambda, an object, a function, an export", async () => {
    const { loader } = make();
    const tool = named("a");
    loader.register("a", () => Promise.resolve(tool));
    loader.register("b", () => named("b"));
    loader.register("c", () => () => "called");
    loader.register("hello", () => import("./fixtures/hello.js"));
    const { tools, complete } = await loader.getTools(["a", "b", "c", "hello"]);
    expect(complete).toBe(true);
    expect(tools[0]).toBe(tool);
    expect((tools[3] as (args: { n: number }) => string)({ n: 1 })).toBe("hello 1");
  });

  it("names what is missing and what failed, loads nothing for an empty list, and nothing that was not asked for", async () => {
    const { loader } = make({ retries: 0 });
    let others = 0;
    loader.register("good", () => named("good"));
    loader.register("bad", () => Promise.reject(new Error("no network")));
    loader.register("other", () => (others++, named("other")));
    expect(await loader.getTools([])).toEqual({
      tools: [],
      byName: new Map(),
      missing: [],
      failed: [],
      complete: true,
    });
    const result = await loader.getTools(["good", "nobody", "bad", "good"]);
    expect(result).toMatchObject({
      tools: [{ name: "good" }],
      missing: ["nobody"],
      failed: [{ name: "bad", error: { code: "LAZY_TOOL_FAILED", cause: { message: "no network" } } }],
      complete: false,
    });
    expect(others).toBe(0);
    await expect(loader.getTool("nobody")).rejects.toMatchObject({ code: "LAZY_TOOL_UNKNOWN" });
  });

  it("tries again with growing pauses, then not at all for a while", async () => {
    const { clock, loader, events } = make({ retries: 2, backoffMs: 100, negativeTtlMs: 1_000 });
    const at: number[] = [];
    let works = false;
    loader.register("x", () => {
      at.push(clock.monotonic());
      if (!works) throw new Error("down");
      return named("x");
    });
    const failed = loader.getTool("x").catch((error: unknown) => error);
    await clock.advanceAsync(300);
    expect(await failed).toMatchObject({
      code: "LAZY_TOOL_FAILED",
      message: expect.stringContaining("3 attempts") as string,
    });
    expect(at).toEqual([0, 100, 300]);
    works = true;
    await expect(loader.getTool("x")).rejects.toMatchObject({ code: "LAZY_TOOL_FAILED" });
    expect(at).toHaveLength(3);
    clock.advance(1_000);
    expect(await loader.getTool("x")).toMatchObject({ name: "x" });
    expect(loader.stats()).toMatchObject({ failures: 1, retries: 2, negativeHits: 1, loads: 1 });
    expect(events.map(({ ok, attempts }) => [ok, attempts])).toEqual([
      [false, 3],
      [true, 1],
    ]);
    expect(clock.pending).toBe(0);
  });

  it("forgets a failure when told to", async () => {
    const { loader } = make({ retries: 0 });
    let works = false;
    loader.register("x", () => (works ? named("x") : null));
    await expect(loader.getTool("x")).rejects.toThrow("null instead of a tool");
    works = true;
    loader.forget("x");
    expect(await loader.getTool("x")).toMatchObject({ name: "x" });
  });

  it("bounds the time of a load, and disposes of what arrives too late", async () => {
    const { clock, loader } = make({ retries: 0, loadTimeoutMs: 50 });
    let arrive: (tool: object) => void = () => undefined;
    let disposed = 0;
    loader.register("slow", () => new Promise((resolve) => (arrive = resolve)), { dispose: () => void disposed++ });
    const failed = loader.getTool("slow").catch((error: unknown) => error);
    await clock.advanceAsync(50);
    expect(await failed).toMatchObject({
      code: "LAZY_TOOL_FAILED",
      message: expect.stringContaining("50 ms") as string,
    });
    arrive(named("slow"));
    await clock.advanceAsync(0);
    expect([disposed, loader.isLoaded("slow")]).toEqual([1, false]);
  });

  it("preloads and keeps, unloads the idle ones and disposes of them, but none that is in use", async () => {
    const { clock, loader } = make({ idleMs: 1_000 });
    const gone: string[] = [];
    const dispose = { dispose: (tool: object) => void gone.push((tool as { name: string }).name) };
    loader.register("kept", () => named("kept"), dispose);
    loader.register("idle", () => named("idle"), dispose);
    let release: () => void = () => undefined;
    const busy = named("busy", { invoke: () => new Promise<string>((resolve) => (release = () => resolve("done"))) });
    loader.register("busy", () => busy, { ...declared, ...dispose });
    expect((await loader.preload(["kept"])).complete).toBe(true);
    await loader.getTool("idle");
    const call = loader.lazy("busy").invoke({ a: 1 });
    await clock.advanceAsync(2_500);
    expect(gone).toEqual(["idle"]);
    expect(["kept", "idle", "busy"].map((name) => loader.isLoaded(name))).toEqual([true, false, true]);
    release();
    expect(await call).toBe("done");
    await clock.advanceAsync(2_500);
    expect(gone).toEqual(["idle", "busy"]);
    expect(await loader.getTool("idle")).toMatchObject({ name: "idle" });
    await loader.dispose();
    expect(gone).toEqual(["idle", "busy", "kept", "idle"]);
    expect(clock.pending).toBe(0);
    await expect(loader.getTool("idle")).rejects.toMatchObject({ code: "PERF_DISPOSED" });
  });

  it("one who waits may leave; the load goes on for the others and stops when all have left", async () => {
    const { loader } = make();
    const signals: AbortSignal[] = [];
    loader.register("x", (_name, signal) => (signals.push(signal), new Promise(() => undefined)));
    const [one, two] = [new AbortController(), new AbortController()];
    const first = loader.getTool("x", { signal: one.signal });
    const second = loader.getTool("x", { signal: two.signal });
    one.abort(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    expect(signals[0]?.aborted).toBe(false);
    two.abort(new Error("gone too"));
    await expect(second).rejects.toThrow("gone too");
    expect(signals[0]?.aborted).toBe(true);
    expect(loader.stats().failures).toBe(0);
    await loader.dispose();
  });

  it("refuses a tool that is another one than was declared: guards judged the declaration", async () => {
    const { loader } = make();
    loader.register("read", () => named("drop_table"), declared);
    loader.register("write", () => named("write", { metadata: { permissionLevel: "admin" } }), {
      ...declared,
      metadata: { permissionLevel: "read" },
    });
    loader.register("good", () => named("good", { metadata: { permissionLevel: "read" } }), {
      ...declared,
      metadata: { permissionLevel: "read" },
    });
    await expect(loader.getTool("read")).rejects.toThrow('called "drop_table"');
    await expect(loader.getTool("write")).rejects.toThrow("metadata permissionLevel");
    expect(loader.lazy("good").metadata).toMatchObject({ permissionLevel: "read" });
    expect(await loader.getTool("good")).toMatchObject({ name: "good" });
  });

  it("parses with the schema of the loaded tool where it is another one", async () => {
    const { loader } = make();
    const tool = { name: "x", schema: z.object({ a: z.number().default(7) }), _call: (args: unknown) => args };
    loader.register("x", () => tool, { description: "d", schema: z.object({ a: z.number().optional() }) });
    expect(await loader.lazy("x").invoke({})).toEqual({ a: 7 });
  });

  it("refuses a loaded schema that changes or drops what was given: guards have judged that", async () => {
    const { loader } = make();
    const ran: unknown[] = [];
    const _call = (args: unknown) => ran.push(args);
    const schemas = {
      changes: z.object({ a: z.string().transform((a) => `/etc/${a}`) }),
      drops: z.object({ b: z.string().optional() }),
    };
    for (const [name, schema] of Object.entries(schemas)) {
      loader.register(name, () => ({ name, schema, _call }), { description: "d", schema: z.object({ a: z.string() }) });
      await expect(loader.lazy(name).invoke({ a: "notes" })).rejects.toMatchObject({ code: "LAZY_TOOL_MISMATCH" });
    }
    expect(ran).toEqual([]);
  });
  it("declares by JSON schema too, and hands artifacts and returnDirect on", async () => {
    const { loader } = make();
    const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
    loader.register(
      "x",
      () =>
        ({ a }: { a: number }) => [`sum ${a}`, { a }],
      {
        description: "d",
        schema,
        responseFormat: "content_and_artifact",
        returnDirect: true,
      },
    );
    const stub = loader.lazy("x");
    expect(stub.returnDirect).toBe(true);
    expect(await stub.invoke({ type: "tool_call", id: "c1", name: "x", args: { a: 1 } })).toMatchObject({
      content: "sum 1",
      artifact: { a: 1 },
      tool_call_id: "c1",
    });
    await expect(stub.invoke({ a: "no number" })).rejects.toThrow("schema");
  });

  it("says what is wrong with a registration, and is bounded", async () => {
    const { loader } = make({ maxTools: 2 });
    const factory = () => named("a");
    expect(() => loader.register("", factory)).toThrow("LAZY_TOOL_UNREGISTRABLE");
    expect(() => loader.register("a b", factory)).toThrow("LAZY_TOOL_UNREGISTRABLE");
    expect(() => loader.register("a", {} as never)).toThrow("no function");
    expect(() => loader.register("a", factory, { schema: "x" as never })).toThrow("schema");
    loader.register("__proto__", () => named("__proto__"));
    expect(await loader.getTool("__proto__")).toMatchObject({ name: "__proto__" });
    expect(loader.has("constructor")).toBe(false);
    loader.register("a", factory);
    expect(() => loader.register("a", factory)).toThrow("LAZY_TOOL_DUPLICATE");
    expect(() => loader.register("b", factory)).toThrow("LAZY_TOOL_LIMIT");
    expect(() => loader.lazy("a")).toThrow("LAZY_TOOL_UNDECLARED");
    expect(() => loader.lazy("b")).toThrow("LAZY_TOOL_UNKNOWN");
    expect(await loader.unregister("a")).toBe(true);
    expect(await loader.unregister("a")).toBe(false);
    loader.register("b", () => named("b"), declared);
    const stub = loader.lazy("b");
    expect(loader.lazy("b")).toBe(stub);
    await loader.unregister("b");
    await expect(stub.invoke({ a: 1 })).rejects.toMatchObject({ code: "LAZY_TOOL_UNKNOWN" });
  });

  it("is not disturbed by a listener that throws, and counts it", async () => {
    const { loader } = make({
      retries: 0,
      onLoad: () => {
        throw new Error("listener");
      },
    });
    loader.register("good", () => named("good"));
    loader.register("bad", () => Promise.reject(new Error("no network")));
    expect(await loader.getTools(["good", "bad"])).toMatchObject({
      tools: [{ name: "good" }],
      failed: [{ error: { code: "LAZY_TOOL_FAILED" } }],
    });
    expect(loader.stats()).toMatchObject({ loads: 1, failures: 1, listenersFailed: 2 });
  });

  it("keeps one tool where everybody left a load and it ends after the next one", async () => {
    const { loader } = make();
    const gates: ((tool: object) => void)[] = [];
    const disposed: object[] = [];
    loader.register("slow", () => new Promise((resolve) => gates.push(resolve)), {
      dispose: (tool) => void disposed.push(tool),
    });
    const stop = new AbortController();
    const left = loader.getTool("slow", { signal: stop.signal });
    await Promise.resolve();
    stop.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    const second = loader.getTool("slow");
    await Promise.resolve();
    const [late, wanted] = [named("slow"), named("slow")];
    gates[1]?.(wanted);
    expect(await second).toBe(wanted);
    gates[0]?.(late);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await loader.getTool("slow")).toBe(wanted);
    expect(disposed).toEqual([late]);
    expect(loader.stats().loads).toBe(1);
  });

  it("says of a tool that failed once and was unloaded since that it is well", async () => {
    const { loader } = make({ retries: 0, negativeTtlMs: 0 });
    let times = 0;
    loader.register("flaky", () => {
      if (times++ === 0) throw new Error("no network");
      return named("flaky");
    });
    await expect(loader.getTool("flaky")).rejects.toMatchObject({ code: "LAZY_TOOL_FAILED" });
    expect(loader.stats().tools[0]).toMatchObject({ failing: true, failures: 1 });
    await loader.getTool("flaky");
    await loader.unload("flaky");
    expect(loader.stats().tools[0]).toMatchObject({ loaded: false, failing: false, failures: 1 });
  });

  it("refuses options that are wrong, and names that are no list: a text would be taken for its letters", async () => {
    for (const wrong of [{ maxTools: -1 }, { retries: "x" }, { loadTimeoutMs: Number.NaN }, { max_tools: 5 }, null])
      expect(() => new LazyToolLoader(wrong as never)).toThrow(
        expect.objectContaining({ code: "LAZY_TOOL_CALL_INVALID" }),
      );
    const { loader } = make();
    loader.register("calculator", () => named("calculator"));
    for (const wrong of ["calculator", undefined, [7], { names: ["calculator"] }])
      await expect(loader.getTools(wrong as never)).rejects.toMatchObject({ code: "LAZY_TOOL_CALL_INVALID" });
    await expect(loader.preload("calculator" as never)).rejects.toThrow(
      "names: Invalid input: expected array, received string",
    );
    expect(loader.isLoaded("calculator")).toBe(false);
  });
});
