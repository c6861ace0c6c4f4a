import type { KnipConfig } from "knip";

const entry = ["src/**/*.{test,test-d,bench}.ts"];
const config: KnipConfig = {
  workspaces: {
    ".": {
      entry: ["scripts/*.mjs"],
      // Started by their path, from scripts.
      ignoreDependencies: ["@arethetypeswrong/cli", "publint"],
    },
    "packages/*": { entry },
    "plugins/*": { entry },
    "examples/*": { entry: ["src/main.ts", ...entry] },
    test: { entry: ["**/*.{ts,mjs}"] },
  },
};
export default config;
