import { GraphTapError } from "@graphtap/kernel";
import { errorCatalog, type UmbrellaErrorCode } from "./error-catalog.js";

export { errorCatalog, type UmbrellaErrorCode } from "./error-catalog.js";

interface Extra {
  readonly do?: string;
  readonly plugin?: string;
  readonly cause?: unknown;
}

const make = (code: UmbrellaErrorCode, what: string, why?: string, extra: Extra = {}): GraphTapError =>
  new GraphTapError({
    code,
    what,
    why: why ?? errorCatalog[code].why,
    do: extra.do ?? errorCatalog[code].do,
    plugin: extra.plugin,
    cause: extra.cause,
  });

/** The caller's mistake: exit code 2. Everything else that goes wrong is exit code 1. */
const USAGE = new Set<string>([
  "CLI_USAGE",
  "CLI_COMMAND_UNKNOWN",
  "CLI_CODE_UNKNOWN",
  "PLUGIN_NAME_UNUSABLE",
] satisfies UmbrellaErrorCode[]);
export const isUsageError = (error: unknown): boolean => GraphTapError.isInstance(error) && USAGE.has(error.code);

const maybe = (name: string | null): string => (name === null ? "" : `Did you mean "${name}"? `);

export const usage = (command: string, why: string): GraphTapError =>
  make("CLI_USAGE", `graphtap ${command}: the arguments are wrong.`, why, { do: `npx graphtap ${command} --help` });

export const commandUnknown = (name: string, nearest: string | null, searched: boolean): GraphTapError =>
  make(
    "CLI_COMMAND_UNKNOWN",
    `there is no command "${name}".`,
    searched
      ? "It is none of the built-in ones, and no plugin of the stack adds it."
      : "It is none of the built-in ones, and no stack was found whose plugins could add it.",
    { do: `${maybe(nearest)}${errorCatalog.CLI_COMMAND_UNKNOWN.do}` },
  );

export const commandDuplicate = (name: string, plugins: readonly string[]): GraphTapError =>
  make("CLI_COMMAND_DUPLICATE", `the command "${name}" is added by ${plugins.join(" and ")}.`);

export const commandFailed = (name: string, plugin: string, why: string, cause?: unknown): GraphTapError =>
  make("CLI_COMMAND_FAILED", `the command "${name}" of plugin "${plugin}" failed.`, why, { plugin, cause });

export const codeUnknown = (code: string, nearest: string | null): GraphTapError =>
  make("CLI_CODE_UNKNOWN", `no package of GraphTap knows the code "${code}".`, undefined, {
    do: `${nearest === null ? "" : `Did you mean ${nearest}? `}${errorCatalog.CLI_CODE_UNKNOWN.do}`,
  });

export const stackNotFound = (folder: string, searched: readonly string[]): GraphTapError =>
  make(
    "STACK_NOT_FOUND",
    "no stack was named and none was found.",
    `Neither --stack nor GRAPHTAP_STACK is set, and ${folder} holds none of ${searched.join(", ")}.`,
    {
      do: `--stack src/stack.ts#stack, or a graphtap.config.ts with\nexport { stack as default } from "./src/stack.js";`,
    },
  );

export const stackReferenceInvalid = (reference: string, why: string, fix?: string): GraphTapError =>
  make("STACK_REFERENCE_INVALID", `"${reference}" is no stack.`, why, fix === undefined ? {} : { do: fix });

export const loadFailed = (path: string, cause: unknown): GraphTapError =>
  make("STACK_LOAD_FAILED", `${path} could not be loaded.`, firstLine(cause), { cause });

export const loaderMissing = (path: string, cause: unknown): GraphTapError =>
  make(
    "STACK_LOADER_MISSING",
    `${path} could not be loaded by Node ${process.versions.node} alone.`,
    firstLine(cause),
    { cause },
  );

export const graphNotFound = (
  name: string,
  why: string,
  known: readonly string[],
  nearest: string | null,
): GraphTapError =>
  make("GRAPH_NOT_FOUND", `there is no graph "${name}".`, why, {
    do:
      known.length === 0
        ? errorCatalog.GRAPH_NOT_FOUND.do
        : `${maybe(nearest)}Graphs here: ${known.join(", ")}. Others as path#export.`,
  });

export const graphInvalid = (name: string, why: string): GraphTapError =>
  make("GRAPH_INVALID", `"${name}" is no graph.`, why);

export const pluginNameUnusable = (name: string, why: string, proposal: string): GraphTapError =>
  make("PLUGIN_NAME_UNUSABLE", `"${name}" cannot be the name of a plugin.`, why, {
    do: `npx graphtap create-plugin ${proposal}`,
  });

export const pluginFolderInUse = (folder: string, found: string): GraphTapError =>
  make("PLUGIN_FOLDER_IN_USE", `create-plugin did not write to ${folder}.`, found);

export const logLevelInvalid = (level: unknown): GraphTapError =>
  make(
    "LOG_LEVEL_INVALID",
    `consoleLogger() was given an unknown level: ${typeof level === "string" ? JSON.stringify(level.slice(0, 40)) : typeof level}.`,
  );

/** What failed, short: the long form is printed after the message, with the lines of code it came from. */
export function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return `Something was thrown that is no error: ${String(error).slice(0, 200)}`;
  return `${error.name}: ${error.message.split("\n", 1)[0] ?? ""}`.slice(0, 300);
}
