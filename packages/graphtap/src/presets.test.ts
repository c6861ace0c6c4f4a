import { createStack, override } from "@graphtap/langgraph";
import { metrics } from "@graphtap/metrics";
import { security } from "@graphtap/security";
import { scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { guardsOf } from "./doctor/stack.js";
import { development, observeOnly } from "./presets.js";

const idsOf = (stack: { inspect(): { plugins: readonly { id: string }[] } }) =>
  stack.inspect().plugins.map(({ id }) => id);

describe("development", () => {
  it("denies what was not granted, as everywhere", async () => {
    await using stack = createStack({ plugins: development() });
    const tool = scriptedTool("refund", "ok");
    await expect(stack.wrapTool(tool).invoke({}, stack.as({ userId: "bob" }))).rejects.toMatchObject({
      code: "PERMISSION_NOT_GRANTED",
    });
    expect(tool.callCount).toBe(0);
    expect(stack.get(metrics).report({ hours: 1 })).toBeDefined();
  });

  it("hands options to the plugins", async () => {
    await using stack = createStack({
      plugins: [...development({ security: { tools: { search: { level: "read" } } }, metrics: { maxHistory: 5 } })],
    });
    stack.get(security).grantToolPermission({ userId: "bob", toolName: "search", permissionLevel: "read" });
    await expect(
      stack.wrapTool(scriptedTool("search", "3 articles")).invoke({}, stack.as({ userId: "bob" })),
    ).resolves.toBe("3 articles");
    expect(() => development({ metrics: { maxHistory: 0 } })).toThrow(/PLUGIN_OPTIONS_INVALID[\s\S]*maxHistory/);
  });

  it("gives way to an override, in its place", async () => {
    await using stack = createStack({ plugins: [...development(), override(metrics({ maxHistory: 7 }))] });
    expect(idsOf(stack)).toEqual(["metrics", "audit", "security", "dashboard"]);
  });

  it("names itself where a plugin is there twice", async () => {
    const stack = createStack({ plugins: [...development(), security()] });
    await expect(stack.ready()).rejects.toThrow(/\[PLUGIN_DUPLICATE\][\s\S]*inside development\(\)/);
    await stack.dispose();
  });
});

it("observeOnly refuses nothing", async () => {
  await using stack = createStack({ plugins: observeOnly() });
  await stack.ready();
  expect(idsOf(stack)).toEqual(["metrics", "audit", "dashboard"]);
  expect(guardsOf(stack.inspect())).toEqual([]);
  await expect(stack.wrapTool(scriptedTool("refund", "ok")).invoke({})).resolves.toBe("ok");
});
