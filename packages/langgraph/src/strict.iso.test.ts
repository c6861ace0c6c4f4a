import { afterEach, expect, it } from "vitest";
import { createStack, defineHook, definePlugin, defineService } from "./index.js";

const stray = defineHook.series<number>("acme.stray.hook");
const plugin = definePlugin({ name: "acme-stray", version: "1.0.0", setup: (api) => void api.tap(stray, () => {}) });

afterEach(() => {
  delete process.env["GRAPHTAP_STRICT"];
  delete process.env["GRAPHTAP_KILL"];
});

it("GRAPHTAP_STRICT=1 turns the warnings of the start into one error of the boot, for every twin", async () => {
  const first = createStack({ name: "strict", plugins: [] });
  process.env["GRAPHTAP_STRICT"] = "1";
  for (let i = 0; i < 2; i++) {
    const second = createStack({ name: "strict", plugins: [plugin()] });
    const error = await second.ready().catch((caught: unknown) => caught as Error & { code: string });
    expect(error).toMatchObject({ code: "STACK_NOT_STRICT" });
    expect(error?.message).toMatch(/2 warnings[\s\S]*\[STACK_DUPLICATE\][\s\S]*\[TAP_DEAD\]/);
  }
  await createStack({ name: "strict-2", plugins: [plugin()], hooks: [stray] }).ready();
  await first.dispose();
  await createStack({ name: "strict", plugins: [] }).ready();
});

it("counts as 1 only", async () => {
  process.env["GRAPHTAP_STRICT"] = "true";
  await expect(createStack({ plugins: [plugin()] }).ready()).resolves.toBeUndefined();
});

it("leaves the host's own verify in force", async () => {
  const seen: string[] = [];
  const stack = createStack({
    plugins: [plugin()],
    verify({ deadTaps }) {
      seen.push(...deadTaps.map(({ hook }) => hook));
      throw new Error("not like this");
    },
  });
  await expect(stack.ready()).rejects.toThrow("not like this");
  expect(seen).toEqual([stray.name]);
});

it("GRAPHTAP_KILL stops the start of a stack in which nothing would hold to it", async () => {
  process.env["GRAPHTAP_KILL"] = "tool:refund";
  await expect(createStack({ name: "bare", plugins: [] }).ready()).rejects.toMatchObject({
    code: "KILL_NOT_HELD",
    message: expect.stringMatching(/"bare"[\s\S]*got \[\]/),
  });
  const Security = defineService<object>()("security");
  const own = definePlugin({
    name: "acme-security",
    version: "1.0.0",
    provides: [Security],
    setup: (api) => api.provide(Security, {}),
  });
  await createStack({ plugins: [own()] }).ready();
  process.env["GRAPHTAP_KILL"] = " ";
  await createStack({ plugins: [] }).ready();
});
