// @ts-check
/** The facts every script needs about this repository, read from the package.json files so that nothing is listed twice. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const sourceCondition = "@graphtap/source";

/**
 * @typedef {{ subpath: string, source: string, out: string }} Entry `subpath` as in exports ("." or "./keys"), `source`
 *   relative to the package, `out` the path below dist without extension. A bin has a null-like subpath: "bin:<name>".
 * @typedef {"package" | "plugin" | "example" | "test"} Group
 * @typedef {{ name: string, dir: string, path: string, group: Group, publishable: boolean, json: any, entries: Entry[] }} Package
 */

/** @param {string} file */
export const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/** @param {string} path */
export const posix = (path) => path.split(sep).join("/");

/** @type {[string, Group][]} */
const folders = [
  ["packages", "package"],
  ["plugins", "plugin"],
  ["examples", "example"],
];

/**
 * Every workspace package, in dependency order of the groups and by name inside one.
 * @param {string} [top] root of the workspace
 * @returns {Package[]}
 */
export function listPackages(top = root) {
  /** @type {[string, Group][]} */
  const found = folders.flatMap(([folder, group]) => {
    const parent = join(top, folder);
    if (!existsSync(parent)) return [];
    return readdirSync(parent, { withFileTypes: true })
      .filter((item) => item.isDirectory() && existsSync(join(parent, item.name, "package.json")))
      .map((item) => /** @type {[string, Group]} */ ([`${folder}/${item.name}`, group]))
      .sort(([a], [b]) => a.localeCompare(b));
  });
  if (existsSync(join(top, "test/package.json"))) found.push(["test", "test"]);
  return found.map(([dir, group]) => {
    const path = join(top, dir);
    const json = readJson(join(path, "package.json"));
    return { name: json.name, dir, path, group, publishable: json.private !== true, json, entries: entriesOf(json) };
  });
}

/** @param {string} [top] */
export const publishable = (top = root) => listPackages(top).filter((pkg) => pkg.publishable);

/**
 * What has to be built of a package: each subpath of `exports` that has a source, and each bin.
 * @param {any} json a package.json
 * @returns {Entry[]}
 */
export function entriesOf(json) {
  /** @type {Entry[]} */
  const entries = [];
  for (const [subpath, target] of Object.entries(json.exports ?? {})) {
    const source = typeof target === "object" && target !== null ? target[sourceCondition] : undefined;
    if (typeof source !== "string") continue;
    entries.push({ subpath, source: strip(source), out: outOf(target.default, json.name) });
  }
  const bins = typeof json.bin === "string" ? { [json.name]: json.bin } : (json.bin ?? {});
  for (const [name, file] of Object.entries(bins)) {
    const out = outOf(file, json.name);
    if (!entries.some((entry) => entry.out === out))
      entries.push({ subpath: `bin:${name}`, source: `src/${out}.ts`, out });
  }
  return entries;
}

/** @param {string} path */
const strip = (path) => path.replace(/^\.\//, "");

/** @param {unknown} file @param {string} name */
function outOf(file, name) {
  const match = typeof file === "string" ? /^(?:\.\/)?dist\/(.+)\.js$/.exec(file) : null;
  if (!match?.[1])
    throw new Error(`${name}: every entry and bin must be a ./dist/*.js file, found ${JSON.stringify(file)}`);
  return match[1];
}

/**
 * All files below a folder, without dependencies and build results.
 * @param {string} folder
 * @param {(path: string) => boolean} [keep]
 * @returns {string[]} absolute paths, sorted
 */
export function filesIn(folder, keep = () => true) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((item) => {
      const path = join(folder, item.name);
      if (item.isDirectory()) return item.name === "node_modules" || item.name === "dist" ? [] : filesIn(path, keep);
      return keep(path) ? [path] : [];
    })
    .sort();
}

/** @param {string} path */
export const isTest = (path) => /\.(?:test|test-d|bench)\.[cm]?tsx?$|\/fixtures\//.test(posix(path));

const fromRoot = createRequire(join(root, "package.json"));

/**
 * The JavaScript file behind a tool of the root package. Started with node itself, it needs neither a shell nor PATH.
 * @param {string} tool package name
 * @param {string} [bin] name of the bin when it is not the package's own
 */
export function toolPath(tool, bin = tool) {
  const dir = join(root, "node_modules", tool);
  const { bin: bins } = readJson(join(dir, "package.json"));
  const file = typeof bins === "string" ? bins : bins?.[bin];
  if (!file) throw new Error(`${tool} has no bin "${bin}"`);
  return join(dir, file);
}

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {{ ok: boolean, out: string }} both streams together, in case the caller kept them
 */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
  if (done.error) throw done.error;
  return { ok: done.status === 0, out: [done.stdout, done.stderr].filter(Boolean).join("") };
}

/** The package manager in the version this repository names. @returns {[string, string[]]} */
export function pnpm() {
  const { packageManager } = readJson(join(root, "package.json"));
  return ["npx", ["-y", packageManager.split("+")[0]]];
}

/** @param {string} path */
export const fromTop = (path) => posix(relative(root, path));

/** Resolves a module as the root package sees it. @param {string} id */
export const resolveFromRoot = (id) => fromRoot.resolve(id);
