import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const here = fileURLToPath(new URL("..", import.meta.url));
const blocks = [...(await readFile(`${here}README.md`, "utf8")).matchAll(/```ts\n([\s\S]*?)```/g)].map(
  (match) => match[1] ?? "",
);

async function run(code: string, ...flags: string[]): Promise<string> {
  const folder = await mkdtemp(`${here}.readme-`);
  try {
    await writeFile(`${folder}/example.mts`, code);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", ...flags, `${folder}/example.mts`],
      {
        cwd: here,
        // A test runner inside of a test runner would report to the outer one.
        env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined },
      },
    ).catch((error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`the example failed:\n${error.stdout ?? ""}\n${error.stderr ?? ""}`, { cause: error });
    });
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("README.md", () => {
  it.each([0, 1])(
    "example %i prints what its comments say",
    async (index) => {
      const code = blocks[index] ?? "";
      const expected = [...code.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
      expect(expected.length).toBeGreaterThan(2);
      expect((await run(code)).trim().split("\n")).toEqual(expected);
    },
    60_000,
  );

  it("the plugin of the example passes its tests under node:test", async () => {
    const report = await run(blocks[2] ?? "", "--test-reporter=tap", "--test");
    expect(report).toMatch(/# fail 0/);
    expect(report).toMatch(/refuses at night, allows by day/);
    expect([...report.matchAll(/^ *ok \d+ - conformance: /gm)].length).toBe(10);
  }, 120_000);
});
