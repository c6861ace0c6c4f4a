import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "../cli/command.js";
import { pluginFolderInUse, pluginNameUnusable } from "../errors.js";
import { pluginFiles } from "../scaffold/files.js";
import { pluginNames } from "../scaffold/name.js";

export const createPlugin: Command = {
  name: "create-plugin",
  summary: "write a package with a plugin, its tests and the conformance tests",
  args: ["name"],
  options: { dir: { type: "string", value: "folder", doc: "where to; default: the name, in this folder" } },
  notes: "<name> is an npm name that says whose it is: acme-quiet-hours or @acme/quiet-hours. Nothing is overwritten.",
  async run({ args, flags, io, paint }) {
    const [given = ""] = args;
    const names = pluginNames(given);
    if ("why" in names) throw pluginNameUnusable(given.slice(0, 80), names.why, names.proposal);
    const folder = resolve(io.cwd, flags.text("dir") ?? names.folder);
    await demandEmpty(folder);
    const files = pluginFiles(names);
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      // The folder was empty a moment ago; whoever writes to it meanwhile is not overwritten either.
      await writeFile(join(folder, path), text, { flag: "wx" });
    }
    const place = relative(io.cwd, folder) || ".";
    const lines = [...files.keys()].map((path) => `  ${join(place, path)}`);
    return {
      exit: 0,
      text: [
        `${paint("bold", names.package)} is written:`,
        ...lines,
        "",
        `Next: cd ${place} && npm install && npm test`,
      ].join("\n"),
      data: { ...names, folder, files: [...files.keys()] },
    };
  },
};

/** @throws GraphTapError PLUGIN_FOLDER_IN_USE */
async function demandEmpty(folder: string): Promise<void> {
  let found: string[];
  try {
    found = await readdir(folder);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return;
    throw pluginFolderInUse(folder, `It cannot be read as a folder: ${(error as Error).message}`);
  }
  if (found.length > 0)
    throw pluginFolderInUse(
      folder,
      `It holds ${found.slice(0, 3).join(", ")}${found.length > 3 ? ` and ${found.length - 3} more` : ""}.`,
    );
}
