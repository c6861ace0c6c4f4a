import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { findInstalled } from "../doctor/installed.js";
import { loadFailed, loaderMissing, stackReferenceInvalid } from "../errors.js";
import type { Modules } from "../cli/io.js";

type Namespace = Readonly<Record<string, unknown>>;

/** What loading needs of Node, so that a test can stand in for versions of it. */
export interface Host {
  exists(path: string): boolean;
  import(url: string): Promise<Namespace>;
  /** Makes `import` read TypeScript; false where no loader is installed. */
  registerLoader(): Promise<boolean>;
}

const TYPESCRIPT = new Set([".ts", ".mts", ".cts", ".tsx"]);
/** What Node says of TypeScript that it cannot run; the second, of a `.js` import that a `.ts` file answers. */
const NEEDS_LOADER = new Set([
  "ERR_UNKNOWN_FILE_EXTENSION",
  "ERR_MODULE_NOT_FOUND",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
  "ERR_INVALID_TYPESCRIPT_SYNTAX",
]);

/** Loads modules by path, with one loader for all, so that a module is never there twice. */
export function createModules(host: Host): Modules {
  // The loader goes first, where there is one: Node 20 remembers a failed import, so a second attempt could not succeed.
  let loader: Promise<boolean> | null = null;
  return {
    async load(path) {
      if (!host.exists(path)) throw stackReferenceInvalid(path, "there is no such file.");
      const typed = TYPESCRIPT.has(extname(path));
      const loaded = typed && (await (loader ??= host.registerLoader()));
      try {
        return exportsOf(await host.import(pathToFileURL(path).href));
      } catch (error) {
        const code: unknown = (error as { code?: unknown } | null)?.code;
        if (typed && !loaded && typeof code === "string" && NEEDS_LOADER.has(code)) throw loaderMissing(path, error);
        throw loadFailed(path, error);
      }
    },
  };
}

/** A module that was compiled to CommonJS has its exports below `default`. */
export function exportsOf(namespace: Namespace): Namespace {
  const inner = namespace["default"];
  const compiled =
    typeof inner === "object" && inner !== null && (inner as { __esModule?: unknown }).__esModule === true;
  return compiled ? { ...namespace, default: undefined, ...inner } : namespace;
}

/** Node itself, with the project's own `tsx`, else the one beside this package. */
export function nodeHost(folder: string): Host {
  return {
    exists: existsSync,
    import: (url) => import(/* @vite-ignore */ url) as Promise<Namespace>,
    async registerLoader() {
      const tsx = findInstalled("tsx", folder) ?? findInstalled("tsx", import.meta.dirname);
      const entries = tsx === null ? null : loaderEntries(tsx.folder);
      if (entries === null) return false;
      // Without the first, a TypeScript project that is CommonJS by its package.json would not load.
      for (const path of entries) {
        const api = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { register(): unknown };
        api.register();
      }
      return true;
    },
  };
}

/** Files behind `tsx/cjs/api` and `tsx/esm/api`, read from its package.json: `require.resolve` would give those for require(). */
function loaderEntries(folder: string): readonly string[] | null {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    exports?: Record<string, { import?: { default?: unknown } } | undefined>;
  };
  const files = ["./cjs/api", "./esm/api"].map((entry) => exports?.[entry]?.import?.default);
  return files.every((file) => typeof file === "string") ? files.map((file) => join(folder, file)) : null;
}
