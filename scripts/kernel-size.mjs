// @ts-check
/**
 * The kernel is in every user's process, so it has a budget: minified and gzipped, without zod and tapable. Measured is what
 * a program carries that makes kernels, plugins, hooks and services; the texts for docs/errors.md stay outside of it.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { resolveFromRoot, root, sourceCondition } from "./workspace.mjs";

/** Bytes. A good third are the texts of its errors: what happened, why, and what to do. */
export const kernelLimit = 20 * 1024;

const used = `export { createKernel, defineHook, definePlugin, defineService } from "./index.js";`;

/** @param {string} [contents] a module beside the kernel's index @returns {Promise<number>} bytes */
export async function kernelSize(contents = used) {
  // esbuild is what tsup builds with; taking its copy saves a dependency.
  const path = createRequire(resolveFromRoot("tsup")).resolve("esbuild");
  const { default: esbuild } = await import(pathToFileURL(path).href);
  const result = await esbuild.build({
    stdin: { contents, resolveDir: join(root, "packages/kernel/src"), loader: "ts" },
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
