import { GraphTapError } from "@graphtap/kernel";
import { expect, it } from "vitest";
import { painter } from "../paint.js";
import { failureData, failureText } from "./failure.js";

const plain = painter(false);
const failed = (code: string, more: { cause?: unknown; errors?: readonly unknown[] } = {}) =>
  new GraphTapError({ code, what: "it failed.", why: "because.", do: "mend it.", plugin: "acme-a", ...more });

it("prints what happened, why, what to do, and where more stands", () => {
  expect(failureText(failed("ACME_A"), plain)).toBe(
    "[ACME_A] it failed.\n  Why: because.\n  Do:  mend it.\n  More: npx graphtap why ACME_A",
  );
});

it("prints each of several errors, and the lines of one that is not ours", () => {
  const cause = new TypeError("theirs");
  const text = failureText(failed("DISPOSE_FAILED", { errors: [failed("ACME_B", { cause }), "text"] }), plain);
  expect(text).toMatch(/^\[DISPOSE_FAILED\][\s\S]*\n\n\[ACME_B\][\s\S]*\n\nTypeError: theirs\n {4}at [\s\S]*\n\ntext$/);
  expect(failureText(failed("ACME_A", { cause: failed("ACME_B") }), plain)).not.toContain("ACME_B");
});

it("keeps a long trace short", () => {
  const error = Object.assign(new Error("x"), { stack: Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n") });
  expect(failureText(error, plain).split("\n")).toHaveLength(12);
  expect(failureText(Object.assign(new Error("bare"), { stack: undefined }), plain)).toBe("Error: bare");
});

it("gives the same as data", () => {
  expect(failureData(failed("ACME_A"))).toEqual({
    error: { code: "ACME_A", message: failed("ACME_A").message, hint: "mend it.", plugin: "acme-a", hook: null },
  });
  expect(failureData("text")).toEqual({ error: { code: null, message: "text" } });
});
