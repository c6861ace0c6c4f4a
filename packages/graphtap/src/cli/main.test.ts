import { createStack, definePlugin, hooks, type CliCommand } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { commands } from "../commands/index.js";
import { testIo } from "../fixtures/io.js";
import { broken, supportModule } from "../fixtures/support.js";
import { VERSION } from "../version.js";
import { main } from "./main.js";

const run = async (argv: readonly string[], options: Parameters<typeof testIo>[0] = {}) => {
  const io = testIo(options);
  return { code: await main(argv, io), ...io.printed, loaded: io.loaded };
};

/** A plugin that adds commands. */
const adds = (name: string, answer: unknown) =>
  definePlugin({
    name,
    version: "1.0.0",
    setup: (api) => void api.tap(hooks.stack.commands, () => answer as readonly CliCommand[]),
  })();

const greet: CliCommand = {
  name: "greet",
  summary: "say hello",
  run(args, io) {
    io.out(JSON.stringify({ args, json: io.json, principal: io.principal }));
    io.err("told");
    return args.length;
  },
};
const withPlugins = (...plugins: ReturnType<typeof adds>[]) => ({
  modules: { "s.ts": () => ({ stack: createStack({ name: "desk", plugins }) }) },
});

describe("graphtap", () => {
  it("without a command is called wrongly, and prints how it is called", async () => {
    const { code, out, err } = await run([]);
    expect([code, out]).toEqual([2, ""]);
    for (const { name } of commands) expect(err).toContain(`  ${name}`);
  });

  it.each([["--help"], ["-h"], ["help"]])("%s lists the commands", async (word) => {
    const { code, out, err } = await run([word]);
    expect([code, err]).toEqual([0, ""]);
    for (const { name, summary } of commands) expect(out).toMatch(new RegExp(`  ${name} .*${summary.slice(0, 10)}`));
  });

  it.each(commands.map(({ name }) => name))("%s --help shows its usage, without running it", async (name) => {
    const { code, out, loaded } = await run([name, "--help", "--stack", "gone.ts"]);
    expect([code, loaded]).toEqual([0, []]);
    expect(out).toMatch(new RegExp(`^graphtap ${name}`));
    for (const option of [
      "--stack",
      "--json",
      "--help",
      ...Object.keys(commands.find((one) => one.name === name)!.options).map((key) => `--${key}`),
    ])
      expect(out).toContain(option);
    expect((await run(["help", name])).out).toBe(out);
    expect((await run([name, "-h"])).out).toBe(out);
  });

  it("prints its version", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, out: `${VERSION}\n` });
    expect(JSON.parse((await run(["-v", "--json"])).out)).toEqual({ version: VERSION });
  });

  it("answers wrong calls with exit code 2", async () => {
    expect(await run(["why", "X", "--colour"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(
        /^\[CLI_USAGE\].*\n {2}Why: .*--colour.*\n {2}Do: {2}npx graphtap why --help\n {2}More: npx graphtap why CLI_USAGE\n$/,
      ),
    });
    expect(await run(["doctr"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/\[CLI_COMMAND_UNKNOWN\][\s\S]*Did you mean "doctor"/),
    });
    expect(await run(["help", "inspct"])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "inspect"'),
    });
    expect(await run(["--", "doctor"])).toMatchObject({ code: 2, err: expect.stringContaining("[CLI_USAGE]") });
  });

  it("prints failures as data with --json, and nothing else", async () => {
    const { code, out, err } = await run(["inspect", "--json"]);
    expect([code, err]).toEqual([1, ""]);
    expect(JSON.parse(out)).toEqual({
      error: {
        code: "STACK_NOT_FOUND",
        message: expect.any(String),
        hint: expect.any(String),
        plugin: null,
        hook: null,
      },
    });
  });

  it("colours failures only where they are wanted", async () => {
    expect((await run(["why", "X"], { terminal: true })).err).toContain("\u001B[31m[CLI_CODE_UNKNOWN]");
    expect((await run(["why", "X"], { terminal: true, env: { NO_COLOR: "1" } })).err).not.toContain("\u001B");
    expect((await run(["why", "X"], { env: { FORCE_COLOR: "1" } })).err).toContain("\u001B");
  });

  it("shows an error that is not ours as it is", async () => {
    const modules = {
      "s.ts": () => ({
        stack: {
          ...supportModule().stack,
          inspect: () => {
            throw new RangeError("not ours");
          },
        },
      }),
    };
    const human = await run(["inspect", "--stack", "s.ts"], { modules });
    expect([human.code, human.out]).toEqual([1, ""]);
    expect(human.err).toMatch(/^RangeError: not ours\n {4}at /);
    expect(JSON.parse((await run(["inspect", "--stack", "s.ts", "--json"], { modules })).out)).toEqual({
      error: { code: null, message: "RangeError: not ours" },
    });
  });
});

describe("commands that plugins add", () => {
  it("run with their own arguments, and nobody's identity", async () => {
    const { code, out, err } = await run(
      ["--stack", "s.ts", "greet", "a", "--loud", "--json", "--", "--help"],
      withPlugins(adds("acme-greet", [greet])),
    );
    expect(JSON.parse(out)).toEqual({ args: ["a", "--loud", "--help"], json: true, principal: null });
    expect([code, err]).toEqual([3, "told\n"]);
  });

  it("may be asynchronous, and several", async () => {
    const slow: CliCommand = { name: "acme:slow", summary: "", run: async (_args, io) => (io.out("done"), 0) };
    expect(await run(["acme:slow", "--stack", "s.ts"], withPlugins(adds("acme-greet", [greet, slow])))).toMatchObject({
      code: 0,
      out: "done\n",
    });
  });

  it("are listed, and have help of their own", async () => {
    const options = withPlugins(adds("acme-greet", [greet, { ...greet, name: "doctor" }]));
    expect((await run(["--help", "--stack", "s.ts"], options)).out).toContain(
      "Added by plugins:\n  greet  say hello (acme-greet)\n",
    );
    expect((await run(["greet", "--help", "--stack", "s.ts"], options)).out).toBe(
      'graphtap greet\n\nsay hello\n\nAdded by plugin "acme-greet"; its README lists the arguments.\n',
    );
  });

  it("do not replace a built-in one", async () => {
    const options = withPlugins(adds("acme-greet", [{ ...greet, name: "why" }]));
    expect(await run(["why", "TAP_DEAD", "--stack", "s.ts"], options)).toMatchObject({ code: 0, loaded: [] });
  });

  it("of one name by two plugins are run by neither", async () => {
    const options = withPlugins(adds("acme-a", [greet]), adds("acme-b", [greet]));
    expect(await run(["greet", "--stack", "s.ts"], options)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringMatching(/\[CLI_COMMAND_DUPLICATE\].*"acme-a" and "acme-b"/),
    });
  });

  it("are found by what they are like", async () => {
    expect(await run(["gret", "--stack", "s.ts"], withPlugins(adds("acme-greet", [greet])))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no plugin of the stack adds it[\s\S]*Did you mean "greet"/),
    });
  });

  it("that cannot be used are told and left out", async () => {
    const odd = adds("acme-odd", [greet, null, { name: "no-run" }, { ...greet, name: "Bad Name" }]);
    const mute = adds("acme-mute", undefined);
    const failing = definePlugin({
      name: "acme-failing",
      version: "1.0.0",
      setup: (api) =>
        void api.tap(hooks.stack.commands, () => {
          throw new Error("no disk");
        }),
    })();
    const { code, err } = await run(["greet", "--stack", "s.ts"], withPlugins(odd, mute, failing));
    expect(code).toBe(0);
    expect(err).toMatch(/"acme-odd" adds 3 commands that have no usable name or no run\(\)/);
    expect(err).toMatch(/"acme-failing" could not say which commands it adds: .*TAP_FAILED/);
  });

  it.each([
    [
      () => {
        throw new Error("broke");
      },
      /"greet" of plugin "acme-greet" failed[\s\S]*Error: broke/,
    ],
    [() => undefined, /returned undefined/],
    [() => -1, /returned -1/],
    [() => 1.5, /returned 1\.5/],
    [() => Promise.reject(new TypeError("late")), /TypeError: late/],
  ])("that fail are attributed: %s", async (body, text) => {
    const options = withPlugins(adds("acme-greet", [{ ...greet, run: body as never }]));
    expect(await run(["greet", "--stack", "s.ts"], options)).toMatchObject({
      code: 1,
      err: expect.stringMatching(text),
    });
    expect(JSON.parse((await run(["greet", "--stack", "s.ts", "--json"], options)).out)).toMatchObject({
      error: { code: "CLI_COMMAND_FAILED", plugin: "acme-greet" },
    });
  });

  it("help comes even where the stack does not start", async () => {
    const { code, out } = await run(["--help"], {
      env: { GRAPHTAP_STACK: "s.ts" },
      modules: { "s.ts": () => supportModule([broken()]) },
    });
    expect(code).toBe(0);
    expect(out).toContain("The stack (s.ts) did not start");
    expect(out).toContain("create-plugin");
  });
});
