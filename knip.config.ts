import type { KnipConfig } from "knip";

const entry = ["src/**/*.{test,test-d,bench}.ts"];
const config: KnipConfig = {
  // A type may be exported because it is part of a signature that its neighbours use.
  exclude: ["types"],
  workspaces: {
    ".": {
      entry: ["scripts/*.mjs"],
      // Started by their path from scripts; the workspace packages are linked here for tests, scripts and the docs' examples.
      ignoreDependencies: [
        "@arethetypeswrong/cli",
        "publint",
        "@langchain/langgraph-api",
        "@langchain/langgraph-cli",
        /^langgraph-1-/,
        /^@graphtap\//,
        "graphtap",
      ],
    },
    "packages/*": { entry },
    // An optional peer: whoever imports the bridge has it.
    "packages/langgraph": { entry, ignoreDependencies: ["langchain"] },
    // The bin, which package.json names by what is built from it.
    "packages/graphtap": { entry: ["src/cli.ts", ...entry] },
    "plugins/*": { entry },
    "examples/*": { entry: ["src/main.ts", ...entry] },
    test: { entry: ["**/*.{ts,mjs}"] },
  },
};
export default config;
