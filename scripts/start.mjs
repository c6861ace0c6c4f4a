// @ts-check
/** The first command of the README: builds what is not built yet, then runs the support desk on the built packages. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build, isBuilt } from "./build.mjs";
import { listPackages, root, toolPath } from "./workspace.mjs";

const main = join(root, "examples/support-desk/src/main.ts");
if (!existsSync(main)) throw new Error("examples/support-desk is missing");

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
console.log("Running examples/support-desk:\n");

// `pnpm start -- --flag` hands the dashes on as well.
const args = process.argv.slice(2).filter((arg, index) => !(index === 0 && arg === "--"));
const child = spawn(process.execPath, [toolPath("tsx"), main, ...args], { stdio: "inherit" });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("close", (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
