import { describe, expect, it } from "vitest";
import { z } from "zod";
import { GraphTapError } from "./error.js";
import { defineHook } from "./hook.js";
import { createKernel } from "./kernel.js";
import { definePlugin, override, type Plugin } from "./plugin.js";
import type { PluginApi } from "./plugin-api.js";
import { defineService } from "./service.js";

const hook = defineHook.series<number>("acme.door.open");
const Door = defineService<object>()("acme.door");
const wrong = (value: unknown) => value as never;
const define = (more: object): Plugin =>
  (definePlugin as any)({ name: "acme-x", version: "1.0.0", setup() {}, ...more })();
const start = (...plugins: unknown[]) => createKernel({ plugins: wrong(plugins) }).ready();
const inSetup = (setup: (api: PluginApi<any, any, any>) => unknown, more = {}) => start(define({ setup, ...more }));
const kernel = () => createKernel({ plugins: [define({})] });

/** Every one is an error of ours that says what was expected and what was got, in the form all of them have. */
async function errorOf(run: () => unknown): Promise<GraphTapError> {
  const error = await Promise.resolve()
    .then(run)
    .then(
      () => "nothing was thrown",
      (thrown: unknown) => thrown,
    );
  if (!GraphTapError.isInstance(error)) throw new Error("no GraphTapError", { cause: error });
  expect(error.message).toMatch(/^\[[A-Z_]+\] \S.*\n {2}Why: \S[\s\S]*\n {2}Do: {2}\S/);
  return error;
}

it.each<[string, string, RegExp, () => unknown]>([
  // options of a kernel
  ["no plugins", "KERNEL_OPTIONS_INVALID", /plugins: expected a list.*got undefined/, () => createKernel(wrong({}))],
  [
    "one plugin, no list",
    "KERNEL_OPTIONS_INVALID",
    /plugins: .*got an object/,
    () => createKernel(wrong({ plugins: define({}) })),
  ],
  [
    "a name that is a number",
    "KERNEL_OPTIONS_INVALID",
    /name: expected a text, got 5/,
    () => createKernel({ plugins: [], name: wrong(5) }),
  ],
  [
    "verify that is no function",
    "KERNEL_OPTIONS_INVALID",
    /verify: expected a function, got 5/,
    () => createKernel({ plugins: [], verify: wrong(5) }),
  ],
  [
    "two wrong options at once",
    "KERNEL_OPTIONS_INVALID",
    /nmae: no such option[\s\S]*setupTimeoutMs: .*got -1/,
    () => createKernel(wrong({ plugins: [], nmae: "x", setupTimeoutMs: -1 })),
  ],
  // what is no plugin: where in the list, what it is, what to do
  ["a class", "PLUGIN_INVALID", /plugins\[1\][\s\S]*got class Foo[\s\S]*definePlugin/, () => start(null, class Foo {})],
  ["an instance of a class", "PLUGIN_INVALID", /got an instance of Foo/, () => start(new (class Foo {})())],
  [
    "a function that makes plugins",
    "PLUGIN_INVALID",
    /got function preset[\s\S]*preset\(\)/,
    () => start(function preset() {}),
  ],
  [
    "override of a factory",
    "PLUGIN_INVALID",
    /argument of override\(\)[\s\S]*got function/,
    () => override(wrong(definePlugin({ name: "acme-x", version: "1.0.0", setup() {} }))),
  ],
  [
    "use() of nothing",
    "PLUGIN_INVALID",
    /argument of use\(\)[\s\S]*got undefined/,
    () => kernel().use(wrong(undefined)),
  ],
  [
    "remove() of a plugin",
    "PLUGIN_UNKNOWN",
    /no plugin called an object here/,
    () => kernel().remove(wrong(define({}))),
  ],
  // definitions
  ["a misspelt key", "PLUGIN_INVALID", /require: no such option/, () => define({ require: [] })],
  ["requires that is no list", "PLUGIN_INVALID", /requires: expected a list of keys/, () => define({ requires: Door })],
  [
    "requires by name",
    "PLUGIN_INVALID",
    /requires: .*got a list of 1 \(a text/,
    () => define({ requires: ["metrics"] }),
  ],
  [
    "before that is no list, whose letters were taken for names",
    "PLUGIN_INVALID",
    /before: expected a list of plugin names, got a text/,
    () => define({ before: "metrics" }),
  ],
  ["before with a number", "PLUGIN_INVALID", /before: /, () => define({ before: [5] })],
  ["hooks that is one hook", "PLUGIN_INVALID", /hooks: expected a list of hooks/, () => define({ hooks: hook })],
  [
    "an unknown need of identity, which was taken for none",
    "PLUGIN_INVALID",
    /identity: expected "required" or "none"/,
    () => define({ identity: "require" }),
  ],
  [
    "options that are no zod schema",
    "PLUGIN_INVALID",
    /options: expected a zod schema, got an object/,
    () => define({ options: { type: "object" } }),
  ],
  [
    "a second argument that is a text",
    "PLUGIN_INVALID",
    /second argument[\s\S]*got a text/,
    () => definePlugin({ name: "acme-x", version: "1.0.0", setup() {} })(undefined, wrong("eu")),
  ],
  // hooks
  [
    "a misspelt option of a hook",
    "HOOK_INVALID",
    /timeout: no such option/,
    () => defineHook.guard("acme.a.b", wrong({ timeout: 5 })),
  ],
  [
    "transform in a hook that is no guard",
    "HOOK_INVALID",
    /transform: no such option/,
    () => defineHook.series("acme.a.b", wrong({ transform: true })),
  ],
  [
    "options of a hook that are null",
    "HOOK_INVALID",
    /expected an object, got null/,
    () => defineHook.series("acme.a.b", wrong(null)),
  ],
  [
    "an around hook without what it surrounds",
    "HOOK_INVALID",
    /around hook/,
    () => kernel().call(defineHook.around<number, number>("acme.a.c"), 1, undefined, wrong(undefined)),
  ],
  // setup
  [
    "options of a tap that are a text",
    "HOOK_INVALID",
    /expected an object, got a text/,
    () => inSetup((api) => void api.tap(hook, () => {}, wrong("pre"))),
  ],
  [
    "a misspelt option of a tap",
    "HOOK_INVALID",
    /stages: no such option/,
    () => inSetup((api) => void api.tap(hook, () => {}, wrong({ stages: "pre" }))),
  ],
  [
    "before of a tap that is a number",
    "HOOK_INVALID",
    /before: expected names of plugins, got 5/,
    () => inSetup((api) => void api.tap(hook, () => {}, { before: wrong(5) })),
  ],
  [
    "api.get of a name",
    "SERVICE_NOT_FOUND",
    /api\.get\(\)[\s\S]*got "metrics"/,
    () => inSetup((api) => void api.get(wrong("metrics"))),
  ],
  [
    "api.find of nothing",
    "SERVICE_NOT_FOUND",
    /api\.find\(\)[\s\S]*got undefined/,
    () => inSetup((api) => void api.find(wrong(undefined))),
  ],
  [
    "api.provide of nothing",
    "SERVICE_NOT_FOUND",
    /api\.provide\(\)/,
    () => inSetup((api) => api.provide(wrong(undefined), wrong({}))),
  ],
  [
    "onDispose of a promise, found at dispose only",
    "PLUGIN_INVALID",
    /api\.onDispose[\s\S]*got an instance of Promise/,
    () => inSetup((api) => api.onDispose(wrong(Promise.resolve()))),
  ],
  [
    "onFlush of nothing",
    "PLUGIN_INVALID",
    /api\.onFlush[\s\S]*got undefined/,
    () => inSetup((api) => api.onFlush(wrong(undefined))),
  ],
  // services
  [
    "get of a name",
    "SERVICE_NOT_FOUND",
    /get\(\)[\s\S]*got "metrics"[\s\S]*stack\.get\(metrics\)/,
    () => kernel().get(wrong("metrics")),
  ],
  ["find of nothing", "SERVICE_NOT_FOUND", /find\(\)[\s\S]*got undefined/, () => kernel().find(wrong(undefined))],
])("bad input: %s", async (_what, code, message, run) => {
  const error = await errorOf(run);
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
});

describe("what a plugin throws", () => {
  const unspeakable = Object.defineProperty(new Error("x"), "message", {
    get: () => {
      throw new Error("inner");
    },
  });
  it.each([
    ["without a text", Object.create(null)],
    ["with a message that throws", unspeakable],
    ["undefined", undefined],
    ["a symbol", Symbol("x")],
  ])("is told with its plugin, also %s", async (_, thrown: unknown) => {
    const error = await errorOf(() =>
      inSetup(() => {
        throw thrown;
      }),
    );
    expect([error.code, error.plugin, error.cause]).toEqual(["PLUGIN_SETUP_FAILED", "acme-x", thrown]);
  });
});

describe("wrong options of a plugin", () => {
  const metrics = definePlugin({
    name: "acme-m",
    version: "1.0.0",
    options: z.strictObject({
      hours: z.number().max(24).optional(),
      level: z.enum(["read", "write"]).optional(),
      key: z.string().min(9).optional(),
    }),
    setup() {},
  });
  it("say what was got: a number as it is, of a text its length only", async () => {
    const { message } = await errorOf(() => metrics({ hours: 25, level: wrong("wrte"), key: "s3cret" }));
    expect(message).toMatch(/hours: .*24.*, got 25\n/);
    expect(message).toMatch(/level: .*"read"\|"write", got a text of 4 characters\n/);
    expect(message).toMatch(/key: .*, got a text of 6 characters\n/);
    expect(message).not.toContain("s3cret");
  });
  it("of another plugin are told with those that there are", async () => {
    const { message } = await errorOf(() => metrics(wrong({ maxRuns: 5 })));
    expect(message).toContain('options: Unrecognized key: "maxRuns"; there are hours, level, key');
  });
});
