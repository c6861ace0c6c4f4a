import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const here = fileURLToPath(new URL("..", import.meta.url));

it("the README's example prints what its comments say", async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(await readFile(join(here, "README.md"), "utf8"))?.[1] ?? "";
  const said = [...code.matchAll(/; \/\/ (.*)$/gm)].map((match) => match[1]);
  expect(said).toHaveLength(4);
  const folder = await mkdtemp(join(here, ".readme-"));
  try {
    await writeFile(join(folder, "example.mts"), code);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", join(folder, "example.mts")],
      { cwd: here },
    );
    expect(stdout.trim().split("\n")).toEqual(said);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
