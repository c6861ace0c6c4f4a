import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createKernel } from "./kernel.js";
import { definePlugin, override, type Plugin } from "./plugin.js";
import { resolvePlugins } from "./plugin-list.js";
import { defineService } from "./service.js";
import { callSite, parseFrame } from "./site.js";

const quiet = definePlugin({
  name: "acme-quiet-hours",
  version: "1.2.0",
  options: z.object({
    from: z.number().int().min(0).max(23),
    tools: z.array(z.string()).min(1),
    zone: z.string().default("UTC"),
  }),
  setup: () => undefined,
});
const plain = definePlugin({ name: "plain", version: "1.0.0", setup: () => undefined });
const thrown = (run: () => unknown): any => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
};

describe("a factory", () => {
  it("makes frozen plugins that say who they are", () => {
    const plugin = quiet({ from: 22, tools: ["refund"] }, { key: "eu" });
    expect(Object.isFrozen(plugin)).toBe(true);
    expect(plugin).toMatchObject({
      name: "acme-quiet-hours",
      version: "1.2.0",
      key: "eu",
      id: "acme-quiet-hours:eu",
      api: 1,
      identity: null,
    });
    expect(plain().id).toBe("plain");
    expect([quiet.pluginName, quiet.version, quiet.provides]).toEqual(["acme-quiet-hours", "1.2.0", []]);
  });

  it("parses options when it is called, and names every wrong one and the caller's line, but no value", () => {
    const error = thrown(() => quiet({ from: 24, tools: [], zone: "secret" as never }));
    expect(error).toMatchObject({ code: "PLUGIN_OPTIONS_INVALID", plugin: "acme-quiet-hours" });
    expect(error.message).toMatch(
      /^\[PLUGIN_OPTIONS_INVALID\] acme-quiet-hours\(\): options are wrong\.\n {2}Why: from: .*\n {7}tools: .*\n {2}Do: {2}correct the call at .*plugin\.test\.ts:\d+\. {2}Defaults and units: README of acme-quiet-hours 1\.2\.0\.$/,
    );
    expect(error.message).not.toContain("secret");
  });

  it("gives setup the parsed options, defaults filled in", async () => {
    let seen: unknown;
    const withDefaults = definePlugin({
      name: "d",
      version: "1.0.0",
      options: z.object({ ms: z.number().default(5) }),
      setup: (_api, options) => void (seen = options),
    });
    await createKernel({ plugins: [withDefaults()] }).ready();
    expect(seen).toEqual({ ms: 5 });
    await createKernel({ plugins: [withDefaults({ ms: 7 })] }).ready();
    expect(seen).toEqual({ ms: 7 });
  });

  it("keeps undefined where the schema wants it", async () => {
    let seen: unknown = "unset";
    const optional = definePlugin({
      name: "o",
      version: "1.0.0",
      options: z.object({ a: z.string() }).optional(),
      setup: (_api, options) => void (seen = options),
    });
    await createKernel({ plugins: [optional()] }).ready();
    expect(seen).toBeUndefined();
  });

  it("refuses options where there are none, a schema that is asynchronous, and a key that is no text", () => {
    expect(thrown(() => plain({} as never))).toMatchObject({ code: "PLUGIN_OPTIONS_INVALID" });
    const slow = definePlugin({
      name: "slow",
      version: "1.0.0",
      options: z.string().refine(async () => true),
      setup: () => undefined,
    });
    expect(thrown(() => slow("x"))).toMatchObject({ code: "PLUGIN_OPTIONS_INVALID", cause: expect.anything() });
    expect(thrown(() => plain(undefined, { key: 3 as never }))).toMatchObject({ code: "PLUGIN_INVALID" });
  });

  it.each([
    ["nothing", undefined],
    ["no name", { version: "1.0.0", setup() {} }],
    ["a name with a colon", { name: "a:b", version: "1.0.0", setup() {} }],
    ["no version", { name: "a", setup() {} }],
    ["no setup", { name: "a", version: "1.0.0" }],
    ["a requirement by name", { name: "a", version: "1.0.0", requires: ["metrics"], setup() {} }],
    ["a hook by name", { name: "a", version: "1.0.0", hooks: ["run.start"], setup() {} }],
  ])("definePlugin refuses %s", (_, spec) => {
    expect(thrown(() => definePlugin(spec as never))).toMatchObject({ code: "PLUGIN_INVALID" });
  });

  it("a service key needs an id", () => {
    expect(thrown(() => defineService()(""))).toMatchObject({ code: "SERVICE_UNDECLARED" });
  });
});

describe("the list of plugins", () => {
  const ids = (plugins: readonly Plugin[]) => plugins.map(({ id, key }) => key ?? id);

  it("skips false, null and undefined", () => {
    expect(ids(resolvePlugins([false, plain(), null, undefined]))).toEqual(["plain"]);
  });

  it("puts an override in the place of what it replaces, wherever it stands", () => {
    const a = plain(undefined, { key: "a" });
    const b = plain(undefined, { key: "b" });
    const newA = override(plain(undefined, { key: "a" }));
    expect(resolvePlugins([a, b, newA])).toEqual([newA, b]);
    expect(resolvePlugins([newA, b, a])).toEqual([b, newA]);
  });

  it("refuses an override of nothing, and two of one", () => {
    expect(thrown(() => resolvePlugins([override(plain())]))).toMatchObject({
      code: "PLUGIN_UNKNOWN",
      plugin: "plain",
    });
    expect(thrown(() => resolvePlugins([plain(), override(plain()), override(plain())]))).toMatchObject({
      code: "PLUGIN_DUPLICATE",
    });
  });

  it("prints both call sites of a duplicate, and the way out", () => {
    const preset = () => [plain()];
    const { message, code } = thrown(() => resolvePlugins([...preset(), plain()]));
    expect(code).toBe("PLUGIN_DUPLICATE");
    expect(message).toMatch(/first at .*plugin\.test\.ts:\d+ \(inside preset\(\)\), again at .*plugin\.test\.ts:\d+\./);
    expect(message).toContain("override(plain({...})).   To run two:  plain({...}, { key:");
    expect(ids(resolvePlugins([plain(), plain(undefined, { key: "eu" })]))).toEqual(["plain", "eu"]);
  });

  it.each([
    ["a factory that was not called", plain, "plugins: [plain()]"],
    ["a webpack plugin", { apply() {} }, "definePlugin({"],
    ["a promise", Promise.resolve(plain()), "await"],
    ["a preset that was not spread", [plain()], "...preset()"],
    ["a definition", { name: "x", setup() {} }, "got an object"],
    ["a name", "metrics", 'got "metrics"'],
    ["true", true, "got true"],
  ])("explains %s", (_, input, hint) => {
    const error = thrown(() => resolvePlugins([input]));
    expect(error).toMatchObject({ code: "PLUGIN_INVALID" });
    expect(error.message).toContain(hint);
  });

  it("refuses a plugin written for another plugin API", () => {
    const future = definePlugin({ name: "future", version: "2.0.0", api: 2 as never, setup: () => undefined });
    expect(thrown(() => resolvePlugins([future()]))).toMatchObject({
      code: "PLUGIN_API_VERSION",
      message: expect.stringContaining("it asks for api 2"),
    });
  });
});

describe("call sites", () => {
  it.each([
    ["    at Object.<anonymous> (/app/src/stack.ts:14:20)", "src/stack.ts:14"],
    ["    at file:///app/src/stack.ts:14:20", "src/stack.ts:14"],
    ["    at production (file:///app/src/presets.ts:9:3)", "src/presets.ts:9 (inside production())"],
    ["    at async main (/elsewhere/x.js:1:2)", "/elsewhere/x.js:1 (inside main())"],
    ["    at new Foo (/app/x.js:1:2)", "x.js:1"],
    ["Error: not a frame", null],
    ["", null],
  ])("%s", (line, expected) => {
    expect(parseFrame(line, "/app")).toBe(expected);
  });

  it("is this very file", () => {
    const called = (): string | null => callSite(called);
    expect(called()).toMatch(/plugin\.test\.ts:\d+$/);
  });
});
