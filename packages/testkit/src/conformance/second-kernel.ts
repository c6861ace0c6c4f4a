import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "@graphtap/kernel";
import type { KernelCopy } from "./options.js";

const ORIGIN = Symbol.for("graphtap.plugin");

/** The folder of the nearest package.json at or above `from`. */
async function packageOf(
  from: string,
): Promise<{ dir: string; json: { name?: string; dependencies?: Record<string, string> } }> {
  for (let dir = from; ; dir = dirname(dir)) {
    try {
      return { dir, json: JSON.parse(await readFile(join(dir, "package.json"), "utf8")) as { name?: string } };
    } catch {
      if (dirname(dir) === dir) throw new Error(`there is no package.json above ${from}`);
    }
  }
}

async function linkDependency(name: string, kernelFile: string, modules: string): Promise<void> {
  const { dir } = await packageOf(dirname(createRequire(kernelFile).resolve(name)));
  // A file of a dependency may sit below a nested package.json that only names a module type.
  let owner = dir;
  while (basename(owner) !== basename(name) && dirname(owner) !== owner) owner = (await packageOf(dirname(owner))).dir;
  await mkdir(dirname(join(modules, name)), { recursive: true });
  await symlink(owner, join(modules, name), "junction");
}

/**
 * Loads the kernel a plugin was made by once more, from a copy of its files: other classes, other symbols, other state,
 * as when two versions of a package end up in one program. `release` removes the copy.
 */
export async function copyKernel(plugin: Plugin): Promise<{ kernel: KernelCopy; release: () => Promise<void> }> {
  const origin = (plugin as unknown as { [ORIGIN]?: { path?: string } })[ORIGIN]?.path;
  if (origin === undefined)
    throw new Error(`plugin "${plugin.id}" does not say which kernel made it; pass secondKernel`);
  const file = fileURLToPath(origin);
  const source = dirname(file);
  const { json } = await packageOf(source);
  const copy = await mkdtemp(join(tmpdir(), "graphtap-kernel-"));
  const release = (): Promise<void> => rm(copy, { recursive: true, force: true });
  try {
    await cp(source, join(copy, "kernel"), { recursive: true, filter: (path) => !path.includes(".test.") });
    await cp(join((await packageOf(source)).dir, "package.json"), join(copy, "package.json"));
    for (const name of Object.keys(json.dependencies ?? {}))
      await linkDependency(name, file, join(copy, "node_modules"));
    const entry = pathToFileURL(join(copy, "kernel", file.endsWith(".ts") ? "index.ts" : "index.js")).href;
    return { kernel: (await import(/* @vite-ignore */ entry)) as KernelCopy, release };
  } catch (error) {
    await release();
    throw error;
  }
}
