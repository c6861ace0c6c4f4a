import { expect, it } from "vitest";
import { createStack, defineHook, definePlugin, type Logger } from "./index.js";
import { enterStack, leaveStack, twinOf } from "./live-stacks.js";

const listening = () => {
  const lines: { readonly code: unknown; readonly text: string }[] = [];
  const logger: Logger = { log: (_level, text, { code }) => void lines.push({ code, text }) };
  return { lines, logger };
};

it("warns once, with both places, that two live stacks have one name", async () => {
  const name = "live-stacks-twins";
  const { lines, logger } = listening();
  const make = () => createStack({ name, plugins: [], logger });
  const first = make();
  await first.ready();
  expect(lines).toEqual([]);
  const second = make();
  const third = createStack({ name, plugins: [], logger });
  await Promise.all([second.ready(), third.ready()]);
  await Promise.resolve();
  expect(lines).toEqual([{ code: "STACK_DUPLICATE", text: expect.stringContaining(name) }]);
  const sites = lines[0]?.text.match(/live-stacks\.test\.ts:\d+/g);
  expect([sites?.length, new Set(sites).size]).toEqual([2, 1]);
  await Promise.all([first, second, third].map((stack) => stack.dispose()));
});

it("does not take for a twin what was disposed, failed to start, or was not named", async () => {
  const name = "live-stacks-gone";
  const { lines, logger } = listening();
  await createStack({ name, plugins: [], logger }).dispose();
  {
    await using _used = createStack({ name, plugins: [], logger });
  }
  const broken = definePlugin({
    name: "acme-broken",
    version: "1.0.0",
    async setup() {
      throw new Error("no");
    },
  });
  const failed = createStack({ name, plugins: [broken()] });
  await expect(failed.ready()).rejects.toMatchObject({ code: "PLUGIN_SETUP_FAILED" });
  const last = createStack({ name, plugins: [], logger });
  const unnamed = [1, 2].map(() => createStack({ plugins: [], logger }));
  await Promise.all([last, ...unnamed].map((stack) => stack.ready()));
  await Promise.resolve();
  expect(lines).toEqual([]);
  await last.dispose();
});

it("forgets a stack that nobody holds any more, and all but the last thousand names", () => {
  const owner = {};
  enterStack("live-stacks-0", "here", owner);
  expect(twinOf("live-stacks-0")).toMatchObject({ site: "here", told: false });
  leaveStack("live-stacks-0", {});
  expect(twinOf("live-stacks-0")).not.toBeNull();
  for (let i = 1; i <= 1_000; i++) enterStack(`live-stacks-${i}`, null, owner);
  expect(twinOf("live-stacks-0")).toBeNull();
  for (let i = 1; i <= 1_000; i++) leaveStack(`live-stacks-${i}`, owner);
  expect(twinOf("live-stacks-1000")).toBeNull();
});

it("warns of a tap that nobody fires", async () => {
  const { lines, logger } = listening();
  const stray = defineHook.series<number>("acme.stray.hook");
  const plugin = definePlugin({ name: "acme-stray", version: "1.0.0", setup: (api) => void api.tap(stray, () => {}) });
  await createStack({ plugins: [plugin()], logger }).ready();
  await createStack({ plugins: [plugin()], hooks: [stray], logger }).ready();
  await Promise.resolve();
  expect(lines).toEqual([{ code: "TAP_DEAD", text: expect.stringContaining("acme.stray.hook") }]);
});
