import { types } from "node:util";
import { isPlainObject, sameData } from "@graphtap/values";
import { StructuredTool, type ToolRunnableConfig } from "@langchain/core/tools";
import type { CallbackManagerForToolRun } from "@langchain/core/callbacks/manager";
import { interopParseAsync, type InteropZodObject, isInteropZodSchema } from "@langchain/core/utils/types";
import { toolMismatch } from "./errors.js";

/** Anything that a factory may give: a LangChain tool, an object with `invoke`, or a function of the arguments. */
export type LoadedTool = object;

/** What `getTools` gives: nothing that was asked for is missing from it. */
export interface LoadedTools<T extends object = LoadedTool> {
  /** In the order asked for; those that could not be had are left out here and named below. */
  readonly tools: readonly T[];
  readonly byName: ReadonlyMap<string, T>;
  /** Names that nobody registered. */
  readonly missing: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
  /** True when all that was asked for is there. */
  readonly complete: boolean;
}

/** Makes or imports a tool; called when it is first needed. A module may be given as it is (`() => import("./x.js")`). */
export type ToolFactory = (name: string, signal: AbortSignal) => unknown;

/** What is known of a tool before it is loaded. Description and schema are needed for `lazy()`. */
export interface ToolDeclaration {
  /** As the model reads it. */
  readonly description?: string | undefined;
  /** A zod object or a JSON schema. */
  readonly schema?: object | undefined;
  /** What guards judge by, such as `permissionLevel`. Must hold all that the loaded tool's own metadata holds. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly responseFormat?: "content" | "content_and_artifact" | undefined;
  readonly returnDirect?: boolean | undefined;
  /** Gives back what the tool holds when it is unloaded. Default: its own `Symbol.asyncDispose` or `Symbol.dispose`. */
  readonly dispose?: ((tool: LoadedTool) => void | Promise<void>) | undefined;
}

interface Shape {
  readonly name?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly schema?: unknown;
  invoke?(args: unknown, config?: unknown): unknown;
  _call?(args: unknown, runManager?: unknown, config?: unknown): unknown;
}

/**
 * The tool in what a factory gave: of a module its export of the tool's name, the default one, or the only one.
 *
 * @throws GraphTapError LAZY_TOOL_MISMATCH
 */
export function toolIn(name: string, given: unknown, declaration: ToolDeclaration): LoadedTool {
  const found = isModule(given) ? exported(name, given as Record<string, unknown>) : given;
  if ((typeof found !== "object" && typeof found !== "function") || found === null)
    throw new Error(`the factory gave ${found === null ? "null" : typeof found} instead of a tool`);
  if (typeof found === "function") return found;
  const { name: called, metadata = {} } = found as Shape;
  if (typeof called === "string" && called !== name)
    throw toolMismatch(name, `What was loaded is called "${called}"; guards and grants know it as "${name}".`);
  const undeclared = Object.keys(metadata).filter(
    (key) => !LANGCHAIN_KEYS.includes(key) && !sameData(metadata[key], declaration.metadata?.[key]),
  );
  if (undeclared.length > 0)
    throw toolMismatch(name, `Its metadata ${undeclared.join(", ")} were not declared, or declared otherwise.`);
  return found;
}

/** Bundlers and test runners make modules of their own, which only say that they are. */
const isModule = (given: unknown): boolean =>
  types.isModuleNamespaceObject(given) ||
  (typeof given === "object" && given !== null && (given as Record<symbol, unknown>)[Symbol.toStringTag] === "Module");

/** What LangChain itself notes on every object it makes. */
const LANGCHAIN_KEYS: readonly string[] = ["versions"];

function exported(name: string, module: Record<string, unknown>): unknown {
  const names = Object.keys(module);
  return module[name] ?? module["default"] ?? (names.length === 1 ? module[names[0] as string] : undefined);
}

/** Runs a loaded tool in the place of its stub: within the same call, so that nothing is judged or announced twice. */
async function runLoaded(
  stub: LazyTool,
  loaded: LoadedTool,
  args: unknown,
  runManager: unknown,
  config: unknown,
): Promise<unknown> {
  if (typeof loaded === "function") return (loaded as (args: unknown, config: unknown) => unknown)(args, config);
  const tool = loaded as Shape;
  // Its own schema only where it is another one: what a stub parsed is not parsed again.
  const parsed =
    tool.schema !== stub.schema && isInteropZodSchema(tool.schema)
      ? await interopParseAsync(tool.schema as never, args)
      : args;
  const changed = changedIn(args, parsed);
  if (changed.length > 0)
    throw toolMismatch(
      stub.name,
      `Its own schema changes ${changed.join(", ")} after guards have judged what was given. Declare that schema.`,
    );
  // The very same object where nothing was filled in: a governed tool knows by it that the call was judged.
  const given = sameData(args, parsed) ? args : parsed;
  if (typeof tool._call === "function") return tool._call(given, runManager, config);
  if (typeof tool.invoke === "function") return tool.invoke(parsed, config);
  throw toolMismatch(stub.name, "What was loaded is no function and has no invoke().");
}

/** Names of arguments that are not what they were. A schema may fill in what was not given. */
function changedIn(given: unknown, parsed: unknown): readonly string[] {
  if (given === parsed) return [];
  if (!isPlainObject(given) || !isPlainObject(parsed)) return sameData(given, parsed) ? [] : ["the arguments"];
  return Object.keys(given).filter((key) => !Object.hasOwn(parsed, key) || !sameData(given[key], parsed[key]));
}

/** Hands a tool's body out for the time of one call. */
export type BodyOf = <T>(use: (loaded: LoadedTool) => Promise<T>) => Promise<T>;

/** A tool of which only the description and the schema are there; its body is loaded at the first call. */
export class LazyTool extends StructuredTool<InteropZodObject> {
  static override lc_name(): string {
    return "LazyTool";
  }

  override name: string;
  override description: string;
  override schema: InteropZodObject;
  /** @internal */
  readonly body: BodyOf;

  /** @internal */
  constructor(name: string, declaration: ToolDeclaration & { description: string; schema: object }, body: BodyOf) {
    super(declaration.metadata === undefined ? {} : { metadata: { ...declaration.metadata } });
    this.name = name;
    this.description = declaration.description;
    this.schema = declaration.schema as InteropZodObject;
    this.body = body;
    if (declaration.responseFormat !== undefined) this.responseFormat = declaration.responseFormat;
    if (declaration.returnDirect !== undefined) this.returnDirect = declaration.returnDirect;
  }

  protected override _call(
    args: unknown,
    runManager?: CallbackManagerForToolRun,
    config?: ToolRunnableConfig,
  ): Promise<unknown> {
    return this.body((loaded) => runLoaded(this, loaded, args, runManager, config));
  }
}

/** Gives back what an unloaded tool holds. */
export async function disposeTool(loaded: LoadedTool, declaration: ToolDeclaration): Promise<void> {
  if (declaration.dispose !== undefined) return declaration.dispose(loaded);
  const { asyncDispose, dispose } = Symbol as { asyncDispose?: symbol; dispose?: symbol };
  for (const method of [asyncDispose, dispose]) {
    const own = method === undefined ? undefined : (loaded as Record<symbol, unknown>)[method];
    if (typeof own === "function") return (own as () => void | Promise<void>).call(loaded);
  }
}
