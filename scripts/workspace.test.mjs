// @ts-check
import { describe, expect, it } from "vitest";
import { rebaseMap } from "./copy-types.mjs";
import { manifest } from "./fixture.mjs";
import { line, totalsOf } from "./test-totals.mjs";
import { entriesOf, publishable } from "./workspace.mjs";

describe("entriesOf", () => {
  it("takes exports with a source, and bins", () => {
    const json = manifest(
      "graphtap",
      { ".": "./src/index.ts", "./cli": "./src/cli.ts" },
      { bin: { graphtap: "./dist/cli.js", tap: "dist/bin/tap.js" } },
    );
    expect(entriesOf({ ...json, exports: { ...json.exports, "./package.json": "./package.json" } })).toEqual([
      { subpath: ".", source: "src/index.ts", out: "index" },
      { subpath: "./cli", source: "src/cli.ts", out: "cli" },
      { subpath: "bin:tap", source: "src/bin/tap.ts", out: "bin/tap" },
    ]);
  });

  it("refuses an entry outside dist, which no build would make", () => {
    const exports = { ".": { "@graphtap/source": "./src/index.ts", default: "./lib/index.js" } };
    expect(() => entriesOf({ name: "odd", exports })).toThrow(
      'odd: every entry and bin must be a ./dist/*.js file, found "./lib/index.js"',
    );
  });
});

describe("every publishable package", () => {
  it.each(publishable().map((pkg) => [pkg.name, pkg]))(
    "%s drops the source condition when published, and nothing else",
    (_, pkg) => {
      const published = JSON.parse(JSON.stringify(pkg.json.exports), (key, value) =>
        key === "@graphtap/source" ? undefined : value,
      );
      expect(pkg.json.publishConfig.exports).toEqual(published);
    },
  );

  it.each(publishable().map((pkg) => [pkg.name, pkg]))(
    "%s resolves to its sources in tests, built or not",
    (_, pkg) => {
      for (const { source, subpath } of pkg.entries.filter((entry) => !entry.subpath.startsWith("bin:"))) {
        expect(import.meta.resolve(pkg.name + subpath.slice(1))).toContain(`${pkg.dir}/${source}`);
      }
    },
  );
});

describe("rebaseMap", () => {
  it("points from dist to the source, however deep", () => {
    const map = JSON.stringify({ version: 3, sources: ["../../../../wrong.ts"], mappings: "AAAA" });
    expect(JSON.parse(rebaseMap(map, "/r/p/dist/a/b.d.ts.map", "/r/p/src/a/b.ts"))).toEqual({
      version: 3,
      sourceRoot: "",
      sources: ["../../src/a/b.ts"],
      mappings: "AAAA",
    });
  });
});

describe("test totals", () => {
  const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0 };
  it("adds reports up in the one line that a reader looks for", () => {
    expect(line(totalsOf([report, { ...report, numFailedTests: 1 }]))).toBe("6 passed, 1 failed");
    expect(line(totalsOf([{ ...report, numPendingTests: 1, numTodoTests: 1 }]))).toBe("3 passed, 0 failed, 2 skipped");
    expect(line(totalsOf([]))).toBe("0 passed, 0 failed");
  });
});
