import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorCatalog, firstLine } from "./errors.js";
import { explained } from "./catalogs.js";
import { VERSION } from "./version.js";

const here = new URL(".", import.meta.url).pathname;
const sources = readdirSync(here, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.includes(".test"),
);
const textOf = (files: readonly string[]): string => files.map((file) => readFileSync(here + file, "utf8")).join("\n");

describe("the catalogue", () => {
  it("explains every code with sentences", () => {
    for (const [code, { title, why, do: fix }] of Object.entries(errorCatalog)) {
      expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)+$/);
      for (const text of [title, why, fix]) expect(text.length, code).toBeGreaterThan(10);
    }
  });

  it("holds no code that nothing throws or reports", () => {
    const text = textOf(sources.filter((file) => file !== "error-catalog.ts"));
    for (const code of Object.keys(errorCatalog)) expect(text, code).toContain(`"${code}"`);
  });
});

it("a code is explained by the package it comes from", () => {
  expect(explained.get("PERMISSION_NOT_GRANTED")?.package).toBe("@graphtap/security");
  expect(explained.get("TAP_FAILED")?.package).toBe("@graphtap/kernel");
  for (const code of ["GUARD_FAILED", "GUARD_TIMEOUT"]) expect(explained.get(code)?.package).toBe("@graphtap/kernel");
  for (const code of ["RESULT_WITHHELD", "RUN_CALLED_TWICE", "TOOL_ERROR"])
    expect(explained.get(code)?.package).toBe("@graphtap/langgraph");
  expect(explained.get("CLI_USAGE")?.package).toBe("graphtap");
});

it("quotes what was thrown in one short line", () => {
  expect(firstLine(new TypeError("a\nb"))).toBe("TypeError: a");
  expect(firstLine("x".repeat(1_000)).length).toBeLessThan(260);
});

it("VERSION is the package's", () => {
  expect(
    (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version,
  ).toBe(VERSION);
});
