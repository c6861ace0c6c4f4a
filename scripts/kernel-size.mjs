// @ts-check
/** The kernel is in every user's process, so it has a budget: minified and gzipped, without zod and tapable. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { resolveFromRoot, root, sourceCondition } from "./workspace.mjs";

/** Bytes. */
export const kernelLimit = 12 * 1024;

/** @param {string} [entry] @returns {Promise<number>} bytes */
export async function kernelSize(entry = join(root, "packages/kernel/src/index.ts")) {
  // esbuild is what tsup builds with; taking its copy saves a dependency.
  const path = createRequire(resolveFromRoot("tsup")).resolve("esbuild");
  const { default: esbuild } = await import(pathToFileURL(path).href);
  const result = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: [sourceCondition],
    external: ["zod", "tapable"],
    logLevel: "silent",
  });
  return gzipSync(result.outputFiles[0].contents, { level: 9 }).length;
}
