import { type CatalogEntry, GraphTapError } from "@graphtap/kernel";

const entries = {
  CACHE_CALL_INVALID: {
    title: "A call of the workflow cache is wrong",
    why: "An option is unknown or out of range, providerName or workflowType is no text or an empty one, config is missing, the workflow is no object, or build is no function. An empty name is refused, because all callers that forgot theirs would share one.",
    do: "Correct the call.",
    example: 'cache.get({ providerName: "openai", workflowType: "rag", config });',
  },
  CACHE_KEY_INVALID: {
    title: "cacheKey() was called wrongly",
    why: "It takes an object or a function, and a text that is not empty.",
    do: "Name what is interchangeable, with its version.",
    example: 'cacheKey(new ChatOpenAI({ model: "gpt-5-mini" }), "gpt-5-mini");',
  },
  COMPRESSION_FLOOR: {
    title: "A conversation cannot be brought under its token budget",
    why: "What is always kept whole (system messages and pinned ones), the last question and the step that waits for an answer are larger than maxTokens, even with long texts cut.",
    do: "Raise compression.maxTokens, pin less, or shorten the system message.",
    example: "perf({ compression: { maxTokens: 16_000 } });",
  },
  COMPRESSION_OPTIONS_INVALID: {
    title: "Options of a compressor are wrong",
    why: "An option is unknown or out of range, countTokens gave no number (a promise is none), or compress() was given something else than messages.",
    do: "Correct the options; keepTokens may not be above maxTokens.",
    example: "new StateCompressor({ maxTokens: 8_000, keepTokens: 4_000 });",
  },
  LAZY_TOOL_CALL_INVALID: {
    title: "A call of the lazy tool loader is wrong",
    why: "An option is unknown or out of range, or getTools() or preload() was given something else than a list of names.",
    do: "Correct the call; everything has a default.",
    example: 'const { tools, missing, failed } = await loader.getTools(["calculator", "web_search"]);',
  },
  LAZY_TOOL_DUPLICATE: {
    title: "Two lazy tools have one name",
    why: "A second one under the same name would silently take the place of the first.",
    do: "Choose another name, or unregister() the first.",
  },
  LAZY_TOOL_FAILED: {
    title: "A lazy tool could not be loaded",
    why: "Its factory threw, took too long, or gave nothing; all retries failed. The cause has the last error. Until negativeTtlMs has passed nobody tries again.",
    do: "Look at the cause; forget(name) lets the next call try at once.",
  },
  LAZY_TOOL_LIMIT: {
    title: "No room for another lazy tool",
    why: "maxTools tools are registered; a registry that grows with every request would never be small again.",
    do: "Register at start-up and not per request, unregister what is not needed, or raise tools.maxTools.",
  },
  LAZY_TOOL_MISMATCH: {
    title: "A lazy tool is not what was declared",
    why: "Guards judge a call before the tool is loaded, by the name and the metadata that were declared. What was loaded has another name, metadata that were not declared, or a schema that changes arguments after they were judged.",
    do: "Declare in register() what the tool has.",
    example: 'loader.register("refund", load, { description, schema, metadata: { permissionLevel: "write" } });',
  },
  LAZY_TOOL_UNDECLARED: {
    title: "lazy() needs to know a tool before it is loaded",
    why: "A model is told a tool's description and schema before anybody calls it; register() was given neither.",
    do: "Declare both, or load the tool first with getTool().",
    example: 'loader.register("calculator", () => import("./calculator.js"), { description, schema });',
  },
  LAZY_TOOL_UNKNOWN: {
    title: "There is no lazy tool of that name",
    why: "Nothing was registered under it.",
    do: "Register it first; names are exact.",
  },
  LAZY_TOOL_UNREGISTRABLE: {
    title: "register() was called wrongly",
    why: "The name is no usable one (letters, digits, _ . : -, up to 128), the second argument is no function, or the declaration is of the wrong type.",
    do: "Give a name, a function that makes or imports the tool, and what the model is told of it.",
    example: 'loader.register("calculator", () => import("./calculator.js"), { description, schema });',
  },
  PERF_DISPOSED: {
    title: "The performance plugin is gone",
    why: "The stack was disposed of, or the plugin was removed; its tools were unloaded.",
    do: "Use the loader of a stack that runs.",
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code that this package throws. */
export type PerfErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<PerfErrorCode, CatalogEntry>> = Object.freeze(entries);

const make = (code: PerfErrorCode, what: string, why: string, more: { cause?: unknown; details?: object } = {}) => {
  const { do: fix, example }: CatalogEntry = entries[code];
  return new GraphTapError({
    code,
    what,
    why,
    do: example === undefined ? fix : `${fix}\n${example}`,
    plugin: "performance",
    cause: more.cause,
    details: more.details as Readonly<Record<string, unknown>> | undefined,
  });
};

export const cacheCallInvalid = (method: string, why: string): GraphTapError =>
  make("CACHE_CALL_INVALID", `${method}() was given wrong arguments.`, why);

export const cacheKeyInvalid = (why: string): GraphTapError =>
  make("CACHE_KEY_INVALID", "cacheKey() was given wrong arguments.", why);

export const compressionFloor = (tokens: number, maxTokens: number): GraphTapError =>
  make(
    "COMPRESSION_FLOOR",
    `a conversation needs ${tokens} tokens and may have ${maxTokens}.`,
    entries.COMPRESSION_FLOOR.why,
    {
      details: { tokens, maxTokens },
    },
  );

export const compressionOptionsInvalid = (
  why: string,
  what = "the options of a compressor are wrong.",
): GraphTapError => make("COMPRESSION_OPTIONS_INVALID", what, why);

export const loaderCallInvalid = (method: string, why: string): GraphTapError =>
  make("LAZY_TOOL_CALL_INVALID", `${method}() was given wrong arguments.`, why);

export const toolDuplicate = (name: string): GraphTapError =>
  make("LAZY_TOOL_DUPLICATE", `"${name}" is registered already.`, entries.LAZY_TOOL_DUPLICATE.why);

export const toolFailed = (name: string, attempts: number, cause: unknown, why: string): GraphTapError =>
  make("LAZY_TOOL_FAILED", `lazy tool "${name}" could not be loaded (${attempts} attempts).`, why, { cause });

export const toolLimit = (maxTools: number): GraphTapError =>
  make("LAZY_TOOL_LIMIT", "register() has no room for another tool.", `${maxTools} tools are registered (maxTools).`);

export const toolMismatch = (name: string, why: string): GraphTapError =>
  make("LAZY_TOOL_MISMATCH", `lazy tool "${name}" is not what was declared.`, why);

export const toolUndeclared = (name: string): GraphTapError =>
  make("LAZY_TOOL_UNDECLARED", `lazy("${name}") is not possible.`, entries.LAZY_TOOL_UNDECLARED.why);

export const toolUnknown = (name: string, known: readonly string[]): GraphTapError =>
  make(
    "LAZY_TOOL_UNKNOWN",
    `there is no lazy tool "${name}".`,
    known.length === 0 ? "No tool is registered." : `Registered are: ${known.slice(0, 20).join(", ")}.`,
  );

export const toolUnregistrable = (why: string): GraphTapError =>
  make("LAZY_TOOL_UNREGISTRABLE", "register() was given wrong arguments.", why);

export const perfDisposed = (): GraphTapError =>
  make("PERF_DISPOSED", "the performance plugin is disposed of.", entries.PERF_DISPOSED.why);
