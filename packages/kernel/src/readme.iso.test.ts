import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createKernel, defineHook, errorCatalog } from "./index.js";

const here = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(`${here}README.md`, "utf8");

it("the README's example prints what its comments say", async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const expected = [...code.matchAll(/console\.log\(.*\);\s+\/\/ (.*)$/gm)].map((match) => match[1]);
  expect(expected.length).toBeGreaterThan(4);
  const folder = await mkdtemp(`${here}.readme-`);
  try {
    await writeFile(`${folder}/example.mts`, code);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", `${folder}/example.mts`],
      { cwd: here },
    );
    expect(stdout.trim().split("\n")).toEqual(expected);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);

it("the README's table of kinds holds the defaults", () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` \| .* \| (report|throw|deny) \| (none|[\d,]+ ms)/gm)].map(
    ([, kind, fault, limit]) => [kind, fault, limit],
  );
  const kinds = ["series", "sync", "waterfall", "bail", "around", "collect", "guard", "reserve"] as const;
  const defaults = kinds.map((kind) => {
    const { fault, timeoutMs } = (defineHook[kind] as (name: string) => ReturnType<typeof defineHook.series>)(
      `acme.readme.${kind}`,
    );
    return [kind, fault, timeoutMs === null ? "none" : `${timeoutMs.toLocaleString("en-US")} ms`];
  });
  expect(rows).toEqual(defaults);
});

it("the README lists every error code, and the members of the API", () => {
  for (const code of Object.keys(errorCatalog)) expect(readme).toContain(`\`${code}\``);
  for (const member of [
    "pin",
    "use",
    "remove",
    "replace",
    "inspect",
    "profile",
    "dispose",
    "ready",
  ] satisfies (keyof ReturnType<typeof createKernel>)[])
    expect(readme).toContain(member);
});
