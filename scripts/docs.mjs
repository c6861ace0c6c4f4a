// @ts-check
/**
 * Generates docs/errors.md from the `errorCatalog` of every package and docs/hooks.md from the hooks they export.
 * Run through tsx with the source condition, so that it needs no build: `pnpm docs` writes, `pnpm docs:check` compares.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { errorsPage } from "./docs-errors.mjs";
import { hooksOf, hooksPage } from "./docs-hooks.mjs";
import { publishable, root } from "./workspace.mjs";

/** @typedef {{ name: string, exports: Record<string, unknown> }} Loaded a package, all of its entries together */

/** @returns {Promise<Loaded[]>} */
async function load() {
  /** @type {Loaded[]} */
  const loaded = [];
  for (const pkg of publishable()) {
    /** @type {Record<string, unknown>} */
    const exports = Object.create(null);
    for (const { source, subpath } of pkg.entries) {
      if (subpath.startsWith("bin:")) continue;
      Object.assign(exports, await import(pathToFileURL(join(pkg.path, source)).href));
    }
    loaded.push({ name: pkg.name, exports });
  }
  return loaded;
}

/** @param {Loaded[]} loaded @returns {Record<string, string>} path to text */
export function pages(loaded) {
  return { "docs/errors.md": errorsPage(loaded), "docs/hooks.md": hooksPage(hooksOf(loaded)) };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const check = process.argv.includes("--check");
  for (const [path, text] of Object.entries(pages(await load()))) {
    const file = join(root, path);
    const same = existsSync(file) && readFileSync(file, "utf8") === text;
    if (same) console.log(`${path} is up to date`);
    else if (check) {
      console.error(`${path} differs from the source: run "pnpm docs" and commit it`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      console.log(`${path} written`);
    }
  }
}
