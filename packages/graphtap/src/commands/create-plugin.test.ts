import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../cli/main.js";
import { folderWith } from "../fixtures/folder.js";
import { testIo } from "../fixtures/io.js";

const create = async (cwd: string, ...args: string[]) => {
  const io = testIo({ cwd });
  return { code: await main(["create-plugin", ...args], io), ...io.printed };
};
const files = [
  "package.json",
  "README.md",
  "src/index.ts",
  "src/index.test.ts",
  "src/keys.ts",
  "tsconfig.json",
  "tsconfig.build.json",
  "vitest.config.ts",
  ".gitignore",
];

describe("graphtap create-plugin", () => {
  it("writes a package of that name", async () => {
    using folder = folderWith({});
    const { code, out } = await create(folder.path, "@acme/quiet-hours");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^@acme\/quiet-hours is written:\n {2}quiet-hours\/package\.json\n[\s\S]*Next: cd quiet-hours && npm install && npm test\n$/,
    );
    for (const file of files) expect(existsSync(join(folder.path, "quiet-hours", file)), file).toBe(true);
    const read = (file: string): string => readFileSync(join(folder.path, "quiet-hours", file), "utf8");
    expect(JSON.parse(read("package.json"))).toMatchObject({
      name: "@acme/quiet-hours",
      type: "module",
      peerDependencies: { "@graphtap/langgraph": expect.stringMatching(/^\^\d/) },
    });
    expect(read("src/index.ts")).toContain('name: "acme-quiet-hours"');
    for (const file of files) expect(read(file), file).not.toMatch(/"undefined|undefined"|catalog:|workspace:/);
  });

  it("writes to another folder, which may be there and empty", async () => {
    using folder = folderWith({});
    mkdirSync(join(folder.path, "mine"));
    const { code, out } = await create(folder.path, "acme-hours", "--dir", "mine", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ plugin: "acme-hours", folder: join(folder.path, "mine"), files });
    expect(readdirSync(folder.path)).toEqual(["mine"]);
  });

  it("overwrites nothing", async () => {
    using folder = folderWith({ "acme-hours/notes.txt": "mine", file: "mine" });
    const again = await create(folder.path, "acme-hours");
    expect(again).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringMatching(/\[PLUGIN_FOLDER_IN_USE\][\s\S]*It holds notes\.txt\./),
    });
    expect(readdirSync(join(folder.path, "acme-hours"))).toEqual(["notes.txt"]);
    for (const name of ["a", "b", "c"]) writeFileSync(join(folder.path, "acme-hours", name), "");
    expect((await create(folder.path, "acme-hours")).err).toMatch(/It holds .*, .*, .* and 1 more\./);
    expect(await create(folder.path, "acme-hours", "--dir", "file")).toMatchObject({
      code: 1,
      err: expect.stringContaining("cannot be read as a folder"),
    });
    expect(readFileSync(join(folder.path, "file"), "utf8")).toBe("mine");
  });

  it("refuses a name that cannot be used, before anything is written", async () => {
    using folder = folderWith({});
    expect(await create(folder.path, "metrics")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/\[PLUGIN_NAME_UNUSABLE\][\s\S]*create-plugin acme-metrics/),
    });
    expect((await create(folder.path, "../../outside-here")).code).toBe(2);
    expect((await create(folder.path)).code).toBe(2);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
