import { SUPPORTED } from "../doctor/supported.js";
import type { PluginNames } from "./name.js";
import { VERSIONS } from "./versions.js";

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export const manifest = (names: PluginNames): string =>
  json({
    name: names.package,
    version: "0.1.0",
    description: `A GraphTap plugin: ${names.plugin}`,
    keywords: ["graphtap-plugin", "langgraph"],
    license: "MIT",
    type: "module",
    sideEffects: false,
    files: ["dist"],
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./keys": { types: "./dist/keys.d.ts", default: "./dist/keys.js" },
    },
    scripts: {
      build: "tsc -p tsconfig.build.json",
      typecheck: "tsc -p tsconfig.json",
      test: "vitest run",
      prepublishOnly: "npm run typecheck && npm test && npm run build",
    },
    dependencies: { zod: VERSIONS.zod },
    // A peer, so that the application's copy is the only one.
    peerDependencies: {
      "@graphtap/langgraph": VERSIONS.graphtap,
      "@langchain/core": VERSIONS.corePeer,
      "@langchain/langgraph": VERSIONS.langgraphPeer,
    },
    devDependencies: {
      "@graphtap/langgraph": VERSIONS.graphtap,
      "@graphtap/testkit": VERSIONS.graphtap,
      "@langchain/core": VERSIONS.core,
      "@langchain/langgraph": VERSIONS.langgraph,
      typescript: VERSIONS.typescript,
      vitest: VERSIONS.vitest,
    },
    engines: { node: SUPPORTED.node },
    publishConfig: { access: "public" },
  });

export const tsconfig = (): string =>
  json({
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2023", "DOM"],
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      types: [],
      noEmit: true,
    },
    include: ["src"],
  });

export const tsconfigBuild = (): string =>
  json({
    extends: "./tsconfig.json",
    compilerOptions: { noEmit: false, declaration: true, rootDir: "src", outDir: "dist" },
    exclude: ["src/**/*.test.ts"],
  });

export const vitestConfig = (): string => `import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["src/**/*.test.ts"] } });
`;

export const gitignore = (): string => "node_modules/\ndist/\n*.tgz\n";
