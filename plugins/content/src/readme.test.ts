import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const here = fileURLToPath(new URL("..", import.meta.url));

it("the README's example prints what its comments say", async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(await readFile(`${here}README.md`, "utf8"))?.[1] ?? "";
  const expected = [...code.matchAll(/console\.log\(.*\)+; \/\/ (.*)$/gm)].map((match) => match[1]);
  expect(expected).toHaveLength(6);
  const folder = await mkdtemp(`${here}.readme-`);
  try {
    await writeFile(`${folder}/example.mts`, code);
    const run = promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", `${folder}/example.mts`],
      { cwd: here },
    );
    expect((await run).stdout.trim().split("\n")).toEqual(expected);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
