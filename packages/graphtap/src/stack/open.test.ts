import { createStack, definePlugin } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { testIo } from "../fixtures/io.js";
import { broken, supportModule } from "../fixtures/support.js";
import { withStack } from "./open.js";

const at = { text: "s.ts", path: "/nowhere/s.ts", export: null, from: "--stack" } as const;
const stateOf = (stack: { inspect(): { state: string } }): string => stack.inspect().state;

describe("withStack", () => {
  it("starts the stack, hands it over, and disposes it", async () => {
    const made = supportModule();
    const io = testIo({ modules: { "s.ts": () => made } });
    const seen = await withStack(io, at, ({ stack, module, took }) => ({
      state: stateOf(stack),
      names: Object.keys(module),
      took,
    }));
    expect(seen).toEqual({ state: "ready", names: ["stack", "support"], took: { import: 5, ready: 5 } });
    expect(stateOf(made.stack)).toBe("disposed");
  });

  it("disposes it when its use fails, and hands that failure on", async () => {
    const made = supportModule();
    const io = testIo({ modules: { "s.ts": () => made } });
    await expect(withStack(io, at, () => Promise.reject(new Error("use")))).rejects.toThrow("use");
    expect(stateOf(made.stack)).toBe("disposed");
  });

  it("does not use a stack that did not start", async () => {
    let used = false;
    const io = testIo({ modules: { "s.ts": () => supportModule([broken()]) } });
    await expect(withStack(io, at, () => (used = true))).rejects.toMatchObject({
      code: "PLUGIN_SETUP_FAILED",
      plugin: "acme-broken",
    });
    expect(used).toBe(false);
  });

  it("does not hide a disposer that fails", async () => {
    const clinging = definePlugin({
      name: "acme-clinging",
      version: "1.0.0",
      setup: () => () => {
        throw new Error("still busy");
      },
    });
    const io = testIo({ modules: { "s.ts": () => ({ stack: createStack({ plugins: [clinging()] }) }) } });
    await expect(withStack(io, at, () => 1)).rejects.toMatchObject({ code: "DISPOSE_FAILED" });
    await expect(withStack(io, at, () => Promise.reject(new Error("use")))).rejects.toThrow("use");
  });
});
