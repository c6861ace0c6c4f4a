import type { KnipConfig } from "knip";
import { listPackages } from "./scripts/workspace.mjs";

const tests = ["src/**/*.{test,iso.test,test-d,bench}.ts"];
const packages = Object.fromEntries(
  listPackages()
    .filter((pkg) => pkg.group !== "test")
    .map((pkg) => [
      pkg.dir,
      { entry: [...pkg.entries.map((entry) => entry.source), ...(pkg.group === "example" ? ["src/**/*.ts"] : tests)] },
    ]),
);

const config: KnipConfig = {
  workspaces: {
    ".": {
      entry: ["scripts/*.mjs", "scripts/*.test.mjs"],
      // Named in commands and in tests of the version range only.
      ignoreDependencies: ["langgraph-1-0", "langgraph-1-3", "langgraph-1-5", "oxlint-tsgolint"],
    },
    ...packages,
    test: { entry: ["**/*.{ts,mjs}"] },
  },
};
export default config;
