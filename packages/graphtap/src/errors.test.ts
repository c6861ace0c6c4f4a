import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { denialCodes } from "./denial-codes.js";
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

it("every denial code is still used where it is said to come from", () => {
  for (const [name, codes] of Object.entries(denialCodes)) {
    const folder = new URL(`../../${name}/src/`, import.meta.url).pathname;
    const text = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.includes(".test"))
      .map((file) => readFileSync(folder + file, "utf8"))
      .join("\n");
    for (const code of Object.keys(codes)) expect(text, code).toContain(`"${code}"`);
  }
});

it("a package that explains a code itself has the word", () => {
  expect(explained.get("PERMISSION_NOT_GRANTED")?.package).toBe("@graphtap/security");
  expect(explained.get("TAP_FAILED")?.package).toBe("@graphtap/kernel");
  expect(explained.get("GUARD_FAILED")?.package).toBe("@graphtap/kernel");
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
