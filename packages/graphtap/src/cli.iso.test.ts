import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const here = fileURLToPath(new URL("..", import.meta.url));
let folder = "";

/** The command line as a process of its own, from source. */
const graphtap = (
  cwd: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> =>
  new Promise((done) => {
    const { GRAPHTAP_STACK: _stack, FORCE_COLOR: _color, NODE_OPTIONS: _options, ...inherited } = process.env;
    execFile(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", join(here, "src/cli.ts"), ...args],
      { cwd: join(folder, cwd), env: { ...inherited, ...env } },
      (error, out, err) => done({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

const stack = `
import { createStack, development, hooks, definePlugin } from "graphtap";
import { builder } from "./graph.js";
enum Mode { Erased = "not by Node alone" }
const greeter = definePlugin({
  name: "acme-greeter", version: "1.0.0",
  setup(api) { api.tap(hooks.stack.commands, () => [{ name: "greet", summary: Mode.Erased, run: (args: readonly string[], io: { out(text: string): void }) => { io.out("hello " + args.join(" ")); return 4; } }]); },
});
export const stack = createStack({ name: "desk", plugins: [...development(), greeter()] });
export const desk = stack.wrap(builder.compile());
// As an application does that polls something.
setInterval(() => undefined, 60_000);
`;
const graph = `
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
export const builder = new StateGraph(MessagesAnnotation).addNode("agent", () => ({ messages: [] })).addEdge(START, "agent");
`;

beforeAll(async () => {
  // Inside the package, so that what is imported is found as in an application that has it installed.
  folder = await mkdtemp(join(here, ".cli-"));
  for (const type of ["module", "commonjs"]) {
    await mkdir(join(folder, type, "src"), { recursive: true });
    await writeFile(
      join(folder, type, "package.json"),
      JSON.stringify({ name: type, type, dependencies: { graphtap: "*" } }),
    );
    await writeFile(join(folder, type, "src/stack.ts"), stack);
    await writeFile(join(folder, type, "src/graph.ts"), graph);
  }
  await writeFile(join(folder, "module/graphtap.config.ts"), 'export { stack as default } from "./src/stack.js";\n');
  await writeFile(
    join(folder, "module/langgraph.json"),
    JSON.stringify({ graphs: { desk: "./src/stack.ts:desk" }, auth: { path: "./src/graph.ts:builder" } }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the graphtap command", { timeout: 60_000 }, () => {
  it.each(["module", "commonjs"])(
    "starts a stack in TypeScript, in a project of type %s, and ends although the stack keeps a timer",
    async (type) => {
      const { code, out, err } = await graphtap(type, ["inspect", "--json", "--stack", "src/stack.ts#stack"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(JSON.parse(out)).toMatchObject({
        name: "desk",
        plugins: [{ id: "metrics" }, { id: "audit" }, { id: "security" }, { id: "dashboard" }, { id: "acme-greeter" }],
      });
    },
  );

  it("finds the stack through graphtap.config.ts, and the served graph wrapped by that very stack", async () => {
    const { code, out } = await graphtap("module", ["doctor", "--boot"]);
    expect(out).toContain('graph "desk" is wrapped');
    expect(out).toMatch(/boot: setups .* ms \(metrics .*; importing the module took/);
    expect(code).toBe(0);
  });

  it("finds it through GRAPHTAP_STACK, runs a plugin's command and hands on its exit code", async () => {
    expect(await graphtap("commonjs", ["greet", "you"], { GRAPHTAP_STACK: "src/stack.ts" })).toEqual({
      code: 4,
      out: "hello you\n",
      err: "",
    });
  });

  it("ends without a stack trace when nobody reads on, as with | head", async () => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", join(here, "src/cli.ts"), "why", "--list"],
      { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
    );
    child.stdout.destroy();
    let err = "";
    child.stderr.on("data", (text: Buffer) => (err += text.toString()));
    const code = await new Promise((done) => child.on("close", done));
    expect([code, err]).toEqual([0, ""]);
  });

  it("says on standard error what went wrong, with colours where they are forced", async () => {
    const { code, out, err } = await graphtap("module", ["explain", "dekk"], { FORCE_COLOR: "1" });
    expect([code, out]).toEqual([1, ""]);
    expect(err.startsWith("\u001B[31m[GRAPH_NOT_FOUND]")).toBe(true);
    expect(err).toContain('Did you mean "desk"');
    expect((await graphtap("module", ["nonsense"], { GRAPHTAP_STACK: "src/gone.ts" })).err).toContain(
      "[STACK_REFERENCE_INVALID]",
    );
  });
});
