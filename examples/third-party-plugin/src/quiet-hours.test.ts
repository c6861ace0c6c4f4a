import { createStack } from "@graphtap/langgraph";
import { fakeClock, recordHooks, scriptedTool, testPlugin } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { within } from "./hours.js";
import { quietHours } from "./index.js";

const make = () => quietHours({ from: 22, to: 6, tools: ["refund"] });

describe("conformance", () => testPlugin(it, make));

it("refuses at night, allows by day", async () => {
  const clock = fakeClock("2026-01-01T23:00:00Z");
  const stack = createStack({ plugins: [make()], clock });
  const seen = recordHooks(stack);
  const original = scriptedTool("refund", "ok");
  const refund = stack.wrapTool(original);
  const bob = stack.as({ userId: "bob" });
  await refund.invoke({}, bob).catch(() => undefined);
  expect(seen.denials()).toEqual([{ name: "refund", code: "QUIET_HOURS" }]);
  clock.advance(8 * 3_600_000);
  await refund.invoke({}, bob);
  expect(original.calls).toHaveLength(1);
  await stack.dispose();
});

it("counts hours over midnight and within a day", () => {
  const at = (hour: number): number => Date.UTC(2026, 0, 1, hour);
  expect([21, 22, 23, 0, 5, 6].map((hour) => within({ from: 22, to: 6 }, at(hour)))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ]);
  expect([8, 9, 16, 17].map((hour) => within({ from: 9, to: 17 }, at(hour)))).toEqual([false, true, true, false]);
});

it("says at the user's line which option is wrong", () => {
  expect(() => quietHours({ from: 24, to: 6, tools: [] })).toThrow(/PLUGIN_OPTIONS_INVALID[\s\S]*from[\s\S]*tools/);
});
