import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };

// As on a newcomer's machine: an empty home, so neither a store nor a cache, and none of this run's variables:
// pnpm tells its scripts not to look whether dependencies are installed.
describe("a fresh clone with empty caches", () => {
  let folder = "";
  const pnpm = (...args: string[]) => {
    const inherited = Object.entries(process.env).filter(
      ([name]) =>
        !/^(?:VITEST|NODE_ENV|XDG_|TEST|npm_(?:lifecycle|package|config_cache)|pnpm_config_verify_deps)/.test(name),
    );
    const env = { ...Object.fromEntries(inherited), HOME: join(folder, "home"), OPENAI_API_KEY: "" };
    const done = spawnSync("npx", ["-y", packageManager, ...args], {
      cwd: join(folder, "clone"),
      env,
      encoding: "utf8",
      timeout: 300_000,
    });
    return { status: done.status, out: `${done.stdout}\n${done.stderr}` };
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "graphtap-clone-"));
    execFileSync("git", ["clone", "--quiet", root, join(folder, "clone")]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

  it("starts with one command, which installs and builds", { timeout: 360_000 }, () => {
    const { out, status } = pnpm("start");
    expect(out).toContain("Running examples/support-desk");
    expect({ status, out: status === 0 ? "" : out }).toEqual({ status: 0, out: "" });
  });

  it("tests with the other, and starts again without a build", { timeout: 360_000 }, () => {
    const tests = pnpm("test", "scripts/workspace.test.mjs");
    expect({ status: tests.status, out: tests.status === 0 ? "" : tests.out }).toEqual({ status: 0, out: "" });
    const again = pnpm("start");
    expect(again.status).toBe(0);
    expect(again.out).not.toContain("Building");
  });
});
