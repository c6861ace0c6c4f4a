import type { CatalogEntry } from "@graphtap/kernel";

const entries = {
  CHECKPOINTER_MISSING: {
    title: "A graph has no checkpointer",
    why: "Without one a run cannot pause: an approval, or any interrupt(), fails instead of waiting, and no conversation is kept.",
    do: "Compile it with one. LangGraph Server brings its own.",
    example: "builder.compile({ checkpointer: new MemorySaver() });",
  },
  CLI_COMMAND_DUPLICATE: {
    title: "Two plugins add a command of the same name",
    why: "The command line could not tell which one is meant, so it runs neither.",
    do: "Remove one of the plugins, or ask its author to rename the command.",
  },
  CLI_COMMAND_FAILED: {
    title: "A plugin's command failed",
    why: "The command threw something, or returned no exit code. What it threw is printed below.",
    do: "Report it to the author of the plugin that the message names.",
  },
  CLI_COMMAND_UNKNOWN: {
    title: "There is no such command",
    why: "It is none of the built-in ones, and no plugin of the stack adds it.",
    do: "npx graphtap --help lists the commands. Those of plugins need the stack: --stack src/stack.ts#stack.",
  },
  CLI_CODE_UNKNOWN: {
    title: "No package of GraphTap knows this code",
    why: "It is misspelt, of another version, or of a third-party plugin.",
    do: "npx graphtap why --list prints every code. For a plugin's own codes see its README.",
  },
  CLI_USAGE: {
    title: "A command was called in a way it does not understand",
    why: "An argument is missing, unknown or one too many.",
    do: "npx graphtap <command> --help prints how it is used.",
  },
  GRAPH_INVALID: {
    title: "An export is no graph that could be looked at",
    why: "It is a function, a builder that was not compiled, or something else than a compiled graph or an agent.",
    do: "Export the wrapped graph itself.",
    example: "export const support = stack.wrap(builder.compile());",
  },
  GRAPH_NOT_FOUND: {
    title: "No graph of this name was found",
    why: "It is no export of the stack's module, no graph of langgraph.json, and no path#export that exists.",
    do: "Name it as path#export, or export it beside the stack, in graphtap.config.ts too.",
    example:
      'npx graphtap explain src/agent.ts#support\nexport { stack as default, support } from "./src/stack.js";   // graphtap.config.ts',
  },
  GRAPH_NOT_WRAPPED: {
    title: "A graph is exported that the stack has not wrapped",
    why: "Whoever imports or serves it runs it without any plugin: no permissions, no limits, no metrics.",
    do: "Export only what stack.wrap() returned.",
    example: "export const support = stack.wrap(builder.compile());",
  },
  GUARDS_MISSING: {
    title: "Nothing is enforced",
    why: "No plugin taps a hook that can refuse: every tool and model call is allowed.",
    do: "That is what observeOnly() is for. To enforce, add a guard.",
    example: "createStack({ plugins: [metrics(), security()] });",
  },
  LOG_LEVEL_INVALID: {
    title: "consoleLogger() was given an unknown level",
    why: "Levels are silent, error, warn, info and debug.",
    do: "Use one of them, or leave the option out for warn.",
    example: 'createStack({ plugins, logger: consoleLogger({ level: "info" }) });',
  },
  NODE_OPAQUE: {
    title: "A node runs code that the stack cannot see into",
    why: "It is a JavaScript function. Tools and models that it calls without the gate are found only when they are called.",
    do: "Use what stack.wrapTool() and stack.wrapModel() returned inside of it; npx graphtap explain <graph> lists what is governed.",
  },
  NODE_UNSUPPORTED: {
    title: "This version of Node is too old",
    why: "GraphTap is tested on Node 20.19 and later.",
    do: "Install a supported version of Node.",
  },
  PACKAGE_DUPLICATE: {
    title: "A package is installed more than once",
    why: "Two copies are two sets of classes: instanceof fails across them, and each keeps its own state.",
    do: "npm dedupe, or bring the ranges that lead to each copy in line.",
  },
  PACKAGE_UNSUPPORTED: {
    title: "A package is missing, or its version is not supported",
    why: "GraphTap hooks into LangGraph's own funnels and is tested on a range of versions; outside of it hooks may not fire.",
    do: "Install a version within the range.",
  },
  PLUGIN_FOLDER_IN_USE: {
    title: "create-plugin does not write into a folder that holds something",
    why: "Nothing is ever overwritten.",
    do: "Choose another folder with --dir, or empty this one.",
  },
  PLUGIN_NAME_UNUSABLE: {
    title: "create-plugin was given a name that cannot be used",
    why: "A plugin's name is lower-case words joined by dashes, and starts with whose it is: bare nouns are GraphTap's own.",
    do: "Put your own word in front, or use your npm scope.",
    example: "npx graphtap create-plugin acme-quiet-hours",
  },
  SERVER_CONFIG_INVALID: {
    title: "langgraph.json does not lead where it should",
    why: "It is no JSON, it names a file or an export that does not exist, or it lacks what the stack relies on.",
    do: "Correct langgraph.json; paths are relative to it, as ./src/agent.ts:graph.",
  },
  STACK_FAULTS: {
    title: "A plugin failed while the stack started",
    why: "A tap or a listener threw; the stack started all the same.",
    do: "The message names the plugin and the hook.",
  },
  STACK_LOAD_FAILED: {
    title: "A module could not be loaded",
    why: "It threw while it was imported, or imports something that does not exist. The error itself is printed below.",
    do: "Run the module with Node alone: it fails in the same way.",
  },
  STACK_LOADER_MISSING: {
    title: "A TypeScript module needs a loader",
    why: "This version of Node does not run it by itself: versions before 22.18 do not read TypeScript, later ones only syntax that can be erased, and no version finds a .ts file behind a .js import.",
    do: "npm i -D tsx. The command line finds it by itself.",
  },
  STACK_NOT_FOUND: {
    title: "The command line does not know where the stack is",
    why: "Neither --stack nor GRAPHTAP_STACK names it, and there is no graphtap.config.ts, .mts, .js or .mjs in this folder.",
    do: "Name it, or write graphtap.config.ts.",
    example:
      'export { stack as default } from "./src/stack.js";   // graphtap.config.ts\nnpx graphtap doctor --stack src/stack.ts#stack',
  },
  STACK_REFERENCE_INVALID: {
    title: "What was named as the stack is none",
    why: "The file or the export does not exist, is not what createStack() returned, or the module exports several stacks and none of them as default.",
    do: "Name the file and the export: src/stack.ts#stack.",
  },
  VARIABLE_INVALID: {
    title: "An environment variable of GraphTap has no effect",
    why: "This version does not read a variable of this name, or its value is none of those it may have.",
    do: "Correct it. GraphTap reads GRAPHTAP_KILL, GRAPHTAP_LOG, GRAPHTAP_STACK and GRAPHTAP_STRICT.",
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code of this package: errors of the command line, and findings of `graphtap doctor`. */
export type UmbrellaErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<UmbrellaErrorCode, CatalogEntry>> = Object.freeze(entries);
