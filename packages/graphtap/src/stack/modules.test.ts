import { describe, expect, it } from "vitest";
import { createModules, exportsOf, type Host } from "./modules.js";

const failing = (code: string) => Object.assign(new Error(`Node says ${code}\nat length`), { code });

function host(options: {
  loader: boolean;
  imports?: (url: string) => Record<string, unknown> | Promise<Record<string, unknown>>;
}): Host & { registered: number } {
  const made = {
    registered: 0,
    exists: (path: string) => !path.includes("missing"),
    import: async (url: string) => await (options.imports ?? (() => ({ ok: true })))(url),
    async registerLoader() {
      made.registered++;
      return options.loader;
    },
  };
  return made;
}

describe("createModules", () => {
  it("imports JavaScript as it is, and registers the loader once for TypeScript", async () => {
    const node = host({ loader: true, imports: (url) => ({ url }) });
    const modules = createModules(node);
    expect(await modules.load("/app/a b.js")).toEqual({ url: "file:///app/a%20b.js" });
    expect(node.registered).toBe(0);
    await Promise.all([modules.load("/app/a.ts"), modules.load("/app/b.mts"), modules.load("/app/c.tsx")]);
    expect(node.registered).toBe(1);
  });

  it("lets Node try TypeScript where no loader is installed", async () => {
    const modules = createModules(host({ loader: false }));
    expect(await modules.load("/app/a.ts")).toEqual({ ok: true });
  });

  it.each(["ERR_UNKNOWN_FILE_EXTENSION", "ERR_MODULE_NOT_FOUND", "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX"])(
    "says what to install on %s",
    async (code) => {
      const cause = failing(code);
      const imports = (): never => {
        throw cause;
      };
      const alone = createModules(host({ loader: false, imports }));
      await expect(alone.load("/app/a.ts")).rejects.toMatchObject({
        code: "STACK_LOADER_MISSING",
        cause,
        hint: expect.stringContaining("npm i -D tsx"),
      });
      // With a loader, or in JavaScript, the same code means what it says.
      const loaded = createModules(host({ loader: true, imports }));
      await expect(loaded.load("/app/a.ts")).rejects.toMatchObject({ code: "STACK_LOAD_FAILED", cause });
      await expect(alone.load("/app/a.js")).rejects.toMatchObject({ code: "STACK_LOAD_FAILED", cause });
    },
  );

  it("hands on what the module threw, whatever it is", async () => {
    for (const thrown of [new TypeError("no DATABASE_URL"), "text", null, undefined]) {
      const modules = createModules(
        host({
          loader: false,
          imports: () => Promise.reject(thrown as Error),
        }),
      );
      const error: unknown = await modules.load("/app/a.ts").catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "STACK_LOAD_FAILED", message: expect.stringContaining("/app/a.ts") });
    }
  });

  it("refuses a file that is not there before anything is loaded", async () => {
    const node = host({ loader: true });
    await expect(createModules(node).load("/app/missing.ts")).rejects.toMatchObject({
      code: "STACK_REFERENCE_INVALID",
    });
    expect(node.registered).toBe(0);
  });
});

it("finds the exports of a module that was compiled to CommonJS", () => {
  const compiled = Object.defineProperty({ stack: 1, default: 2 }, "__esModule", { value: true });
  expect(exportsOf({ default: compiled, "module.exports": compiled })).toMatchObject({ stack: 1, default: 2 });
  expect(exportsOf({ default: Object.defineProperty({ stack: 1 }, "__esModule", { value: true }) })).toMatchObject({
    stack: 1,
    default: undefined,
  });
  const plain = { default: { stack: 1 }, a: 2 };
  expect(exportsOf(plain)).toBe(plain);
  expect(exportsOf({ default: null })).toEqual({ default: null });
});
