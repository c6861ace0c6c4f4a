import { describe, expect, it } from "vitest";
import { createBus } from "./events.js";
import { settled } from "./fixtures/fake-clock.js";
import { recordingLogger, tapped, tapping } from "./fixtures/kernel.js";
import { defineHook } from "./hook.js";
import { createLog, silentLogger } from "./logger.js";

const hook = defineHook.series<number>("acme.ticket.closed");

describe("the bus", () => {
  it("keeps a listener that throws away from the others and from whoever emits", () => {
    const logger = recordingLogger();
    const bus = createBus(createLog(logger, {}));
    const seen: string[] = [];
    bus.on("acme:opened", () => {
      throw new Error("mine");
    });
    bus.on("acme:opened", (payload) => seen.push(String(payload)));
    expect(bus.emit("acme:opened", "1")).toBe(true);
    expect(seen).toEqual(["1"]);
    expect(logger.lines).toMatchObject([{ level: "warn", fields: { error: new Error("mine") } }]);
  });

  it("keeps the rejection of an async listener from ending the process", async () => {
    const logger = recordingLogger();
    const bus = createBus(createLog(logger, {}));
    bus.on("acme:opened", async () => {
      throw new Error("mine, later");
    });
    expect(bus.emit("acme:opened", "1")).toBe(true);
    await settled();
    expect(logger.lines).toMatchObject([{ level: "warn", fields: { error: new Error("mine, later") } }]);
  });

  it("takes listeners off again, however they were put on", () => {
    const bus = createBus(createLog(silentLogger, {}));
    let calls = 0;
    const listener = (): void => void calls++;
    bus.on("ready", listener).once("ready", listener).addListener("ready", listener);
    bus.emit("ready");
    expect(calls).toBe(3);
    bus.off("ready", listener);
    bus.emit("ready");
    expect(calls).toBe(3);
    bus.once("ready", listener);
    bus.removeListener("ready", listener);
    bus.on("ready", listener);
    bus.off("ready");
    bus.emit("ready");
    expect(calls).toBe(3);
  });

  it("keeps the context a listener was registered with", () => {
    const bus = createBus(createLog(silentLogger, {}));
    let context: unknown;
    bus.on(
      "ready",
      function (this: unknown) {
        context = this;
      },
      bus,
    );
    bus.emit("ready");
    expect(context).toBe(bus);
  });

  it("tells of the kernel's life and of faults", async () => {
    const kernel = tapped(hook, [
      () => {
        throw new Error("x");
      },
    ]);
    const seen: unknown[] = [];
    kernel.events.on("ready", () => seen.push("ready"));
    kernel.events.on("fault", ({ plugin, hook: name, error }) =>
      seen.push(["fault", plugin, name, (error as { code: string }).code]),
    );
    kernel.events.on("removed", ({ id }) => seen.push(["removed", id]));
    kernel.events.on("replaced", ({ id }) => seen.push(["replaced", id]));
    kernel.events.on("disposed", () => seen.push("disposed"));
    await settled();
    void kernel.call(hook, 1);
    await kernel.replace(tapping("a", hook, () => undefined));
    await kernel.remove("a");
    await kernel.dispose();
    expect(seen).toEqual([
      "ready",
      ["fault", "a", hook.name, "TAP_FAILED"],
      ["replaced", "a"],
      ["removed", "a"],
      "disposed",
    ]);
    expect(kernel.events.listenerCount("ready")).toBe(0);
  });
});
