import type { PluginNames } from "./name.js";
import { gitignore, manifest, tsconfig, tsconfigBuild, vitestConfig } from "./project.js";
import { index, keys, readme, test } from "./sources.js";

/** Every file of a new plugin package: path to text. */
export const pluginFiles = (names: PluginNames): ReadonlyMap<string, string> =>
  new Map([
    ["package.json", manifest(names)],
    ["README.md", readme(names)],
    ["src/index.ts", index(names)],
    ["src/index.test.ts", test(names)],
    ["src/keys.ts", keys(names)],
    ["tsconfig.json", tsconfig()],
    ["tsconfig.build.json", tsconfigBuild()],
    ["vitest.config.ts", vitestConfig()],
    [".gitignore", gitignore()],
  ]);
