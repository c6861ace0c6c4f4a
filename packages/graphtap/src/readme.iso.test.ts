import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { COMMON } from "./cli/command.js";
import { commands } from "./commands/index.js";
import { checkEnvironment } from "./doctor/environment.js";
import { errorCatalog } from "./errors.js";
import { CONFIG_FILES } from "./stack/reference.js";

const here = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(`${here}README.md`, "utf8");
const cells = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");

describe("README.md", () => {
  it("the first example prints what its comments say", { timeout: 60_000 }, async () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const expected = [...code.matchAll(/console\.log\(.*\);\s+\/\/ (.*)$/gm)].map((match) => match[1]);
    expect(expected).toHaveLength(5);
    const folder = await mkdtemp(`${here}.readme-`);
    try {
      await writeFile(`${folder}/example.mts`, code);
      const args = ["--import", "tsx", "--conditions=@graphtap/source", `${folder}/example.mts`];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: here });
      const lines = stdout.trim().split("\n");
      expect(lines.slice(0, 4)).toEqual(expected.slice(0, 4));
      expect(lines.slice(4).join("\n")).toMatch(
        /^runs {2}2 ok.*\ntool .*who denied: bob 1 \(PERMISSION_NOT_GRANTED\)\nrefund /,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("lists every command and every option, and none that does not exist", () => {
    const listed = [...readme.matchAll(/^\| `([a-z-]+)(?: [^`]*)?` \| /gm)].map((match) => match[1]);
    for (const { name } of commands) expect(listed).toContain(name);
    const options = new Map(
      [...readme.matchAll(/^\| `--([a-z]+)[^`]*` \| (.*?) \| /gm)].map(([, option, of]) => [
        option,
        of === "all" ? ["all"] : cells(of ?? ""),
      ]),
    );
    const expected = new Map(Object.keys(COMMON).map((option) => [option, ["all"]]));
    for (const { name, options: own } of commands)
      for (const option of Object.keys(own)) expected.set(option, [...(expected.get(option) ?? []), name]);
    expect(options).toEqual(expected);
    for (const file of CONFIG_FILES) expect(readme).toContain(file.replace("graphtap.config", ""));
  });

  it("lists every code, and none that does not exist", () => {
    const section = readme.slice(readme.indexOf("## Errors"));
    const listed = cells(section).filter((cell) => /^[A-Z]+(?:_[A-Z]+)+$/.test(cell));
    expect(listed.toSorted()).toEqual(Object.keys(errorCatalog).toSorted());
  });

  it("lists the variables that are read", () => {
    const listed = [...readme.matchAll(/^\| `(GRAPHTAP_[A-Z]+)` \| /gm)].map((match) => match[1] ?? "");
    expect(listed).toEqual(["GRAPHTAP_KILL", "GRAPHTAP_LOG", "GRAPHTAP_STACK", "GRAPHTAP_STRICT"]);
    const valid: Record<string, string> = {
      GRAPHTAP_KILL: "all",
      GRAPHTAP_LOG: "info",
      GRAPHTAP_STACK: "s.ts",
      GRAPHTAP_STRICT: "1",
    };
    for (const name of listed) expect(checkEnvironment({ [name]: valid[name] ?? "" }, null)[0]?.level, name).toBe("ok");
  });
});
