import { afterEach, expect, it } from "vitest";
import { createStack, defineHook, definePlugin } from "./index.js";

const stray = defineHook.series<number>("acme.stray.hook");
const plugin = definePlugin({ name: "acme-stray", version: "1.0.0", setup: (api) => void api.tap(stray, () => {}) });

afterEach(() => {
  delete process.env["GRAPHTAP_STRICT"];
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
