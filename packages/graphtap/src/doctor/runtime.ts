import { type Check, finding, ok } from "./check.js";
import type { Copies, Installed } from "./installed.js";
import { SUPPORTED } from "./supported.js";
import { satisfies } from "./versions.js";

export function checkNode(version: string): Check {
  const text = `Node ${version} (supported ${SUPPORTED.node})`;
  return satisfies(version, SUPPORTED.node) ? ok("node", text) : finding("node", "NODE_UNSUPPORTED", text);
}

/** The packages that GraphTap hooks into, as the project gets them. */
export function checkPackages(find: (name: string) => Installed | null): readonly Check[] {
  return SUPPORTED.packages.map(({ name, range, optional }) => {
    const found = find(name);
    const install = `npm i ${name}@"${range}"`;
    if (found !== null) {
      const text = `${name} ${found.version} (supported ${range})`;
      return satisfies(found.version, range)
        ? ok("package", text)
        : finding("package", "PACKAGE_UNSUPPORTED", text, install);
    }
    if (optional) return ok("package", `${name} is not installed; only its middleware bridge needs it`);
    return finding("package", "PACKAGE_UNSUPPORTED", `${name} is not installed`, install);
  });
}

/** Packages that must be there once. */
export function checkCopies(names: readonly string[], { copies, complete, visited }: Copies): readonly Check[] {
  return names.map((name) => {
    const found = copies.filter((copy) => copy.name === name);
    const [only, ...others] = found;
    if (only === undefined) return ok("copies", `${name}: the project's own dependencies do not lead to it`);
    if (others.length === 0)
      return ok("copies", `${name} ${only.version}, one copy${complete ? "" : ` (in the first ${visited} packages)`}`);
    const list = found.map(({ version, via, folder }) => `${version} through ${via.join(" > ")} (${folder})`);
    return finding("copies", "PACKAGE_DUPLICATE", `${name} is installed ${found.length} times:\n${list.join("\n")}`);
  });
}
