import { describe, expect, it } from "vitest";
import { settled } from "./fixtures/fake-clock.js";
import { recordingLogger, tapped } from "./fixtures/kernel.js";
import { defineHook } from "./hook.js";
import { createKernel } from "./kernel.js";
import { createLog, type Logger } from "./logger.js";
import { definePlugin } from "./plugin.js";

const hook = defineHook.series<number>("acme.ticket.closed");

describe("the logger port", () => {
  it("gets level, text and fields; the plugin's id is on its lines", () => {
    const logger = recordingLogger();
    createKernel({
      name: "desk",
      logger,
      plugins: [
        definePlugin({
          name: "greeter",
          version: "1.0.0",
          setup(api) {
            api.log.info("hello", { user: 1 });
            api.log.debug("bare");
          },
        })(undefined, { key: "eu" }),
      ],
    });
    expect(logger.lines).toEqual([
      { level: "info", text: "hello", fields: { kernel: "desk", plugin: "greeter:eu", user: 1 } },
      { level: "debug", text: "bare", fields: { kernel: "desk", plugin: "greeter:eu" } },
    ]);
  });

  it.each<[string, Logger]>([
    [
      "throws",
      {
        log: () => {
          throw new Error("disk full");
        },
      },
    ],
    [
      "rejects",
      {
        log: (async () => {
          throw new Error("disk full");
        }) as unknown as Logger["log"],
      },
    ],
  ])("changes nothing when it %s", async (_, logger) => {
    const seen: number[] = [];
    const kernel = tapped(
      hook,
      [
        () => {
          throw new Error("x");
        },
        (n: number) => void seen.push(n),
      ],
      { logger, quarantineAfter: 1 },
    );
    void kernel.call(hook, 1);
    void kernel.call(hook, 2);
    createLog(logger, {}).error("x");
    await settled();
    await kernel.dispose();
    expect(seen).toEqual([1, 2]);
    const failing = createKernel({
      logger,
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          setup() {
            throw new Error("x");
          },
        })(),
      ],
    });
    await expect(failing.ready()).rejects.toMatchObject({ code: "PLUGIN_SETUP_FAILED" });
  });
});
