import { createStack, fromLangGraphServer } from "@graphtap/langgraph";
import { security } from "@graphtap/security";
import { describe, expect, it } from "vitest";
import { main } from "../cli/main.js";
import { folderWith } from "../fixtures/folder.js";
import { type Table, testIo } from "../fixtures/io.js";
import { broken, builder, dead, supportModule } from "../fixtures/support.js";

interface Result {
  readonly findings: number;
  readonly notes: number;
  readonly checks: readonly {
    readonly id: string;
    readonly level: string;
    readonly code: string | null;
    readonly text: string;
  }[];
}

const pkg = (name: string, version: string) => ({ name, version });
const installed = {
  "package.json": {
    name: "app",
    dependencies: { "@langchain/core": "*", "@langchain/langgraph": "*", "@graphtap/kernel": "*" },
  },
  "node_modules/@langchain/core/package.json": pkg("@langchain/core", "1.4.0"),
  "node_modules/@langchain/langgraph/package.json": pkg("@langchain/langgraph", "1.7.3"),
  "node_modules/@graphtap/kernel/package.json": pkg("@graphtap/kernel", "0.1.0"),
};

async function doctor(
  options: {
    files?: Record<string, string | object>;
    modules?: Table;
    args?: readonly string[];
    env?: Record<string, string>;
  } = {},
) {
  using folder = folderWith({ ...installed, ...options.files });
  const io = testIo({ cwd: folder.path, env: options.env ?? {}, modules: options.modules ?? {} });
  const code = await main(["doctor", "--json", ...(options.args ?? [])], io);
  const result = JSON.parse(io.printed.out) as Result;
  return {
    code,
    io,
    result,
    codes: (result.checks ?? []).filter(({ level }) => level !== "ok").map(({ code: one }) => one),
  };
}

const stack = { "src/stack.ts": () => supportModule() };
const named = ["--stack", "src/stack.ts"];

describe("graphtap doctor", () => {
  it("looks at the installation where there is no stack", async () => {
    const { code, codes, result } = await doctor();
    expect([code, codes]).toEqual([0, ["STACK_NOT_FOUND"]]);
    expect(result.checks.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        "Node 20.19.0 (supported >=20.19)",
        "@langchain/core 1.4.0 (supported >=1.1.48 <2)",
        "@langchain/core 1.4.0, one copy",
        "@graphtap/kernel 0.1.0, one copy",
      ]),
    );
  });

  it("finds a version that is too old, and a second copy", async () => {
    const files = {
      "node_modules/@langchain/langgraph/package.json": {
        name: "@langchain/langgraph",
        version: "0.4.0",
        dependencies: { "@langchain/core": "*" },
      },
      "node_modules/@langchain/langgraph/node_modules/@langchain/core/package.json": pkg("@langchain/core", "0.3.0"),
    };
    const { code, codes } = await doctor({ files });
    expect([code, codes]).toEqual([1, ["PACKAGE_UNSUPPORTED", "PACKAGE_DUPLICATE", "STACK_NOT_FOUND"]]);
  });

  it("looks at the stack and the graphs it exports", async () => {
    const { code, codes, result, io } = await doctor({ modules: stack, args: named });
    expect([code, codes]).toEqual([0, ["NODE_OPAQUE"]]);
    expect(result.checks.map(({ text }) => text)).toContain('graph "support" is wrapped');
    expect(result.checks.some(({ id }) => id === "boot")).toBe(false);
    expect(io.printed.err).toBe("");
  });

  it("says that it looked at no graph where a config names the stack alone", async () => {
    const modules = { "graphtap.config.ts": () => ({ default: supportModule().stack }) };
    const { code, result } = await doctor({ modules, files: { "graphtap.config.ts": "" } });
    expect(code).toBe(0);
    expect(result.checks.find(({ id }) => id === "graph")?.text).toMatch(
      /^no graph was looked at.*--graph path#export/,
    );
  });

  it("says with --boot where the time went", async () => {
    const { result } = await doctor({ modules: stack, args: [...named, "--boot"] });
    expect(result.checks.find(({ id }) => id === "boot")?.text).toMatch(
      /^boot: setups .*then waited 5\.0 ms; importing the module took 5\.0 ms$/,
    );
  });

  it("finds what is wrong with a stack", async () => {
    const modules = { "src/stack.ts": () => ({ ...supportModule([dead()]), raw: builder().compile() }) };
    const { code, codes } = await doctor({ modules, args: named });
    expect(code).toBe(1);
    expect(codes).toEqual([
      "GUARDS_MISSING",
      "TAP_DEAD",
      "NODE_OPAQUE",
      "GRAPH_NOT_WRAPPED",
      "CHECKPOINTER_MISSING",
      "NODE_OPAQUE",
    ]);
  });

  it("tells of a stack that does not start, and of all the rest", async () => {
    const { code, codes, result } = await doctor({
      modules: { "src/stack.ts": () => supportModule([broken()]) },
      args: named,
      env: { GRAPHTAP_OFF: "all" },
    });
    expect([code, codes]).toEqual([1, ["PLUGIN_SETUP_FAILED", "VARIABLE_INVALID"]]);
    expect(result.checks.find(({ code: one }) => one === "PLUGIN_SETUP_FAILED")?.text).toContain("acme-broken");
  });

  it("tells of a stack that is not where it was named", async () => {
    expect((await doctor({ args: ["--stack", "src/gone.ts"] })).codes).toEqual(["STACK_REFERENCE_INVALID"]);
    expect((await doctor({ env: { GRAPHTAP_STACK: "src/gone.ts" } })).code).toBe(1);
  });

  it("needs a stack for --boot and --graph", async () => {
    for (const args of [["--boot"], ["--graph", "support"]]) {
      const { code, result } = await doctor({ args });
      expect([code, result]).toEqual([1, { error: expect.objectContaining({ code: "STACK_NOT_FOUND" }) }]);
    }
  });

  it("looks at a graph that is named, once however often it is found", async () => {
    const made = supportModule();
    const modules = { "src/stack.ts": () => ({ stack: made.stack }), "src/agent.ts": () => made };
    const { result } = await doctor({
      modules,
      args: [...named, "--graph", "src/agent.ts#support", "--graph", "src/agent.ts#support"],
    });
    expect(result.checks.filter(({ text }) => text.includes("is wrapped"))).toHaveLength(1);
  });

  it("reports a named graph that is not there", async () => {
    expect((await doctor({ modules: stack, args: [...named, "--graph", "gone"] })).codes).toEqual(["GRAPH_NOT_FOUND"]);
  });

  it("counts notes as findings when it is strict, by option or by variable", async () => {
    const relaxed = await doctor({ modules: stack, args: named });
    const strict = await doctor({ modules: stack, args: [...named, "--strict"] });
    const variable = await doctor({ modules: stack, args: named, env: { GRAPHTAP_STRICT: "1" } });
    expect([relaxed.code, strict.code, variable.code]).toEqual([0, 1, 1]);
    expect(strict.result).toMatchObject({ findings: relaxed.result.notes, notes: 0 });
  });

  it("prints for people, with colours where they are wanted", async () => {
    using folder = folderWith(installed);
    const plain = testIo({ cwd: folder.path });
    expect(await main(["doctor"], plain)).toBe(0);
    expect(plain.printed.out).toMatch(
      /^ok {7}Node 20\.19\.0[\s\S]*\n\n0 findings, 1 note; npx graphtap why CODE explains each\n$/,
    );
    const coloured = testIo({ cwd: folder.path, terminal: true });
    await main(["doctor"], coloured);
    expect(coloured.printed.out).toContain("\u001B[32mok     \u001B[39m");
  });
});

describe("graphtap doctor beside a langgraph.json", () => {
  const config = (more: object = {}) => ({
    "langgraph.json": { graphs: { desk: "./src/agent.ts:support" }, ...more },
    "src/agent.ts": "",
    "src/auth.ts": "",
  });
  const auth = { auth: { path: "./src/auth.ts:auth" } };

  it("is content with an auth handler and a wrapped export, which needs no checkpointer there", async () => {
    const made = () => {
      const s = createStack({ name: "support", plugins: [security()] });
      const support = s.wrap(builder().compile());
      return { stack: s, support };
    };
    let last: ReturnType<typeof made> | undefined;
    const modules = { "src/stack.ts": () => (last = made()), "src/agent.ts": () => last! };
    const { code, codes } = await doctor({ files: config(auth), modules, args: named });
    expect([code, codes]).toEqual([0, ["NODE_OPAQUE"]]);
  });

  it("finds an export that is not wrapped, and one that is no graph", async () => {
    const modules = { ...stack, "src/agent.ts": () => ({ support: builder().compile() }) };
    expect((await doctor({ files: config(auth), modules, args: named })).codes).toContain("GRAPH_NOT_WRAPPED");
    const factory = { ...stack, "src/agent.ts": () => ({ support: () => builder().compile() }) };
    const { codes, result } = await doctor({ files: config(auth), modules: factory, args: named });
    expect(codes).toContain("GRAPH_INVALID");
    expect(result.checks.find(({ code }) => code === "GRAPH_INVALID")?.text).toMatch(
      /^graph "desk" of langgraph\.json: It is a function/,
    );
  });

  it("finds that nobody would be known, unless the code says who verifies callers", async () => {
    const agent = { "src/agent.ts": () => ({ support: null }) };
    const open = await doctor({ files: config(), modules: { ...stack, ...agent }, args: named });
    expect(open.result.checks.find(({ id, level }) => id === "server" && level === "finding")?.text).toContain(
      "security will refuse every run",
    );
    const proxied = {
      "src/stack.ts": () => ({
        stack: createStack({ plugins: [security()], identity: fromLangGraphServer({ verifiedBy: "proxy" }) }),
      }),
    };
    const known = await doctor({ files: config(), modules: { ...proxied, ...agent }, args: named });
    expect(known.result.checks.filter(({ id }) => id === "server").map(({ level }) => level)).toEqual(["ok"]);
  });

  it("reads it also where the stack is missing or broken", async () => {
    const gone = { "langgraph.json": "{" };
    expect((await doctor({ files: gone })).codes).toEqual([
      "STACK_NOT_FOUND",
      "SERVER_CONFIG_INVALID",
      "SERVER_CONFIG_INVALID",
    ]);
    expect(
      (await doctor({ files: gone, modules: { "src/stack.ts": () => supportModule([broken()]) }, args: named })).codes,
    ).toContain("SERVER_CONFIG_INVALID");
  });
});
