import { describe, expect, it } from "vitest";
import { main } from "../cli/main.js";
import { folderWith } from "../fixtures/folder.js";
import { testIo } from "../fixtures/io.js";
import { builder, supportModule } from "../fixtures/support.js";

const module = () => ({ ...supportModule(), raw: builder().compile(), make: () => builder() });
const explain = async (name: string, ...args: string[]) => {
  const io = testIo({ modules: { "src/stack.ts": module } });
  return { code: await main(["explain", name, "--stack", "src/stack.ts#stack", ...args], io), ...io.printed };
};

describe("graphtap explain", () => {
  it("lists what is governed and what cannot be seen into", async () => {
    const { code, out } = await explain("support");
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}agent: code; a closure/);
    expect(out).toMatch(/ {2}tools: tools; tools governed: refund/);
  });

  it("gives it as data", async () => {
    expect(JSON.parse((await explain("support", "--json")).out)).toMatchObject({
      wrapped: true,
      ungated: "deny",
      nodes: [
        { node: "agent", opaque: true },
        { node: "tools", toolsGoverned: ["refund"] },
      ],
    });
  });

  it("says when none of it applies to what is exported", async () => {
    const { code, out } = await explain("raw");
    expect(code).toBe(1);
    expect(out).toContain('"raw" is exported unwrapped');
  });

  it("finds a graph of langgraph.json", async () => {
    using folder = folderWith({ "langgraph.json": { graphs: { desk: "./src/agent.ts:support" } } });
    const made = supportModule();
    const io = testIo({ cwd: folder.path, modules: { "src/stack.ts": () => made, "src/agent.ts": () => made } });
    expect(await main(["explain", "desk", "--stack", "src/stack.ts"], io)).toBe(0);
    expect(io.loaded).toEqual(["src/stack.ts", "src/agent.ts"]);
  });

  it.each([
    ["suport", 1, /\[GRAPH_NOT_FOUND\][\s\S]*Did you mean "support"/],
    ["make", 1, /\[GRAPH_INVALID\][\s\S]*function/],
    ["src/gone.ts#graph", 1, /\[STACK_REFERENCE_INVALID\][\s\S]*no such file/],
  ])("refuses %s", async (name, code, text) => {
    expect(await explain(name)).toMatchObject({ code, out: "", err: expect.stringMatching(text) });
  });

  it("refuses a graph of another stack", async () => {
    const io = testIo({
      modules: { "src/stack.ts": () => ({ stack: supportModule().stack, foreign: supportModule().support }) },
    });
    expect(await main(["explain", "foreign", "--stack", "src/stack.ts"], io)).toBe(1);
    expect(io.printed.err).toContain("[WRAP_FOREIGN_STACK]");
  });

  it("needs a graph and a stack", async () => {
    const io = testIo();
    expect(await main(["explain"], io)).toBe(2);
    expect(io.printed.err).toContain("graph is missing");
    const without = testIo();
    expect(await main(["explain", "support"], without)).toBe(1);
    expect(without.printed.err).toMatch(/\[STACK_NOT_FOUND\][\s\S]*graphtap\.config\.ts/);
  });
});
