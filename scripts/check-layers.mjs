// @ts-check
/**
 * Holds the dependency rule between packages, in imports of any form (types too) and in package.json:
 *
 *   kernel, values  <-  langgraph  <-  plugins  <-  umbrella (graphtap)      testkit: kernel, values, langgraph
 *
 * - kernel and values import no workspace package; langgraph imports kernel and values
 * - a plugin imports kernel, values, langgraph, and of another plugin only its `./keys`
 * - only the umbrella imports plugins; examples and test/ may import anything, as users do
 * - tests inside a package may also import testkit
 * - no relative import leaves its own package: that would bypass `exports`
 */
import { readFileSync } from "node:fs";
import { join, relative, resolve, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { importsOf } from "./source-ast.mjs";
import { filesIn, isTest, listPackages, posix, root } from "./workspace.mjs";

/** @typedef {import("./workspace.mjs").Package} Package */

/** @type {Record<string, string[]>} */
const below = { kernel: [], values: [], langgraph: ["kernel", "values"], testkit: ["kernel", "values", "langgraph"] };

/** @param {Package} pkg */
const folder = (pkg) => posix(pkg.dir).split("/")[1] ?? pkg.dir;

/**
 * @param {Package} from
 * @param {Package} to
 * @param {string} subpath of the import, "." for the main entry
 * @returns {string | null} the rule that is broken
 */
export function brokenRule(from, to, subpath) {
  if (from === to || from.group === "example" || from.group === "test" || from.name === "graphtap") return null;
  if (to.group === "example" || to.group === "test" || to.name === "graphtap") return `nothing builds on ${to.name}`;
  if (from.group === "plugin") {
    if (to.group === "plugin") return subpath === "./keys" ? null : `of another plugin only its ./keys may be imported`;
    return folder(to) === "testkit" ? "testkit is for tests" : null;
  }
  if (to.group === "plugin") return "only the umbrella imports plugins";
  // A package that is not listed (a new one beside these) is a foundation like kernel and values until it is.
  const allowed = below[folder(from)] ?? ["kernel", "values"];
  if (allowed.includes(folder(to))) return null;
  return `${folder(from)} may import ${allowed.length > 0 ? allowed.join(" and ") : "no other workspace package"}`;
}

/**
 * @param {string} [top]
 * @returns {string[]} one line per broken rule
 */
export function checkLayers(top = root) {
  const packages = listPackages(top);
  const owner = (/** @type {string} */ specifier) =>
    packages.find((pkg) => specifier === pkg.name || specifier.startsWith(`${pkg.name}/`));
  /** @type {string[]} */
  const problems = [];
  for (const pkg of packages) {
    for (const field of ["dependencies", "peerDependencies", "optionalDependencies"]) {
      for (const name of Object.keys(pkg.json[field] ?? {})) {
        const target = packages.find((other) => other.name === name);
        const rule = target && brokenRule(pkg, target, "./keys");
        if (rule) problems.push(`${pkg.dir}/package.json: ${field} names ${name}: ${rule}`);
      }
    }
    const sources = pkg.group === "test" ? pkg.path : join(pkg.path, "src");
    for (const file of filesIn(sources, (path) => /\.[cm]?tsx?$/.test(path))) {
      for (const specifier of importsOf(readFileSync(file, "utf8"), file)) {
        const rule = specifier.startsWith(".") ? escapes(pkg, file, specifier) : crosses(pkg, file, specifier);
        if (rule) problems.push(`${posix(relative(top, file))}: imports "${specifier}": ${rule}`);
      }
    }
  }
  return problems;

  /** @param {Package} pkg @param {string} file @param {string} specifier */
  function escapes(pkg, file, specifier) {
    // test/ is about the repository as a whole, scripts and examples included.
    if (pkg.group === "test") return null;
    const inside = relative(pkg.path, resolve(dirname(file), specifier));
    return inside.startsWith("..") ? "a relative import must stay inside its package" : null;
  }

  /** @param {Package} pkg @param {string} file @param {string} specifier */
  function crosses(pkg, file, specifier) {
    const target = owner(specifier);
    if (!target || (isTest(file) && folder(target) === "testkit")) return null;
    return brokenRule(pkg, target, `.${specifier.slice(target.name.length)}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkLayers();
  for (const problem of problems) console.error(problem);
  console.log(`layers: ${problems.length === 0 ? "in order" : `${problems.length} broken rules`}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
