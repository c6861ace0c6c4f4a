import { createStack } from "@graphtap/langgraph";
import { metrics } from "@graphtap/metrics";
import { security } from "@graphtap/security";
import { MemorySaver } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { builder, dead, supportModule } from "../fixtures/support.js";
import { painter } from "../paint.js";
import { finding, note, ok } from "./check.js";
import { checkEnvironment, isStrict } from "./environment.js";
import { checkGraph, graphFacts } from "./graphs.js";
import { report } from "./report.js";
import { checkNode, checkPackages } from "./runtime.js";
import { checkServer, readServerConfig } from "./server.js";
import { callersOf, checkBoot, checkStack } from "./stack.js";

const codes = (checks: readonly { level: string; code: string | null }[]) =>
  checks.map(({ level, code }) => code ?? level);

describe("versions", () => {
  it("of Node", () => {
    expect(checkNode("20.19.0").level).toBe("ok");
    expect(checkNode("18.20.0")).toMatchObject({ level: "finding", code: "NODE_UNSUPPORTED" });
  });

  it("of the packages that are hooked into", () => {
    const versions: Record<string, string> = { "@langchain/langgraph": "0.4.9", "@langchain/core": "1.4.0" };
    const find = (name: string) => (name in versions ? { name, version: versions[name]!, folder: "/x" } : null);
    expect(codes(checkPackages(find))).toEqual(["PACKAGE_UNSUPPORTED", "ok", "ok"]);
    expect(checkPackages(() => null).map(({ text, do: fix }) => [text, fix])).toEqual([
      ["@langchain/langgraph is not installed", 'npm i @langchain/langgraph@">=1.0.0 <2"'],
      ["@langchain/core is not installed", 'npm i @langchain/core@">=1.1.48 <2"'],
      ["langchain is not installed; only its middleware bridge needs it", null],
    ]);
  });
});

describe("langgraph.json", () => {
  const read = (value: unknown) => readServerConfig(typeof value === "string" ? value : JSON.stringify(value), "/app");
  const everything = () => true;

  it("is read as the server reads it", () => {
    const config = read({
      graphs: { a: "./src/a.ts:graph", b: { path: "b.js:make", description: "x" }, c: "./c.ts" },
      auth: { path: "./src/auth.ts:auth" },
    });
    expect(config).toEqual({
      graphs: [
        { id: "a", path: "/app/src/a.ts", export: "graph" },
        { id: "b", path: "/app/b.js", export: "make" },
        { id: "c", path: "/app/c.ts", export: "default" },
      ],
      auth: "/app/src/auth.ts",
      problems: [],
    });
  });

  it.each([
    ["{", /no JSON/],
    [[], /no object/],
    [{}, /names no graph/],
    [{ graphs: {} }, /names no graph/],
    [{ graphs: { a: 1 } }, /graph "a" has no path/],
    [{ graphs: { a: { path: ":x" } } }, /graph "a" has no path/],
  ])("tells what is wrong with %j", (value, problem) => {
    expect(read(value).problems.join()).toMatch(problem);
    expect(checkServer(read(value), everything, null)[0]).toMatchObject({
      level: "finding",
      code: "SERVER_CONFIG_INVALID",
    });
  });

  it("must lead to files that are there", () => {
    const config = read({ graphs: { a: "./a.ts:g" }, auth: { path: "./auth.ts:auth" } });
    expect(checkServer(config, everything, null).map(({ level }) => level)).toEqual(["ok"]);
    expect(checkServer(config, () => false, null).map(({ text }) => text)).toEqual([
      'langgraph.json: graph "a" is in /app/a.ts, which does not exist',
      "langgraph.json: auth.path is /app/auth.ts, which does not exist",
    ]);
  });

  it("without auth is a finding where a guard would refuse everybody", () => {
    const open = read({ graphs: { a: "./a.ts:g" } });
    expect(checkServer(open, everything, { resolved: false, guards: ["security"] })).toMatchObject([
      { level: "finding", text: expect.stringContaining("security will refuse every run") },
    ]);
    expect(checkServer(open, everything, { resolved: true, guards: ["security"] }).map(({ level }) => level)).toEqual([
      "ok",
    ]);
    for (const callers of [null, { resolved: false, guards: [] }])
      expect(checkServer(open, everything, callers).map(({ level }) => level)).toEqual(["note"]);
  });
});

describe("a stack", () => {
  it("that enforces and has nothing dead is in order", async () => {
    await using stack = createStack({ name: "support", plugins: [metrics(), security()] });
    await stack.ready();
    expect(checkStack(stack.inspect()).map(({ text }) => text)).toEqual([
      'stack "support" started: metrics 0.0.0, security 0.0.0',
      "enforced by security",
    ]);
    expect(callersOf(stack.inspect())).toEqual({ resolved: false, guards: ["security"] });
    expect(checkBoot({ import: 812.4, ready: 0.21 }, stack.inspect().plugins)[0]?.text).toMatch(
      /^boot: setups [\d.]+ ms \(metrics [\d.]+ ms, security [\d.]+ ms\), then waited 0\.2 ms; importing the module took 812 ms$/,
    );
  });

  it("that only observes says so, and a dead tap is found", async () => {
    await using stack = createStack({ plugins: [dead()] });
    await stack.ready();
    expect(codes(checkStack(stack.inspect()))).toEqual(["ok", "GUARDS_MISSING", "TAP_DEAD"]);
    expect(checkStack(stack.inspect())[2]?.text).toBe(
      'plugin "acme-dead" taps "acme.nobody.fires", which nobody fires',
    );
  });

  it("shows faults of its plugins", async () => {
    await using stack = createStack({ plugins: [] });
    await stack.ready();
    const recent = [{ plugin: "p", hook: "run.end", code: "TAP_FAILED", message: "it broke", at: 0 }];
    expect(checkStack({ ...stack.inspect(), faults: { total: 1, recent } }).at(-1)).toMatchObject({
      code: "STACK_FAULTS",
      text: 'plugin "p" failed in "run.end": it broke',
    });
  });
});

describe("a graph", () => {
  it("that is wrapped and keeps its state has only its closures noted", async () => {
    const { stack, support } = supportModule();
    const facts = graphFacts(stack, "support", support, false);
    expect(facts).toEqual({
      name: "support",
      served: false,
      wrapped: true,
      checkpointer: true,
      opaque: ["agent"],
      refused: null,
    });
    expect(codes(checkGraph(facts))).toEqual(["ok", "NODE_OPAQUE"]);
    await stack.dispose();
  });

  it("that is exported unwrapped is found; a server brings the checkpointer", async () => {
    const { stack } = supportModule();
    expect(codes(checkGraph(graphFacts(stack, "raw", builder().compile(), false)))).toEqual([
      "GRAPH_NOT_WRAPPED",
      "CHECKPOINTER_MISSING",
      "NODE_OPAQUE",
    ]);
    expect(codes(checkGraph(graphFacts(stack, "raw", builder().compile(), true)))).toEqual([
      "GRAPH_NOT_WRAPPED",
      "NODE_OPAQUE",
    ]);
    expect(graphFacts(stack, "raw", builder().compile({ checkpointer: new MemorySaver() }), false).checkpointer).toBe(
      true,
    );
    await stack.dispose();
  });

  it("of another stack is found, with that error's own code", async () => {
    const [ours, theirs] = [supportModule(), supportModule()];
    expect(checkGraph(graphFacts(ours.stack, "support", theirs.support, false))).toMatchObject([
      { level: "finding", code: "WRAP_FOREIGN_STACK", do: expect.stringContaining("Wrap the original graph") },
    ]);
    await Promise.all([ours.stack.dispose(), theirs.stack.dispose()]);
  });

  it("that breaks when it is looked at is nobody's finding, but an error", () => {
    const stack = {
      wrap() {
        throw new RangeError("x");
      },
      explain: () => null,
    };
    expect(() => graphFacts(stack as never, "g", {}, false)).toThrow(RangeError);
  });
});

describe("the environment", () => {
  const at = (from: "--stack" | "GRAPHTAP_STACK") => ({ text: "s.ts", path: "/s.ts", export: null, from });

  it("tells which variables had an effect", () => {
    const env = { GRAPHTAP_LOG: "debug", GRAPHTAP_STACK: "s.ts", GRAPHTAP_STRICT: "1", NO_COLOR: "1", OTHER: "SECRET" };
    const checks = checkEnvironment(env, at("GRAPHTAP_STACK"));
    expect(checks.map(({ level }) => level)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(JSON.stringify(checks)).not.toContain("SECRET");
    expect(checkEnvironment(env, at("--stack"))[1]?.text).toContain("had no effect");
    expect(checkEnvironment({ GRAPHTAP_STRICT: "0" }, null)).toEqual([
      ok("environment", "GRAPHTAP_STRICT=0: warnings of a stack's start and notes do not count as findings"),
    ]);
    expect(checkEnvironment({ GRAPHTAP_LOG: "" }, null)).toEqual([ok("environment", "no variable of GraphTap is set")]);
  });

  it("finds those that somebody may believe to have one, without their values", () => {
    const checks = checkEnvironment(
      { GRAPHTAP_OFF: "SECRET", GRAPHTAP_LOG: "SECRET", GRAPHTAP_STRICT: "true", GRAPHTAP_toString: "SECRET" },
      null,
    );
    expect(codes(checks)).toEqual(Array.from({ length: 4 }, () => "VARIABLE_INVALID"));
    expect(JSON.stringify(checks)).not.toContain("SECRET");
  });

  it("counts what is switched off, and names none of it", () => {
    const [one] = checkEnvironment({ GRAPHTAP_KILL: "user:alice, tool:refund" }, null);
    expect(one).toMatchObject({ level: "ok", text: expect.stringContaining("switches off 2 targets") });
    expect(one?.text).not.toMatch(/alice|refund/);
  });

  it("is strict only where it is asked to be", () => {
    expect([{}, { GRAPHTAP_STRICT: "0" }, { GRAPHTAP_STRICT: "true" }, { GRAPHTAP_STRICT: "1" }].map(isStrict)).toEqual(
      [false, false, false, true],
    );
  });
});

describe("the report", () => {
  const checks = [
    ok("node", "fine"),
    note("graph", "NODE_OPAQUE", "closed"),
    finding("stack", "TAP_DEAD", "two\nlines", "fix\nit"),
  ];

  it("lists everything, with what to do about findings", () => {
    const { exit, text, data } = report(checks, false, painter(false));
    expect(text).toBe(
      "ok       fine\nnote     closed  [NODE_OPAQUE]\nFINDING  two\n         lines\n         Do:  fix\n         it  [TAP_DEAD]\n\n1 finding, 1 note; npx graphtap why CODE explains each",
    );
    expect(exit).toBe(1);
    expect(data).toMatchObject({ findings: 1, notes: 1, strict: false, checks });
  });

  it("counts notes as findings when it is strict", () => {
    const notes = checks.slice(0, 2);
    expect(report(notes, false, painter(false))).toMatchObject({ exit: 0, data: { findings: 0, notes: 1 } });
    expect(report(notes, true, painter(false))).toMatchObject({
      exit: 1,
      data: { findings: 1, notes: 0, strict: true },
    });
    expect(report([], true, painter(false))).toMatchObject({ exit: 0, text: "\n0 findings, 0 notes" });
  });
});
