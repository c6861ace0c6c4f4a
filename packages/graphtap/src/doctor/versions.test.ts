import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VERSIONS } from "../scaffold/versions.js";
import { SUPPORTED } from "./supported.js";
import { parseVersion, satisfies } from "./versions.js";

describe("satisfies", () => {
  it.each([
    ["1.0.0", ">=1.0.0 <2", true],
    ["1.7.3", ">=1.0.0 <2", true],
    ["2.0.0", ">=1.0.0 <2", false],
    ["2.0.0-rc.1", ">=1.0.0 <2", false],
    ["1.0.0-rc.1", ">=1.0.0 <2", false],
    ["1.1.47", ">=1.1.48 <2", false],
    ["1.1.48", ">=1.1.48 <2", true],
    ["1.10.0", ">=1.1.48 <2", true],
    ["20.18.9", ">=20.19", false],
    ["20.19.0", ">=20.19", true],
    ["v22.1.0", ">=20.19", true],
    ["1.2.3+build", ">=1.2.3", true],
    ["unknown", ">=1.0.0", false],
  ])("%s in %s: %s", (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });

  it("orders versions as their numbers do", () => {
    const number = fc.integer({ min: 0, max: 99 });
    fc.assert(
      fc.property(fc.tuple(number, number, number), fc.tuple(number, number, number), (a, b) => {
        const value = ([x, y, z]: number[]): number => x! * 1e4 + y! * 100 + z!;
        expect(satisfies(a.join("."), `>=${b.join(".")}`)).toBe(value(a) >= value(b));
        expect(satisfies(a.join("."), `<${b.join(".")}`)).toBe(value(a) < value(b));
      }),
    );
  });

  it("refuses a range it does not understand instead of guessing", () => {
    expect(() => satisfies("1.0.0", "^1.0.0")).toThrow(TypeError);
    expect(() => satisfies("1.0.0", ">=x")).toThrow(TypeError);
  });

  it("reads no version out of other text", () => {
    for (const text of ["", "latest", "1.x", "1.2.3.4", "a1.2.3"]) expect(parseVersion(text)).toBeNull();
  });
});

describe("the ranges of this package", () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const catalogue = read("../../../../pnpm-workspace.yaml");
  const peers = catalogue.slice(catalogue.indexOf("catalogs:"));
  const listed = (text: string, name: string): string | undefined =>
    new RegExp(`^ +"?${name}"?: "?([^"\\n]+)"?$`, "m").exec(text)?.[1];

  it("are those that users install by", () => {
    for (const { name, range } of SUPPORTED.packages) expect(listed(peers, name), name).toBe(range);
    expect((JSON.parse(read("../../package.json")) as { engines: { node: string } }).engines.node).toBe(SUPPORTED.node);
  });

  it("start a new plugin with what this repository is tested with", () => {
    const root = JSON.parse(read("../../../../package.json")) as { devDependencies: Record<string, string> };
    const plain = (range: string | undefined): string | undefined => range?.replace(/^\^/, "");
    expect(plain(VERSIONS.core)).toBe(plain(listed(catalogue, "@langchain/core")));
    expect(plain(VERSIONS.langgraph)).toBe(plain(listed(catalogue, "@langchain/langgraph")));
    expect(plain(VERSIONS.zod)).toBe(plain(listed(catalogue, "zod")));
    expect(plain(VERSIONS.typescript)).toBe(root.devDependencies["typescript"]);
    expect(plain(VERSIONS.vitest)).toBe(root.devDependencies["vitest"]);
    expect([VERSIONS.corePeer, VERSIONS.langgraphPeer]).toEqual(
      ["@langchain/core", "@langchain/langgraph"].map((name) => listed(peers, name)),
    );
  });
});
