import { createKernel, defineHook, definePlugin, GraphTapError } from "@graphtap/kernel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consoleLogger, type ConsoleLoggerOptions, THRESHOLDS } from "./logger.js";

function collect(options: ConsoleLoggerOptions) {
  const lines: string[] = [];
  return { lines, logger: consoleLogger({ env: {}, color: false, write: (line) => lines.push(line), ...options }) };
}

describe("consoleLogger", () => {
  it.each([
    [{}, "warn"],
    [{ level: "debug" }, "debug"],
    [{ level: "debug", env: { GRAPHTAP_LOG: "error" } }, "error"],
    [{ level: "silent", env: { GRAPHTAP_LOG: "info" } }, "info"],
    [{ env: { GRAPHTAP_LOG: "" } }, "warn"],
    [{ env: { GRAPHTAP_LOG: "silent" } }, "silent"],
  ] as const)("%j prints down to %s", (options, threshold) => {
    const { lines, logger } = collect(options);
    for (const level of ["error", "warn", "info", "debug"] as const) logger.log(level, level, {});
    const expected = THRESHOLDS.slice(1, THRESHOLDS.indexOf(threshold) + 1);
    expect(lines.map((line) => line.trim().split(/ +/)[1])).toEqual(expected);
  });

  it("tells a misspelt GRAPHTAP_LOG once, and logs on at its level", () => {
    const { lines, logger } = collect({ env: { GRAPHTAP_LOG: "verbose" } });
    logger.log("info", "hidden", {});
    logger.log("warn", "shown", {});
    expect(lines).toEqual([
      "warn  GRAPHTAP_LOG is none of silent, error, warn, info, debug: logging at warn  code=VARIABLE_INVALID",
      "warn  shown",
    ]);
  });

  it("refuses an unknown level in code, without printing what it is if it is no text", () => {
    expect(() => consoleLogger({ level: "loud" as never })).toThrow(/\[LOG_LEVEL_INVALID\].*"loud"/);
    expect(() => consoleLogger({ level: 3 as never })).toThrow(/\[LOG_LEVEL_INVALID\].*number/);
  });

  it("names plugin, hook and code, and counts what the kernel held back", () => {
    const { lines, logger } = collect({});
    const error = new GraphTapError({ code: "TAP_FAILED", what: "x", why: "y", do: "z" });
    logger.log("warn", "it broke", {
      kernel: "support",
      plugin: "metrics",
      hook: "run.end",
      code: "TAP_FAILED",
      error,
      suppressed: 4,
    });
    logger.log("error", "boot", { error: new TypeError("contents of a message") });
    logger.log("error", "boot", { error, code: null });
    expect(lines).toEqual([
      "warn  it broke  kernel=support plugin=metrics hook=run.end code=TAP_FAILED and 4 more like it",
      "error boot  error=TypeError",
      "error boot  error=TAP_FAILED",
    ]);
  });

  it("never prints arguments or contents, and never more than a line per entry", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(
          fc.string().map((key) => `x${key}`),
          fc.constant("SECRET"),
        ),
        (text, fields) => {
          const { lines, logger } = collect({ level: "debug" });
          logger.log("debug", text, {
            ...fields,
            args: { q: "SECRET" },
            messages: ["SECRET"],
            plugin: "p\nerror forged",
          });
          expect(lines).toHaveLength(1);
          expect(lines[0]).not.toMatch(/SECRET|[\n\r\u2028\u2029]/);
        },
      ),
    );
  });

  it("colours where it is asked to", () => {
    const { lines, logger } = collect({ color: true });
    logger.log("error", "x", { plugin: "p" });
    expect(lines[0]).toBe("\u001B[31merror\u001B[39m x\u001B[2m  plugin=p\u001B[22m");
  });

  it("is what a kernel's faults reach", async () => {
    const { lines, logger } = collect({});
    const told = defineHook.series<string>("acme.ticket.closed");
    const failing = definePlugin({
      name: "acme-failing",
      version: "1.0.0",
      setup: (api) =>
        void api.tap(told, () => {
          throw new Error("down");
        }),
    });
    await using kernel = createKernel({ name: "desk", hooks: [told], plugins: [failing()], logger });
    await kernel.call(told, "t");
    expect(lines).toEqual([
      expect.stringMatching(/^warn {2}.*kernel=desk plugin=acme-failing hook=acme\.ticket\.closed code=TAP_FAILED$/),
    ]);
  });
});
