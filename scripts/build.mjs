// @ts-check
/** Builds every package: JavaScript by tsup and declarations by tsc side by side, then a mark of what was built. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { copyTypes } from "./copy-types.mjs";
import { filesIn, fromTop, isTest, listPackages, root, toolPath } from "./workspace.mjs";

const mark = join(root, "node_modules/.cache/graphtap/built");
const configs = ["tsconfig.json", "tsconfig.build.json", "tsup.config.ts", "pnpm-lock.yaml", "scripts/build.mjs"];

/** Changes when anything that goes into a build does. Size and time of change are enough and take milliseconds. */
export function fingerprint() {
  const files = listPackages()
    .filter((pkg) => pkg.entries.length > 0)
    .flatMap((pkg) => [join(pkg.path, "package.json"), ...filesIn(join(pkg.path, "src"), (path) => !isTest(path))]);
  const sum = createHash("sha256");
  for (const path of [...files, ...configs.map((name) => join(root, name))]) {
    const { size, mtimeMs } = statSync(path);
    sum.update(`${fromTop(path)} ${size} ${mtimeMs}\n`);
  }
  return sum.digest("hex");
}

/** True when every entry is there and was built from the sources as they are now. */
export function isBuilt() {
  const all = listPackages().flatMap((pkg) => pkg.entries.map((entry) => join(pkg.path, "dist", `${entry.out}.js`)));
  return all.every((file) => existsSync(file)) && existsSync(mark) && readFileSync(mark, "utf8") === fingerprint();
}

/**
 * @param {string} tool
 * @param {string} bin
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function step(tool, bin, args) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [toolPath(tool, bin), ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (out += text));
    child.on("error", failed);
    child.on("close", (code) => (code === 0 ? done() : failed(new Error(`${bin} ${args.join(" ")} failed:\n${out}`))));
  });
}

export async function build() {
  const before = fingerprint();
  await Promise.all([step("tsup", "tsup", []), step("typescript", "tsc", ["-p", "tsconfig.build.json"])]);
  copyTypes();
  mkdirSync(dirname(mark), { recursive: true });
  writeFileSync(mark, before);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const began = Date.now();
  try {
    await build();
    console.log(
      `built ${listPackages().filter((pkg) => pkg.entries.length > 0).length} packages in ${Date.now() - began} ms`,
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
