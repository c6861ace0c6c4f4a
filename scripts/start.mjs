// @ts-check
/**
 * The first command of the README: builds what is not built yet, then runs an example on the built packages; the support
 * desk, or the one that is named: `pnpm start quickstart`.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, isBuilt } from "./build.mjs";
import { listPackages, root, toolPath } from "./workspace.mjs";

/** @param {string} name */
const mainOf = (name) => join(root, "examples", name, "src/main.ts");
const examples = readdirSync(join(root, "examples")).filter((name) => existsSync(mainOf(name)));
// `pnpm start -- quickstart` hands the dashes on as well.
const [asked = "support-desk"] = process.argv.slice(2).filter((arg) => arg !== "--");
if (!examples.includes(asked)) {
  console.error(`There is no example "${asked}" to start; there are ${examples.join(", ")}.`);
  process.exit(2);
}

if (!isBuilt()) {
  const count = listPackages().filter((pkg) => pkg.entries.length > 0).length;
  process.stdout.write(`Building ${count} packages ... `);
  const began = Date.now();
  try {
    await build();
  } catch (error) {
    console.error(`failed.\n${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
  console.log(`done in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}
console.log(`Running examples/${asked}:\n`);

const child = spawn(process.execPath, [toolPath("tsx"), mainOf(asked)], { stdio: "inherit" });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("close", (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
