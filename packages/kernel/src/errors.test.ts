import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { errorCatalog } from "./error-catalog.js";
import { GraphTapError, summaryOf } from "./error.js";
import { KERNEL_VERSION } from "./version.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const sources = readdirSync(here, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const textOf = (files: readonly string[]) => files.map((file) => readFileSync(here + file, "utf8")).join("\n");

describe("GraphTapError", () => {
  const make = (cause?: unknown) =>
    new GraphTapError({
      code: "ACME_BROKEN",
      what: "it broke.",
      why: "first\nsecond",
      do: "fix it.",
      plugin: "a",
      cause,
    });

  it("says what, why and what to do", () => {
    expect(make().message).toBe("[ACME_BROKEN] it broke.\n  Why: first\n       second\n  Do:  fix it.");
    expect(make()).toMatchObject({
      name: "GraphTapError",
      code: "ACME_BROKEN",
      hint: "fix it.",
      docs: "npx graphtap why ACME_BROKEN",
      plugin: "a",
    });
    expect("hook" in make()).toBe(false);
  });

  it("keeps the cause and its lc_error_code", () => {
    const cause = Object.assign(new Error("x"), { lc_error_code: "MODEL_RATE_LIMIT" });
    expect(make(cause)).toMatchObject({ cause, lc_error_code: "MODEL_RATE_LIMIT" });
    expect("lc_error_code" in make(new Error("plain"))).toBe(false);
    expect("cause" in make()).toBe(false);
  });

  it("is recognised by its brand, not by its class", () => {
    expect(GraphTapError.isInstance(make())).toBe(true);
    expect(GraphTapError.isInstance(Object.create({ [Symbol.for("graphtap.error")]: true }))).toBe(true);
    for (const other of [new Error("x"), null, undefined, "x", { code: "X" }])
      expect(GraphTapError.isInstance(other)).toBe(false);
    expect(Object.keys(make())).not.toContain("Symbol(graphtap.error)");
  });
});

describe("summaryOf", () => {
  it("quotes the first line, short", () => {
    expect(summaryOf(new Error("one\ntwo"))).toBe("one");
    expect(summaryOf("text")).toBe("text");
    expect(summaryOf(new Error("x".repeat(10_000)))).toBe(`${"x".repeat(200)}...`);
    expect(summaryOf(new Error(""))).toBe("");
  });
});

describe("the catalogue", () => {
  const codes = Object.keys(errorCatalog);

  it("explains every code that an error or a denial is made with, and no other", () => {
    const constructed = [...textOf(["errors.ts"]).matchAll(/make\(\s*"([A-Z_]+)"/g)];
    const denied = [...textOf(["dispatch/guard.ts"]).matchAll(/"(GUARD_[A-Z_]+)"/g)];
    expect(new Set([...constructed, ...denied].map((match) => match[1]))).toEqual(new Set(codes));
  });

  it("has every part of every entry", () => {
    for (const [code, entry] of Object.entries(errorCatalog))
      expect([code, entry.title !== "" && entry.why !== "" && entry.do !== ""]).toEqual([code, true]);
  });

  it.each(codes)("%s is thrown in a test", (code) => {
    expect(textOf(sources.filter((file) => file.endsWith(".test.ts") && file !== "errors.test.ts"))).toContain(code);
  });
});

it("the version is the package's", () => {
  expect(KERNEL_VERSION).toBe(JSON.parse(readFileSync(`${here}../package.json`, "utf8")).version);
});
