import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { titlesOf } from "../../scripts/source-ast.mjs";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

it("the README's commands for one suite name suites that exist", async () => {
  const readme = await readFile(at("README.md"), "utf8");
  const commands = [...readme.matchAll(/`npx -y pnpm@[\d.]+ test (\S+?)(?: -t (\w+))?`/g)];
  expect(commands).toHaveLength(2);
  for (const [, path = "", suite] of commands) {
    const files = path.endsWith(".ts")
      ? [path]
      : (await readdir(at(path))).filter((name) => name.endsWith(".test.ts")).map((name) => `${path}${name}`);
    const suites = files.flatMap((file) => titlesOf(at(file)));
    expect(suites.length).toBeGreaterThan(0);
    if (suite !== undefined) expect(suites).toContain(suite);
  }
});
