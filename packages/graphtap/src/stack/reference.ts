import { join, resolve } from "node:path";

/** Where a stack or a graph is said to be. */
export interface Reference {
  /** As it was written, for messages. */
  readonly text: string;
  /** Absolute. */
  readonly path: string;
  /** Null: not said. */
  readonly export: string | null;
}

/** Where a stack was named. */
export interface StackReference extends Reference {
  readonly from: "--stack" | "GRAPHTAP_STACK" | "graphtap.config";
}

/** Names of the file that leads to the stack, in the order in which they are looked for. */
export const CONFIG_FILES = ["graphtap.config.ts", "graphtap.config.mts", "graphtap.config.js", "graphtap.config.mjs"];

/** Reads `src/stack.ts#stack`. The last # counts: a folder may have one in its name. */
export function parseReference(text: string, folder: string): Reference {
  const at = text.lastIndexOf("#");
  const [file, name] = at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
  return { text, path: resolve(folder, file), export: name === "" ? null : name };
}

/** What says where the stack is: the option, then the variable, then a file in the folder; null where nothing does. */
export function locateStack(
  given: { readonly flag: string | undefined; readonly variable: string | undefined; readonly folder: string },
  exists: (path: string) => boolean,
): StackReference | null {
  const { flag, variable, folder } = given;
  if (flag !== undefined) return { ...parseReference(flag, folder), from: "--stack" };
  if (variable !== undefined && variable !== "") return { ...parseReference(variable, folder), from: "GRAPHTAP_STACK" };
  const file = CONFIG_FILES.find((name) => exists(join(folder, name)));
  return file === undefined ? null : { text: file, path: join(folder, file), export: null, from: "graphtap.config" };
}
