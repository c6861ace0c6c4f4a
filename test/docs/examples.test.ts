import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): Promise<string> => readFile(join(root, file), "utf8");
const blocks = (markdown: string): string[] =>
  [...markdown.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
const node = promisify(execFile);

/** A folder inside the workspace, so that packages are found as users find them. */
async function within<T>(use: (folder: string) => Promise<T>, at = "test/docs/.example-"): Promise<T> {
  const folder = await mkdtemp(join(root, at));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

it("the README's example prints what its comments say", async () => {
  const [code = ""] = blocks(await read("README.md"));
  const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
  expect(said).toHaveLength(5);
  await within(async (folder) => {
    await writeFile(join(folder, "example.mts"), code);
    const { stdout } = await node(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", join(folder, "example.mts")],
      { cwd: root },
    );
    expect(stdout.trim().split("\n")).toEqual(said);
  });
}, 60_000);

// Each in its own package's folder, where its packages are found as by whoever installs it.
it.each([
  ["plugins/audit", 3],
  ["plugins/composition", 5],
  ["plugins/content", 6],
  ["plugins/performance", 7],
  ["plugins/security", 8],
] as const)(
  "the README's example of %s prints what its comments say",
  async (where, lines) => {
    const [code = ""] = blocks(await read(`${where}/README.md`));
    const expected = [...code.matchAll(/console\.log\(.*\)+; \/\/ (.*)$/gm)].map((match) => match[1]);
    expect(expected).toHaveLength(lines);
    await within(
      async (folder) => {
        await writeFile(join(folder, "example.mts"), code);
        const { stdout } = await node(
          process.execPath,
          ["--import", "tsx", "--conditions=@graphtap/source", join(folder, "example.mts")],
          { cwd: join(root, where) },
        );
        expect(stdout.trim().split("\n")).toEqual(expected);
      },
      join(where, ".readme-"),
    );
  },
  60_000,
);

it("the README names the two commands that package.json and CI use", async () => {
  const readme = await read("README.md");
  const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
  expect(readme).toMatch(/pnpm@12\.21\.0 start\b/);
  expect(readme).toMatch(/pnpm@12\.21\.0 test\b/);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test"]));
  // .ci/run takes the version from package.json.
  expect(await read("package.json")).toContain('"packageManager": "pnpm@12.21.0"');
  expect(await read(".ci/run")).toMatch(/counted readme pnpm test$/m);
});

it("every page that a page names is there", async () => {
  const pages = ["packages", "plugins"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  );
  pages.push("README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`));
  const missing: string[] = [];
  for (const page of pages)
    for (const [, target = ""] of (await read(page)).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!URL.canParse(target) && !existsSync(join(root, dirname(page), target))) missing.push(`${page}: ${target}`);
  expect(missing).toEqual([]);
});

it("start names the examples that there are when it is asked for another one", async () => {
  const { code, stderr } = await node(process.execPath, [join(root, "scripts/start.mjs"), "quickstrat"])
    .catch((error: unknown) => error as { code: number; stderr: string })
    .then((result) => ({ code: 0, ...result }));
  expect([code, stderr]).toEqual([2, expect.stringMatching(/"quickstrat".*quickstart/)]);
});

it("what docs/write-a-plugin.md shows compiles and passes its own test", async () => {
  const code = blocks(await read("docs/write-a-plugin.md"));
  await within(async (folder) => {
    await mkdir(join(folder, "src"));
    for (const block of code) {
      const name = /^\/\/ (src\/[\w.-]+\.ts)/.exec(block)?.[1] ?? "src/snippet.ts";
      await writeFile(join(folder, name), block);
    }
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../../tsconfig.json", include: ["src"] }),
    );
    await writeFile(
      join(folder, "vitest.config.ts"),
      'import shared from "../../../vitest.config.js";\nexport default { ...shared, test: { include: ["src/*.test.ts"] } };\n',
    );
    await node(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { cwd: root });
    const { stdout } = await node(
      process.execPath,
      [
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        "--root",
        folder,
        "--config",
        join(folder, "vitest.config.ts"),
      ],
      { cwd: root, env: { ...process.env, NO_COLOR: "1" } },
    );
    expect(stdout).toMatch(/Tests\s+\d+ passed/);
  });
}, 120_000);
