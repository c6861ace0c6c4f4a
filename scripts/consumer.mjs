// @ts-check
/** A stranger's project: installs the packed packages with npm, then imports, requires and type-checks every entry. */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { publishable, readJson, root, run, toolPath } from "./workspace.mjs";

/**
 * @param {string} folder made here
 * @param {{ name: string, file: string }[]} tarballs
 * @returns {{ name: string, ok: boolean, out: string }[]}
 */
export function checkConsumer(folder, tarballs) {
  const packages = publishable();
  const entries = packages.flatMap((pkg) =>
    pkg.entries.filter(({ subpath }) => !subpath.startsWith("bin:")).map(({ subpath }) => pkg.name + subpath.slice(1)),
  );
  const write = (/** @type {string} */ name, /** @type {string} */ text) => writeFileSync(join(folder, name), text);
  const node = (/** @type {string[]} */ ...args) => run(process.execPath, args, { cwd: folder });

  mkdirSync(folder, { recursive: true });
  const files = Object.fromEntries(tarballs.map(({ file, name }) => [name, `file:../${basename(file)}`]));
  write(
    "package.json",
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { ...peersOf(packages), ...files },
      overrides: files,
    }),
  );
  const installed = run(
    "npm",
    ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"],
    { cwd: folder },
  );
  const findings = [{ name: `npm install of ${tarballs.length} tarballs`, ...installed }];
  if (!installed.ok) return findings;

  // A warning on standard error is a finding too: users would see it at each start.
  const silent = (/** @type {{ ok: boolean, out: string }} */ { ok, out }) => ({ ok: ok && out === "", out });
  const each = `for (const [id, all] of loaded) if (Object.keys(all).length === 0) throw new Error(id + " exports nothing");`;
  const imports = entries.map((id, i) => `import * as e${i} from "${id}";\n`).join("");
  const pairs = entries.map((id, i) => `["${id}", e${i}]`).join(", ");
  write("all.mjs", `${imports}const loaded = [${pairs}];\n${each}\n`);
  write("all.cjs", `const loaded = ${JSON.stringify(entries)}.map((id) => [id, require(id)]);\n${each}\n`);
  findings.push({ name: `import of ${entries.length} entries`, ...silent(node("all.mjs")) });
  findings.push({ name: `require() of ${entries.length} entries`, ...silent(node("all.cjs")) });
  for (const pkg of packages) {
    const bins = Object.keys(typeof pkg.json.bin === "string" ? { [pkg.name]: 0 } : (pkg.json.bin ?? {}));
    for (const bin of bins)
      findings.push({ name: `npx ${bin} --help`, ...run("npx", ["--no-install", bin, "--help"], { cwd: folder }) });
  }

  write("all.ts", `${imports}export const loaded = [${pairs}];\n`);
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ["node"],
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["all.ts"] }));
  const types = node(toolPath("typescript", "tsc"), "-p", ".");
  // Only our own declarations are ours to mend.
  const own = types.out.split("\n").filter((line) => /^(?:all\.ts|node_modules\/(?:@graphtap|graphtap)\/)/.test(line));
  findings.push({ name: "types of every entry, from outside", ok: own.length === 0, out: own.join("\n") });
  return findings;
}

/**
 * Peers and Node's types, which users bring, in the versions this repository tests with.
 * @param {import("./workspace.mjs").Package[]} packages
 */
function peersOf(packages) {
  const names = new Set(["@types/node", ...packages.flatMap((pkg) => Object.keys(pkg.json.peerDependencies ?? {}))]);
  return Object.fromEntries(
    [...names].map((name) => [name, readJson(join(root, "node_modules", name, "package.json")).version]),
  );
}
