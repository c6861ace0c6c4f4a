import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { fakeClock } from "../fixtures/fake-clock.js";
import { bubbleUp, recordingLogger, tapped } from "../fixtures/kernel.js";
import { defineHook } from "../hook.js";

const series = defineHook.series<number, unknown>("acme.ticket.closed");
const strict = defineHook.series<number, unknown>("acme.ticket.audited", { fault: "throw" });
const sync = defineHook.sync<number, unknown>("acme.ticket.chunk");
const boom = (): never => {
  throw new Error("boom");
};

describe("series", () => {
  it("returns undefined, no promise, while all taps are synchronous", () => {
    const seen: unknown[] = [];
    const kernel = tapped(series, [(n) => void seen.push(["a", n]), (n, ctx) => void seen.push(["b", n, ctx])]);
    expect(kernel.call(series, 1, "ctx")).toBeUndefined();
    expect(seen).toEqual([
      ["a", 1],
      ["b", 1, "ctx"],
    ]);
  });

  it("waits for each tap before the next one starts", async () => {
    const seen: string[] = [];
    const slow = (name: string) => async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
    };
    await tapped(series, [slow("a"), () => void seen.push("b"), slow("c")]).call(series, 1);
    expect(seen).toEqual(["a begins", "a ends", "b", "c begins", "c ends"]);
  });

  it("goes on after a fault, sync or async, and keeps an account of it", async () => {
    const seen: string[] = [];
    const kernel = tapped(series, [
      boom,
      async () => boom(),
      () => void seen.push("c"),
      () => Promise.reject(new Error("late")),
      () => void seen.push("e"),
    ]);
    await kernel.call(series, 1);
    expect(seen).toEqual(["c", "e"]);
    const { faults, hooks } = kernel.inspect();
    expect(faults.total).toBe(3);
    expect(faults.recent).toMatchObject([
      { plugin: "a", hook: series.name, code: "TAP_FAILED" },
      { plugin: "b", hook: series.name, code: "TAP_FAILED" },
      { plugin: "d", hook: series.name, code: "TAP_FAILED" },
    ]);
    expect(hooks[0]?.taps.map((tap) => tap.faults)).toEqual([1, 1, 0, 1, 0]);
  });

  it("goes on after a time-out", async () => {
    const clock = fakeClock();
    const seen: string[] = [];
    const kernel = tapped(series, [() => new Promise(() => undefined), () => void seen.push("b")], { clock });
    const call = kernel.call(series, 1);
    await clock.advance(4_999);
    expect(seen).toEqual([]);
    await clock.advance(1);
    await call;
    expect(seen).toEqual(["b"]);
    expect(kernel.inspect().faults.recent[0]).toMatchObject({ plugin: "a", code: "HOOK_TIMEOUT" });
    expect(clock.pending).toBe(0);
  });

  it("throws with plugin, hook and cause when the hook's fault is throw", async () => {
    const later: string[] = [];
    const kernel = tapped(strict, [boom, () => void later.push("b")]);
    expect(() => kernel.call(strict, 1)).toThrow(
      expect.objectContaining({ code: "TAP_FAILED", plugin: "a", hook: strict.name, cause: new Error("boom") }),
    );
    await expect(tapped(strict, [async () => boom()]).call(strict, 1)).rejects.toMatchObject({
      code: "TAP_FAILED",
      plugin: "a",
    });
    expect(later).toEqual([]);
  });

  it.each([
    [
      "sync",
      () => {
        throw bubbleUp();
      },
    ],
    [
      "async",
      async () => {
        throw bubbleUp();
      },
    ],
  ])("passes %s control flow untouched and uncounted, after everybody has seen the event", async (_, thrower) => {
    const seen: string[] = [];
    const kernel = tapped(series, [thrower, () => void seen.push("b"), async () => void seen.push("c")]);
    const error = await (async () => kernel.call(series, 1))().catch((thrown: unknown) => thrown);
    expect(error).toEqual(bubbleUp());
    expect(seen).toEqual(["b", "c"]);
    expect(kernel.inspect().faults.total).toBe(0);
  });

  it("passes the abort of its own call, and only that", async () => {
    const abort = new AbortController();
    const reason = new Error("user left");
    const kernel = tapped(series, [
      (_n, ctx: { signal: AbortSignal }) => ctx.signal.throwIfAborted(),
      () => {
        throw new DOMException("other", "AbortError");
      },
    ]);
    await kernel.call(series, 1, { signal: abort.signal });
    expect(kernel.inspect().faults.total).toBe(1);
    abort.abort(reason);
    expect(() => kernel.call(series, 1, { signal: abort.signal })).toThrow(reason);
    expect(kernel.inspect().faults.total).toBe(1);
  });

  it("keeps the async context of the caller for every tap", async () => {
    const store = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const kernel = tapped(series, [
      async () => void seen.push(store.getStore()),
      () => void seen.push(store.getStore()),
      async () => void seen.push(store.getStore()),
    ]);
    await Promise.all([
      store.run("mine", () => kernel.call(series, 1)),
      store.run("other", () => kernel.call(series, 2)),
    ]);
    expect(seen.filter((value) => value === "mine")).toHaveLength(3);
    expect(seen.filter((value) => value === "other")).toHaveLength(3);
  });
});

describe("sync", () => {
  it("calls all taps, and blames one that throws", () => {
    const seen: number[] = [];
    const kernel = tapped(sync, [boom, (n: number) => void seen.push(n)]);
    expect(kernel.call(sync, 7)).toBeUndefined();
    expect(seen).toEqual([7]);
    expect(kernel.inspect().faults.recent).toMatchObject([{ plugin: "a", code: "TAP_FAILED" }]);
  });

  it("takes a returned promise for a fault and does not wait for it, even if it rejects", async () => {
    const kernel = tapped(sync, [async () => boom(), () => undefined]);
    expect(kernel.call(sync, 1)).toBeUndefined();
    expect(kernel.inspect().faults.recent).toMatchObject([
      { plugin: "a", hook: sync.name, code: "HOOK_RESULT_INVALID" },
    ]);
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("passes control flow after the others have seen the value", () => {
    const seen: number[] = [];
    const kernel = tapped(sync, [
      () => {
        throw bubbleUp();
      },
      (n: number) => void seen.push(n),
    ]);
    expect(() => kernel.call(sync, 1)).toThrow("interrupt");
    expect(seen).toEqual([1]);
  });
});

describe("quarantine", () => {
  it("stops calling an observer after five faults in a row, with one warning and one event", async () => {
    const logger = recordingLogger();
    let calls = 0;
    const kernel = tapped(
      series,
      [
        () => {
          calls++;
          boom();
        },
        () => undefined,
      ],
      { logger },
    );
    const events: unknown[] = [];
    kernel.events.on("quarantine", (event) => events.push(event));
    for (let i = 0; i < 20; i++) await kernel.call(series, i);
    expect(calls).toBe(5);
    expect(events).toEqual([{ plugin: "a", hook: series.name, faults: 5 }]);
    expect(logger.lines.filter(({ text }) => text.includes("times in a row"))).toHaveLength(1);
    expect(kernel.inspect().hooks[0]?.taps).toMatchObject([
      { plugin: "a", faults: 5, quarantined: true },
      { plugin: "b", quarantined: false },
    ]);
    expect(kernel.inspect().toTree()).toContain("a  QUARANTINED");
  });

  it("counts only faults in a row", () => {
    let calls = 0;
    const kernel = tapped(sync, [
      () => {
        if (++calls % 5 !== 0) boom();
      },
    ]);
    for (let i = 0; i < 40; i++) kernel.call(sync, i);
    expect(calls).toBe(40);
  });

  it.each([
    [2, 2],
    [0, 30],
  ])("quarantineAfter: %i lets it be called %i times", (quarantineAfter, expected) => {
    let calls = 0;
    const kernel = tapped(
      sync,
      [
        () => {
          calls++;
          boom();
        },
      ],
      { quarantineAfter },
    );
    for (let i = 0; i < 30; i++) kernel.call(sync, i);
    expect(calls).toBe(expected);
  });

  it("never switches off a hook that throws", () => {
    const kernel = tapped(strict, [boom]);
    for (let i = 0; i < 20; i++) expect(() => kernel.call(strict, i)).toThrow("TAP_FAILED");
  });

  it("prints a fault once a minute per tap, with the number of those left out", async () => {
    const clock = fakeClock();
    const logger = recordingLogger();
    const kernel = tapped(sync, [boom], { clock, logger, quarantineAfter: 0 });
    for (let i = 0; i < 10; i++) kernel.call(sync, i);
    await clock.advance(60_000);
    kernel.call(sync, 10);
    const lines = logger.lines.filter(({ text }) => text.includes("TAP_FAILED"));
    expect(lines.map(({ level, fields }) => [level, fields["plugin"], fields["hook"], fields["suppressed"]])).toEqual([
      ["warn", "a", sync.name, 0],
      ["warn", "a", sync.name, 9],
    ]);
  });
});
