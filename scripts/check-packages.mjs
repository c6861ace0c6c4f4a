// @ts-check
/**
 * What users will install, checked as they get it: packs every publishable package, lints the tarballs, installs them
 * together in an empty project and uses every entry from there.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, isBuilt } from "./build.mjs";
import { checkConsumer } from "./consumer.mjs";
import { kernelLimit, kernelSize } from "./kernel-size.mjs";
import { isTest, pnpm, publishable, root, run, toolPath } from "./workspace.mjs";

/** @typedef {{ name: string, ok: boolean, out: string }} Finding */

/** @param {string} name @param {string} file @param {string[]} args @returns {Promise<Finding>} */
const tool = (name, file, args) =>
  new Promise((done) => {
    execFile(process.execPath, [file, ...args], { cwd: root, maxBuffer: 16 * 1024 * 1024 }, (error, out, err) =>
      done({ name, ok: error === null, out: out + err }),
    );
  });

/** @param {string} folder @returns {{ name: string, file: string }[]} */
export function pack(folder) {
  const [command, args] = pnpm();
  const filters = publishable().flatMap((pkg) => ["--filter", pkg.name]);
  const packed = run(command, [...args, "-r", ...filters, "pack", "--pack-destination", folder]);
  if (!packed.ok) throw new Error(`packing failed:\n${packed.out}`);
  const files = readdirSync(folder);
  return publishable().map(({ json, name }) => {
    const file = `${name.replace("@", "").replace("/", "-")}-${json.version}.tgz`;
    if (!files.includes(file)) throw new Error(`${name} was not packed as ${file}`);
    return { name, file: join(folder, file) };
  });
}

/** A package without its README is a blank page on the registry, and tests in it are dead weight. @param {string} name @param {string} file @returns {Finding} */
function contents(name, file) {
  const listed = run("tar", ["-tzf", file]).out.split("\n");
  const missing = ["README.md", "LICENSE", "package.json"].filter((wanted) => !listed.includes(`package/${wanted}`));
  const needless = listed.filter((path) => isTest(path) || path.includes("/node_modules/"));
  const out = [...missing.map((path) => `lacks ${path}`), ...needless.map((path) => `holds ${path}`)].join("\n");
  return { name: `contents ${name}`, ok: out === "", out };
}

/** @param {Finding} finding */
function report({ name, ok, out }) {
  console.log(`${ok ? "ok  " : "FAIL"} ${name}`);
  if (!ok) {
    console.log(out.trim().replace(/^/gm, "     "));
    process.exitCode = 1;
  }
}

if (!isBuilt()) await build();
const size = await kernelSize();
report({
  name: `kernel is ${size} of at most ${kernelLimit} bytes, min+gzip`,
  ok: size <= kernelLimit,
  out: "over budget",
});

const folder = mkdtempSync(join(tmpdir(), "graphtap-packed-"));
try {
  const tarballs = pack(folder);
  for (const { file, name } of tarballs) {
    report(contents(name, file));
    const both = [
      tool(`publint ${name}`, toolPath("publint"), ["run", file, "--strict"]),
      tool(`attw ${name}`, toolPath("@arethetypeswrong/cli", "attw"), [
        file,
        "--profile",
        "esm-only",
        "--no-color",
        "--no-emoji",
      ]),
    ];
    for (const finding of await Promise.all(both)) report(finding);
  }
  for (const finding of checkConsumer(join(folder, "consumer"), tarballs)) report(finding);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
