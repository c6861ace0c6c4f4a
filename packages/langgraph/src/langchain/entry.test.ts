import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = join(dirname(fileURLToPath(import.meta.url)), "..");

/** All packages that an entry loads at run time, through every file of ours. */
function loadedBy(entry: string): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const open = [join(src, entry)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, types, from] of text.matchAll(/^(?:import|export)\s+(type\s)?[^"]*?from "([^"]+)"/gm)) {
      if (types !== undefined || from === undefined) continue;
      if (from.startsWith(".")) open.push(join(dirname(file), from.replace(/\.js$/, ".ts")));
      else packages.add(from);
    }
  }
  return packages;
}

describe("entries", () => {
  it("load langchain, an optional peer, from the subpath only", () => {
    const main = loadedBy("index.ts");
    expect(main).toContain("@langchain/langgraph");
    expect([...main].filter((name) => name === "langchain" || name.startsWith("langchain/"))).toEqual([]);
    expect(loadedBy("langchain.ts")).toContain("langchain");
  });
});
