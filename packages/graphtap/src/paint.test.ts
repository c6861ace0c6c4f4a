import { expect, it } from "vitest";
import { painter, wantsColor } from "./paint.js";

it.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ FORCE_COLOR: "false" }, true, false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
  [{ TERM: "dumb" }, true, false],
])("%j on a terminal %s: %s", (env, terminal, expected) => {
  expect(wantsColor(env, terminal)).toBe(expected);
});

it("colours, or changes nothing", () => {
  expect(painter(true)("red", "x")).toBe("\u001B[31mx\u001B[39m");
  expect(painter(false)("red", "x")).toBe("x");
});
