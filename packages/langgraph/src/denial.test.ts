import { scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { createStack, DeniedError, definePlugin, deny, hooks } from "./index.js";

const refusing = (code: string, details: { reason?: string; do?: string } = {}) =>
  createStack({
    plugins: [
      definePlugin({
        name: "acme-no",
        version: "1.0.0",
        identity: "none",
        setup(api) {
          api.tap(hooks.tool.authorize, () => deny(code, "No.", details));
        },
      })(),
    ],
  });
const refusedWith = async (code: string, details?: { reason?: string; do?: string }): Promise<DeniedError> => {
  const error: unknown = await refusing(code, details)
    .wrapTool(scriptedTool("refund", "ok"))
    .invoke({})
    .catch((caught: unknown) => caught);
  if (!DeniedError.isDenied(error)) throw error;
  return error;
};

describe("what to do about a denial", () => {
  it("is what the plugin says", async () => {
    const error = await refusedWith("ACME_CLOSED", { reason: "it is night", do: "hours({ from: 6 })" });
    expect(error.hint).toBe("hours({ from: 6 })");
    expect(error.message).toBe(
      '[ACME_CLOSED] tool "refund" was denied.\n  Why: it is night\n  Do:  hours({ from: 6 })',
    );
  });

  it("is what the catalogue says, for codes of the stack's own", async () => {
    expect((await refusedWith("GUARD_TIMEOUT")).hint).toContain("Find what the guard waits for");
    expect((await refusedWith("TOOL_UNGUARDED")).hint).toContain("stack.wrapTools([rawSearch])");
  });

  it("names the plugin to ask where nobody says it", async () => {
    expect((await refusedWith("ACME_CLOSED")).hint).toBe(
      'It is plugin "acme-no" that refuses this. npx graphtap why ACME_CLOSED says more about codes of GraphTap\'s own.',
    );
  });
});
