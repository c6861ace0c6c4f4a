import { createStack } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { chooseStack, isStack } from "./choose.js";

const made = (name: string) => createStack({ name, plugins: [] });
const at = (text: string) => ({ text, path: "/app/src/stack.ts", export: text.split("#")[1] ?? null });
const refused = (module: Record<string, unknown>, text: string): { code: string; message: string } => {
  try {
    chooseStack(module, at(text));
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("it was accepted");
};

describe("chooseStack", () => {
  it("takes the export that is named, else the default, else the only one", () => {
    const [a, b] = [made("a"), made("b")];
    expect(chooseStack({ a, default: b }, at("s.ts#a"))).toBe(a);
    expect(chooseStack({ a, default: b }, at("s.ts"))).toBe(b);
    expect(chooseStack({ a, tool: {}, name: "x" }, at("s.ts"))).toBe(a);
    expect(chooseStack({ a, default: 1 }, at("s.ts"))).toBe(a);
  });

  it.each([
    [{}, "s.ts", "none of its exports is a stack: there are none."],
    [{ x: 1 }, "s.ts", "none of its exports is a stack: x."],
    [{ default: () => 1 }, "s.ts", "its default export is a function; export what it returns."],
    [{ x: 1 }, "s.ts#x", 'the export "x" is a number.'],
    [{ x: null }, "s.ts#x", 'the export "x" is null.'],
    [{ x: Promise.resolve() }, "s.ts#x", 'the export "x" is a promise; export what it resolves to.'],
    [{ x: {} }, "s.ts#x", 'the export "x" is no stack: createStack() makes one.'],
    [{ x: 1 }, "s.ts#y", 'the export "y" is not there.'],
  ])("refuses %o as %s", (module, text, why) => {
    const error = refused(module, text);
    expect(error.code).toBe("STACK_REFERENCE_INVALID");
    expect(error.message).toContain(why);
  });

  it("proposes the one that is there", () => {
    const module = { a: made("a"), b: made("b") };
    expect(refused(module, "s.ts").message).toMatch(/several stacks.*a, b[\s\S]*--stack s\.ts#a/);
    expect(refused(module, "s.ts#c").message).toContain("--stack s.ts#a");
  });
});

it("knows a stack by what it can do", () => {
  expect(isStack(made("a"))).toBe(true);
  expect(isStack({ ...made("a") })).toBe(true);
  for (const other of [null, undefined, 1, {}, { wrap() {} }]) expect(isStack(other)).toBe(false);
});
