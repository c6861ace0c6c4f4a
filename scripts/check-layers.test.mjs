// @ts-check
import { afterEach, describe, expect, it } from "vitest";
import { checkLayers } from "./check-layers.mjs";
import { manifest, workspace } from "./fixture.mjs";

/** @type {ReturnType<typeof workspace> | undefined} */
let made;
afterEach(() => made?.[Symbol.dispose]());

const keys = { ".": "./src/index.ts", "./keys": "./src/keys.ts" };
/** @param {Record<string, string | object>} files */
const problemsOf = (files) => {
  made?.[Symbol.dispose]();
  made = workspace({
    "packages/kernel/package.json": manifest("@graphtap/kernel"),
    "packages/values/package.json": manifest("@graphtap/values"),
    "packages/langgraph/package.json": manifest("@graphtap/langgraph"),
    "packages/testkit/package.json": manifest("@graphtap/testkit"),
    "packages/graphtap/package.json": manifest("graphtap"),
    "plugins/metrics/package.json": manifest("@graphtap/metrics", keys),
    "plugins/security/package.json": manifest("@graphtap/security", keys),
    "examples/demo/package.json": manifest("demo", {}),
    "test/package.json": manifest("tests", {}),
    ...files,
  });
  return checkLayers(made.top);
};

describe("check-layers", () => {
  it("accepts what the rule allows", () => {
    expect(
      problemsOf({
        "packages/langgraph/src/index.ts": `import "@graphtap/kernel"; export * from "@graphtap/values"; import "./x.js";`,
        "packages/testkit/src/index.ts": `import { a } from "@graphtap/langgraph"; import "@graphtap/kernel";`,
        "plugins/metrics/src/index.ts": `import "@graphtap/langgraph"; import type { K } from "@graphtap/security/keys";`,
        "packages/graphtap/src/index.ts": `export * from "@graphtap/metrics"; export * from "@graphtap/langgraph/langchain";`,
        "packages/kernel/src/a.test.ts": `import { fakeClock } from "@graphtap/testkit";`,
        "examples/demo/src/main.ts": `import "graphtap"; import "@graphtap/metrics";`,
        "test/e2e/all.test.ts": `import "../../scripts/x.mjs"; import "@graphtap/security";`,
      }),
    ).toEqual([]);
  });

  it.each([
    ["packages/kernel/src/index.ts", `import { canonical } from "@graphtap/values";`],
    ["packages/values/src/index.ts", `import type { Clock } from "@graphtap/kernel";`],
    ["packages/langgraph/src/index.ts", `import { metrics } from "@graphtap/metrics";`],
    ["packages/langgraph/src/index.ts", `export * from "@graphtap/metrics/keys";`],
    ["packages/langgraph/src/index.ts", `export const load = () => import("@graphtap/testkit");`],
    ["packages/langgraph/src/index.ts", `type T = import("graphtap").Stack;`],
    ["packages/testkit/src/index.ts", `import "@graphtap/security";`],
    ["plugins/metrics/src/index.ts", `import { security } from "@graphtap/security";`],
    ["plugins/metrics/src/index.ts", `import { fakeClock } from "@graphtap/testkit";`],
    ["plugins/metrics/src/a.test.ts", `import { security } from "@graphtap/security";`],
    ["plugins/metrics/src/index.ts", `import { createStack } from "graphtap";`],
    ["plugins/metrics/src/index.ts", `import { x } from "../../../packages/kernel/src/index.js";`],
    ["packages/kernel/src/deep/a.ts", "const x = require(`@graphtap/langgraph`);"],
  ])("refuses in %s: %s", (path, text) => {
    const problems = problemsOf({ [path]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${path}: imports "`);
  });

  it("reads code, not comments, strings or templates", () => {
    const text = `// import "graphtap"\n/** import x from "graphtap"; */\nconst s = 'import "graphtap"';\nconst t = \`\nimport "graphtap";\n\`;`;
    expect(problemsOf({ "packages/kernel/src/index.ts": text })).toEqual([]);
  });

  it("reads dependencies in package.json", () => {
    const json = manifest("@graphtap/kernel", {}, { dependencies: { "@graphtap/values": "workspace:*" } });
    expect(problemsOf({ "packages/kernel/package.json": json })).toEqual([
      expect.stringContaining("packages/kernel/package.json: dependencies names @graphtap/values"),
    ]);
  });
});
