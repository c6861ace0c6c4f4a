// @ts-check
/** Brings the declarations that tsc wrote into one temporary tree to the dist folder of each package. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { filesIn, listPackages, posix, root } from "./workspace.mjs";

/**
 * A declaration map names its source relative to where tsc wrote it; after the move that path leads nowhere.
 * @param {string} text the map
 * @param {string} target where the map goes
 * @param {string} source the TypeScript file it describes
 */
export function rebaseMap(text, target, source) {
  const map = JSON.parse(text);
  return JSON.stringify({ ...map, sourceRoot: "", sources: [posix(relative(dirname(target), source))] });
}

/** @param {string} [emitted] @param {string} [top] @returns {number} files copied */
export function copyTypes(emitted = join(root, ".types"), top = root) {
  let copied = 0;
  for (const pkg of listPackages(top)) {
    if (pkg.entries.length === 0) continue;
    const from = join(emitted, pkg.dir, "src");
    for (const file of filesIn(from, (path) => /\.d\.ts(?:\.map)?$/.test(path))) {
      const inside = relative(from, file);
      const target = join(pkg.path, "dist", inside);
      mkdirSync(dirname(target), { recursive: true });
      if (file.endsWith(".map")) {
        const source = join(pkg.path, "src", inside.replace(/\.d\.ts\.map$/, ".ts"));
        writeFileSync(target, rebaseMap(readFileSync(file, "utf8"), target, source));
      } else cpSync(file, target);
      copied += 1;
    }
  }
  rmSync(emitted, { recursive: true, force: true });
  return copied;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (copyTypes() === 0) {
    console.error("copy-types: tsc -p tsconfig.build.json wrote no declarations");
    process.exitCode = 1;
  }
}
