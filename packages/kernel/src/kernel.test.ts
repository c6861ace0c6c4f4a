import { describe, expect, it } from "vitest";
import { createKernel, defineHook, definePlugin, deny, escalate, allow } from "./index.js";

describe("a kernel", () => {
  it("is ready on return when setups are synchronous, and calls taps in order", async () => {
    const triage = defineHook.waterfall<{ id: string; trail: string[] }>("acme.ticket.triage");
    const tag = (name: string) =>
      definePlugin({
        name,
        version: "1.0.0",
        setup: (api) => void api.tap(triage, (t) => ({ ...t, trail: [...t.trail, name] })),
      })();
    await using kernel = createKernel({ hooks: [triage], plugins: [tag("a"), false, tag("b")] });
    expect(kernel.isReady()).toBe(true);
    expect(kernel.call(triage, { id: "1", trail: [] })).toEqual({ id: "1", trail: ["a", "b"] });
    expect(kernel.inspect().toTree()).toMatchInlineSnapshot(`
      "kernel (ready)
      plugins
      ├─ a 1.0.0
      └─ b 1.0.0
      hooks
      └─ acme.ticket.triage  waterfall, throw, 10000 ms
         ├─ a
         └─ b"
    `);
  });

  it("combines verdicts", () => {
    const gate = defineHook.guard<number>("acme.door.open");
    const plugin = definePlugin({
      name: "gate",
      version: "1.0.0",
      setup(api) {
        api.tap(gate, (n) => (n > 10 ? deny("TOO_BIG", "no") : undefined));
        api.tap(gate, (n) => (n > 5 ? escalate({ reason: "big" }) : allow()), { stage: "pre" });
      },
    });
    const kernel = createKernel({ plugins: [plugin()] });
    expect(kernel.call(gate, 1)).toEqual({ effect: "allow", changed: false });
    expect(kernel.call(gate, 6)).toMatchObject({
      effect: "escalate",
      requests: [{ plugin: "gate", request: { reason: "big" } }],
    });
    expect(kernel.call(gate, 11)).toEqual({
      effect: "deny",
      code: "TOO_BIG",
      message: "no",
      plugin: "gate",
      hook: "acme.door.open",
    });
  });
});
