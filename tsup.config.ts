import { defineConfig } from "tsup";
import { listPackages } from "./scripts/workspace.mjs";

// One process builds every package. Declarations come from tsc: tsup's own take 30 times as long and need an older compiler.
export default defineConfig(
  listPackages()
    .filter((pkg) => pkg.entries.length > 0)
    .map((pkg) => ({
      name: pkg.name,
      entry: Object.fromEntries(pkg.entries.map((entry) => [entry.out, `${pkg.dir}/${entry.source}`])),
      outDir: `${pkg.dir}/dist`,
      tsconfig: "tsconfig.json",
      format: "esm" as const,
      target: "node20",
      platform: "node" as const,
      dts: false,
      sourcemap: true,
      clean: true,
      splitting: true,
      skipNodeModulesBundle: true,
      silent: true,
    })),
);
