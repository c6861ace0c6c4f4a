import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build, isBuilt } from "../../scripts/build.mjs";
import { toolPath } from "../../scripts/workspace.mjs";

const root = resolve(import.meta.dirname, "../..");
const bin = join(root, "packages/graphtap/dist/cli.js");
let folder = "";

const node = (cwd: string, ...args: string[]) => {
  const { NODE_OPTIONS: _options, GRAPHTAP_STACK: _stack, ...inherited } = process.env;
  const env = Object.fromEntries(Object.entries(inherited).filter(([name]) => !/^(?:VITEST|TEST|NODE_ENV)/.test(name)));
  const done = spawnSync(process.execPath, args, {
    cwd: join(folder, cwd),
    env: { ...env, NO_COLOR: "1" },
    encoding: "utf8",
    timeout: 110_000,
  });
  return { status: done.status, out: done.stdout, err: done.stderr };
};
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

// What users get: the built packages, in a folder of their own, with everything installed beside it.
beforeAll(async () => {
  if (!isBuilt()) await build();
  folder = mkdtempSync(join(tmpdir(), "graphtap-umbrella-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a plugin written by create-plugin", () => {
  it.each(["acme-quiet-hours", "@acme/limits"])(
    "%s compiles, passes its tests, builds, and loads as it would be published",
    (name) => {
      const created = node(".", bin, "create-plugin", name, "--json");
      expect(created).toMatchObject({ status: 0, err: "" });
      const {
        folder: at,
        factory,
        code,
        plugin,
      } = JSON.parse(created.out) as { folder: string; factory: string; code: string; plugin: string };
      const place = at.slice(folder.length + 1);

      expect(node(place, toolPath("typescript", "tsc"), "-p", "tsconfig.json")).toEqual({
        status: 0,
        out: "",
        err: "",
      });
      const tests = node(place, toolPath("vitest"), "run", "--reporter=json");
      const report = JSON.parse(tests.out) as { numPassedTests: number; numTotalTests: number };
      expect({ status: tests.status, err: tests.err }).toEqual({ status: 0, err: "" });
      // Ten of conformance, one of behaviour, one of options.
      expect([report.numPassedTests, report.numTotalTests]).toEqual([12, 12]);

      expect(node(place, toolPath("typescript", "tsc"), "-p", "tsconfig.build.json")).toEqual({
        status: 0,
        out: "",
        err: "",
      });
      write(
        `${place}/use.mjs`,
        `import { createStack } from "graphtap";
       import { ${factory} } from "${name}";
       import * as keys from "${name}/keys";
       const stack = createStack({ plugins: [${factory}({ tools: ["refund"] })] });
       await stack.ready();
       console.log(stack.inspect().plugins[0].id, stack.get(${factory}).refused, Object.keys(keys).length);
       const refund = stack.wrapTool({ name: "refund", lc_namespace: [], invoke: async () => "paid" });
       console.log(await refund.invoke({}, stack.as({ userId: "bob" })).catch((error) => error.code));
       await stack.dispose();`,
      );
      expect(node(place, "use.mjs")).toEqual({ status: 0, out: `${plugin} 0 1\n${code}\n`, err: "" });
    },
  );
});

describe("the built command line", () => {
  const stack = `import { createStack, development } from "graphtap";\nexport const stack = createStack({ name: "desk", plugins: development() });\n`;

  it("reads a stack in JavaScript", () => {
    write("js/graphtap.config.js", stack.replace("const stack", "const desk"));
    write("js/package.json", JSON.stringify({ type: "module", dependencies: { graphtap: "*" } }));
    const { status, out, err } = node("js", bin, "doctor", "--boot");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain('stack "desk" started: metrics 0.0.0, audit 0.0.0, security 0.0.0, dashboard 0.0.0');
  });

  it("reads one in TypeScript through the project's tsx", () => {
    write(
      "ts/src/stack.ts",
      `import { name } from "./name.js";\nenum E { A = "a" }\n${stack.replace('"desk"', "name + E.A")}`,
    );
    write("ts/src/name.ts", `export const name: string = "desk-";\n`);
    write("ts/package.json", JSON.stringify({ type: "module" }));
    const { status, out, err } = node("ts", bin, "inspect", "--stack", "src/stack.ts", "--json");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ name: "desk-a" });
  });

  it("says what to install where Node cannot read it alone", () => {
    // An installation that has everything but tsx.
    cpSync(join(root, "packages/graphtap/dist"), join(folder, "alone/node_modules/graphtap/dist"), { recursive: true });
    cpSync(join(root, "packages/graphtap/package.json"), join(folder, "alone/node_modules/graphtap/package.json"));
    for (const scope of ["@graphtap", "@langchain"])
      symlinkSync(join(root, "node_modules", scope), join(folder, "alone/node_modules", scope), "junction");
    rmSync(join(folder, "node_modules"));
    write("alone/src/stack.ts", `import { name } from "./name.js";\n${stack.replace('"desk"', "name")}`);
    write("alone/src/name.ts", `export const name: string = "desk";\n`);
    write("alone/package.json", JSON.stringify({ type: "module" }));
    const { status, out, err } = node(
      "alone",
      "node_modules/graphtap/dist/cli.js",
      "inspect",
      "--stack",
      "src/stack.ts",
    );
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toMatch(/^\[STACK_LOADER_MISSING\][\s\S]*\n {2}Do: {2}npm i -D tsx/);
  });
});
