import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith } from "../fixtures/folder.js";
import { findCopies, findInstalled, projectOf } from "./installed.js";
import { checkCopies } from "./runtime.js";

const pkg = (name: string, version: string, dependencies: readonly string[] = []) => ({
  name,
  version,
  dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, "*"])),
});

describe("findInstalled", () => {
  it("finds what Node would find, from the nearest folder up, and follows links", () => {
    using folder = folderWith(
      {
        "node_modules/a/package.json": pkg("a", "1.0.0"),
        "app/node_modules/a/package.json": pkg("a", "2.0.0"),
        ".store/b/package.json": pkg("b-alias", "3.0.0"),
        "node_modules/broken/package.json": "{",
      },
      { "node_modules/b": ".store/b" },
    );
    mkdirSync(join(folder.path, "app/src"), { recursive: true });
    expect(findInstalled("a", join(folder.path, "app/src"))?.version).toBe("2.0.0");
    expect(findInstalled("a", folder.path)?.version).toBe("1.0.0");
    expect(findInstalled("b", join(folder.path, "app"))).toEqual({
      name: "b-alias",
      version: "3.0.0",
      folder: expect.stringMatching(/\.store\/b$/),
    });
    expect(findInstalled("broken", folder.path)).toBeNull();
    expect(findInstalled("not-there-at-all", folder.path)).toBeNull();
  });

  it("knows the project from a folder inside of it", () => {
    using folder = folderWith({ "package.json": pkg("app", "1.0.0"), "src/deep/x.txt": "" });
    expect(projectOf(join(folder.path, "src/deep"))).toBe(folder.path);
    expect(projectOf("/")).toBe("/");
  });
});

describe("findCopies", () => {
  const files = {
    "package.json": { ...pkg("app", "1.0.0", ["a", "core"]), devDependencies: { tool: "*" } },
    "node_modules/core/package.json": pkg("core", "1.0.0"),
    "node_modules/a/package.json": pkg("a", "1.0.0", ["b", "a"]),
    "node_modules/b/package.json": pkg("b", "1.0.0", ["a", "core"]),
    "node_modules/b/node_modules/core/package.json": pkg("core", "0.9.0", ["b"]),
    "node_modules/tool/package.json": {
      ...pkg("tool", "1.0.0"),
      devDependencies: { unused: "*" },
      peerDependencies: { late: "*" },
    },
    "node_modules/late/package.json": pkg("late", "1.0.0"),
    "node_modules/unused/package.json": pkg("unused", "1.0.0"),
  };

  it("lists every copy with the shortest way to it, also through rings", () => {
    using folder = folderWith(files);
    const { copies, complete } = findCopies(["core", "late", "unused"], folder.path);
    expect(copies.map(({ name, version, via }) => [name, version, via.join(" > ")])).toEqual([
      ["core", "1.0.0", "core"],
      ["late", "1.0.0", "tool > late"],
      ["core", "0.9.0", "a > b > core"],
    ]);
    expect(complete).toBe(true);
  });

  it("takes two links to one folder for one copy", () => {
    using folder = folderWith(
      {
        "package.json": pkg("app", "1.0.0", ["a", "core"]),
        ".store/core/package.json": pkg("core", "1.0.0"),
        ".store/a/package.json": pkg("a", "1.0.0", ["core"]),
      },
      { "node_modules/core": ".store/core", "node_modules/a": ".store/a", ".store/a/node_modules/core": ".store/core" },
    );
    expect(findCopies(["core"], folder.path).copies).toHaveLength(1);
  });

  it("stops at a limit and says so", () => {
    using folder = folderWith(files);
    const { complete, visited } = findCopies(["core"], folder.path, 2);
    expect([complete, visited]).toEqual([false, 2]);
  });

  it("is what the report names both copies by", () => {
    using folder = folderWith(files);
    const found = findCopies(["core"], folder.path);
    expect(checkCopies(["core"], found)).toMatchObject([
      {
        level: "finding",
        code: "PACKAGE_DUPLICATE",
        text: expect.stringMatching(/2 times:\n1\.0\.0 through core .*\n0\.9\.0 through a > b > core/),
      },
    ]);
    expect(checkCopies(["late", "b"], found).map(({ level }) => level)).toEqual(["ok", "ok"]);
    expect(checkCopies(["core"], { ...found, copies: found.copies.slice(0, 1), complete: false })[0]?.text).toContain(
      `in the first ${found.visited} packages`,
    );
  });
});
