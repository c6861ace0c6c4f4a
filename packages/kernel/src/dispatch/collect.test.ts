import { describe, expect, it } from "vitest";
import { fakeClock } from "../fixtures/fake-clock.js";
import { bubbleUp, tapped } from "../fixtures/kernel.js";
import { defineHook } from "../hook.js";

const collect = defineHook.collect<string, number, unknown>("acme.health.probe");

describe("collect", () => {
  it("gives settled results in order, with plugin names; undefined is no answer", async () => {
    const kernel = tapped(collect, [
      () => 1,
      async () => 2,
      () => undefined,
      () => {
        throw new Error("sync");
      },
      async () => {
        throw new Error("async");
      },
    ]);
    expect(await kernel.call(collect, "?")).toEqual([
      { plugin: "a", status: "ok", value: 1 },
      { plugin: "b", status: "ok", value: 2 },
      {
        plugin: "d",
        status: "error",
        error: expect.objectContaining({ code: "TAP_FAILED", plugin: "d", cause: new Error("sync") }),
      },
      {
        plugin: "e",
        status: "error",
        error: expect.objectContaining({ code: "TAP_FAILED", plugin: "e", cause: new Error("async") }),
      },
    ]);
    expect(kernel.inspect().faults.total).toBe(2);
  });

  it("asks all at once", async () => {
    const started: string[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const call = tapped(collect, [
      async () => {
        started.push("a");
        await gate;
        return 1;
      },
      async () => {
        started.push("b");
        return 2;
      },
    ]).call(collect, "?");
    expect(started).toEqual(["a", "b"]);
    open();
    expect(await call).toHaveLength(2);
  });

  it("says who did not answer in time", async () => {
    const clock = fakeClock();
    const call = tapped(collect, [() => new Promise(() => undefined), () => 2], { clock }).call(collect, "?");
    await clock.advance(5_000);
    expect(await call).toEqual([
      { plugin: "a", status: "timeout" },
      { plugin: "b", status: "ok", value: 2 },
    ]);
  });

  it("is an empty list when nobody taps", async () => {
    expect(await tapped(collect, []).call(collect, "?")).toEqual([]);
  });

  it("passes control flow", async () => {
    await expect(
      tapped(collect, [
        () => {
          throw bubbleUp();
        },
        () => 1,
      ]).call(collect, "?"),
    ).rejects.toThrow("interrupt");
  });

  it("does not ask a quarantined plugin", async () => {
    const kernel = tapped(
      collect,
      [
        () => {
          throw new Error("x");
        },
        () => 2,
      ],
      { quarantineAfter: 1 },
    );
    expect(await kernel.call(collect, "?")).toHaveLength(2);
    expect(await kernel.call(collect, "?")).toEqual([{ plugin: "b", status: "ok", value: 2 }]);
  });
});
