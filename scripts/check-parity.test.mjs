// @ts-check
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkParity, ids } from "./check-parity.mjs";
import { manifest, workspace } from "./fixture.mjs";

/** @type {ReturnType<typeof workspace>} */
let made;
beforeAll(() => {
  made = workspace({
    "packages/kernel/package.json": manifest("@graphtap/kernel"),
    "packages/kernel/src/index.ts": `export { Kernel, type Options as KernelOptions } from "./kernel.js"; export * from "./more.js";`,
    "packages/kernel/src/kernel.ts": `export class Kernel { start() {} readonly name = "k"; } export interface Options { size: number }`,
    "packages/kernel/src/more.ts": `const inner = { get(a: 1) {} }; export { inner as service }; export const { left } = { left: 1 };`,
    "packages/graphtap/package.json": manifest("graphtap", { ".": "./src/index.ts", "./extra": "./src/extra.ts" }),
    "packages/graphtap/src/index.ts": `import { Kernel } from "@graphtap/kernel"; export { Kernel }; export * from "@graphtap/kernel";`,
    "packages/graphtap/src/extra.ts": `export default 1;`,
    "test/a.test.ts":
      'describe("Suite one", () => { it("starts twice", () => {}); it.skip("is off", () => {}); it.each([1])("row %i ends", () => {}); it(`has ${x} parts`, () => {}); });',
    "test/types.test-d.ts": "",
    "docs/page.md": "",
  });
});
afterAll(() => made[Symbol.dispose]());

/** @param {string} here @param {string} proof @param {string} [id] */
const problemsOf = (here, proof, id = "C-010") => {
  const rest = ids.filter((other) => other !== id).map((other) => `| ${other} | item | - | later |`);
  const head = ["| C-id | item | here | proof or replacement |", "|---|---|---|---|"];
  return checkParity([...head, `| ${id} | item | ${here} | ${proof} |`, ...rest].join("\n"), made.top).problems;
};
const test = "`test/a.test.ts > Suite one > starts twice`";

describe("check-parity", () => {
  it("knows 102 items", () => {
    expect(ids).toHaveLength(102);
    expect([ids[0], ids[4], ids.at(-1)]).toEqual(["C-001", "C-010", "C-169"]);
  });

  it.each([
    ["`@graphtap/kernel#Kernel`", test],
    ["`@graphtap/kernel#Kernel.start` and `@graphtap/kernel#Kernel.name`", test],
    ["`@graphtap/kernel#KernelOptions.size`", test],
    ["`@graphtap/kernel#service.get`, `@graphtap/kernel#left`", test],
    ["`graphtap#Kernel.start`, `graphtap#service`, `graphtap/extra#default`", test],
    ["free words and `createStack({ a: 1 })`", "`test/a.test.ts > row`"],
    ["a template", "`test/a.test.ts > parts`"],
    ["a type", "`test/types.test-d.ts`"],
    ["a pipe \\| in a cell", test],
    ["x", "replaced: by the page `docs/page.md`, because it is shorter"],
    ["-", "later (metrics issue)"],
  ])("accepts %s | %s", (here, proof) => {
    expect(problemsOf(here, proof)).toEqual([]);
  });

  it.each([
    ["`@graphtap/kernel#Gone`", test, 'does not export "Gone"'],
    ["`@graphtap/kernel#Kernel.stop`", test, 'has no member "stop"'],
    ["`@graphtap/nowhere#Kernel`", test, "no workspace package"],
    ["`graphtap/nowhere#Kernel`", test, "no workspace package"],
    ["`@graphtap/kernel#not a name`", test, "not of the form"],
    ["x", "`test/b.test.ts > starts`", "no such file"],
    ["x", "`test/a.test.ts`", "name the test too"],
    ["x", "`test/a.test.ts > Suite one > never`", 'is called "never"'],
    ["x", "`test/a.test.ts > is off`", 'is called "is off"'],
    [test, "no proof here", "needs a test"],
    ["`docs/gone.md`", test, "no such file"],
    ["x", "replaced: `docs/page.md`", "by what and why"],
    ["x", "replaced: by something better that is not named", "must name"],
    ["", test, "must not be empty"],
    ["x | y", test, "not four columns"],
  ])("refuses %s | %s", (here, proof, message) => {
    expect(problemsOf(here, proof).join("\n")).toContain(message);
  });

  it("wants each item exactly once, and no other", () => {
    expect(problemsOf("x", "later", "C-999")).toEqual([expect.stringContaining("C-999: no such item")]);
    const rows = ids.slice(1).map((id) => `| ${id} | item | - | later |`);
    expect(checkParity([...rows, rows[0]].join("\n"), made.top).problems).toEqual([
      "C-001: no row",
      "C-002: 2 rows, at lines 1, 102",
    ]);
  });

  it("counts what is proven, replaced and later", () => {
    const rows = ids.slice(2).map((id) => `| ${id} | item | - | later |`);
    const proven = `| C-001 | item | x | ${test} |`;
    const replaced = "| C-002 | item | x | replaced: by `docs/page.md`, which says more |";
    expect(checkParity([proven, replaced, ...rows].join("\n"), made.top)).toEqual({
      problems: [],
      counts: { proven: 1, replaced: 1, later: 100 },
    });
  });
});
