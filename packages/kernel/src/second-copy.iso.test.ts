import { beforeEach, describe, expect, it, vi } from "vitest";
import * as ours from "./index.js";

const closed = ours.defineHook.guard<number>("acme.door.open");
const Counter = ours.defineService<{ count: number }>()("counter");

beforeEach(() => {
  vi.resetModules();
  vi.doUnmock("./version.js");
});

describe("another copy of the kernel", () => {
  it("with the same API works: plugins, hooks, services, verdicts and errors meet by brand and name", async () => {
    const theirs = (await import("./index.js")) as typeof ours;
    expect(theirs.definePlugin).not.toBe(ours.definePlugin);
    const theirCounter = theirs.defineService<{ count: number }>()("counter");
    const theirDoor = theirs.defineHook.guard<number>("acme.door.open");
    const provider = theirs.definePlugin({
      name: "counter",
      version: "1.0.0",
      provides: [theirCounter],
      setup: (api) => api.provide(theirCounter, { count: 1 }),
    });
    const guard = theirs.definePlugin({
      name: "guard",
      version: "1.0.0",
      requires: [theirCounter],
      setup(api) {
        const counter = api.get(theirCounter);
        api.tap(theirDoor, (n) => (n > counter.count ? theirs.deny("BIG", "too big") : theirs.allow()));
      },
    });
    await using kernel = ours.createKernel({ plugins: [guard(), ours.override(provider()), provider()] });
    await kernel.ready();
    expect(kernel.get(Counter)).toEqual({ count: 1 });
    expect(kernel.get(provider)).toEqual({ count: 1 });
    expect(kernel.call(closed, 1)).toEqual({ effect: "allow", changed: false });
    expect(kernel.call(closed, 2)).toMatchObject({ effect: "deny", code: "BIG", plugin: "guard" });

    const error = await theirs
      .createKernel({ plugins: [{} as never] })
      .ready()
      .catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(ours.GraphTapError);
    expect(ours.GraphTapError.isInstance(error)).toBe(true);
  });

  it("with another API is KERNEL_MISMATCH, which names both versions and both places", async () => {
    vi.doMock("./version.js", () => ({
      KERNEL_API: 2,
      KERNEL_VERSION: "9.0.0",
      KERNEL_PATH: "file:///elsewhere/kernel/index.js",
    }));
    const theirs = (await import("./index.js")) as typeof ours;
    const future = theirs.definePlugin({ name: "future", version: "1.0.0", setup: () => undefined });
    const error = await ours
      .createKernel({ plugins: [future()] })
      .ready()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "KERNEL_MISMATCH",
      plugin: "future",
      details: { ours: { api: 1, version: ours.KERNEL_VERSION }, theirs: { api: 2, version: "9.0.0" } },
    });
    expect((error as Error).message).toMatch(
      /ours: \S+ \(api 1\) at file:.*\n {7}theirs: 9\.0\.0 \(api 2\) at file:\/\/\/elsewhere/,
    );
  });
});
