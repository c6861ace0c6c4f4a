// @ts-check
/** A small workspace on disk, for the tests of the checks. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * @param {Record<string, string | object>} files path to text, or to an object that is written as JSON
 * @returns {{ top: string, [Symbol.dispose](): void }}
 */
export function workspace(files) {
  const top = mkdtempSync(join(tmpdir(), "graphtap-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return { top, [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }) };
}

/** @param {string} name @param {Record<string, string>} [entries] subpath to source @param {object} [more] */
export const manifest = (name, entries = { ".": "./src/index.ts" }, more = {}) => ({
  name,
  exports: Object.fromEntries(
    Object.entries(entries).map(([subpath, source]) => [
      subpath,
      { "@graphtap/source": source, default: source.replace("./src", "./dist").replace(".ts", ".js") },
    ]),
  ),
  ...more,
});
