import { isPlainObject } from "@graphtap/values";
import { highest, isRequiredLevel, type RequiredLevel } from "./levels.js";
import type { RateWindow } from "./rate.js";

/** What is declared about one tool, with maps instead of objects: names are data. */
export interface Rule {
  readonly level?: RequiredLevel | undefined;
  readonly method?: string | ((args: unknown) => unknown) | undefined;
  readonly methods?: ReadonlyMap<string, RequiredLevel> | undefined;
  readonly rateLimit?: readonly RateWindow[] | undefined;
}

type Metadata = Readonly<Record<string, unknown>> | undefined;

/** Keys of a tool's `metadata` under which its author declares what it needs. */
const LEVEL = "permissionLevel";
const LEVELS = "permissionLevels";
const METHOD = "permissionMethod";
const METHOD_ARGUMENT = "permissionMethodArgument";

const LONGEST_METHOD = 256;
const NO_WINDOWS: readonly RateWindow[] = Object.freeze([]);

/** What each tool needs, and which method a call is. A Map, because tool names are data: an object would answer for `constructor`. */
export class ToolRules {
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #defaultLevel: RequiredLevel;

  constructor(rules: ReadonlyMap<string, Rule> = new Map(), defaultLevel: RequiredLevel = "write") {
    this.#rules = new Map(rules);
    this.#defaultLevel = defaultLevel;
  }

  /** Tools that something is declared about. */
  get names(): readonly string[] {
    return [...this.#rules.keys()];
  }

  /** Whether no level is declared for a tool, neither by the host nor by its author: the default stands for it. */
  isUndeclared(toolName: string, metadata: Metadata): boolean {
    const { level, methods } = this.#rules.get(toolName) ?? {};
    return [level, methods, own(metadata, LEVEL), own(metadata, LEVELS)].every((one) => one === undefined);
  }

  /** Methods that a level is declared for. */
  methodsOf(toolName: string): readonly string[] {
    return [...(this.#rules.get(toolName)?.methods?.keys() ?? [])];
  }

  /** Limits of everybody who calls this tool, each counted on their own. */
  limits(toolName: string): readonly RateWindow[] {
    return this.#rules.get(toolName)?.rateLimit ?? NO_WINDOWS;
  }

  /**
   * The level a call needs: the host's rule, else the tool's metadata, else the default. Where levels are declared per
   * method, a method that is not among them, or cannot be told, needs the highest of all that apply.
   *
   * @returns null when the metadata names a level that does not exist: nobody can know what its author meant.
   */
  required(toolName: string, metadata?: Metadata, method: string | null = null): RequiredLevel | null {
    const rule = this.#rules.get(toolName);
    const methods = rule?.methods ?? (rule?.level === undefined ? declaredLevels(metadata) : undefined);
    if (methods === null) return null;
    const listed = method === null ? undefined : methods?.get(method);
    if (listed !== undefined) return listed;
    const own = rule?.level ?? declaredLevel(metadata, this.#defaultLevel);
    return methods === undefined || own === null ? own : highest([own, ...methods.values()]);
  }

  /** The method that a call with these parsed arguments is; null when nobody declared how to tell, or it cannot be told. */
  method(toolName: string, metadata: Metadata, args: unknown): string | null {
    const declared = this.#rules.get(toolName)?.method;
    if (declared === undefined) return methodOfMetadata(metadata, args);
    if (typeof declared === "string") return methodName(argument(args, declared));
    try {
      const told = declared(args);
      // Too late to be of use; but a failure of it that nobody takes would end the process.
      if (isThenable(told)) void Promise.resolve(told).catch(() => undefined);
      return methodName(told);
    } catch {
      return null;
    }
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

const own = (object: Metadata, key: string): unknown =>
  object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;

const argument = (args: unknown, name: string): unknown => (isPlainObject(args) ? own(args, name) : undefined);

const methodName = (value: unknown): string | null =>
  typeof value === "string" && value.length > 0 && value.length <= LONGEST_METHOD ? value : null;

function methodOfMetadata(metadata: Metadata, args: unknown): string | null {
  const fixed = own(metadata, METHOD);
  const name = own(metadata, METHOD_ARGUMENT);
  // Two declarations may disagree; which one was meant, nobody knows.
  if (fixed !== undefined) return name === undefined ? methodName(fixed) : null;
  return typeof name === "string" ? methodName(argument(args, name)) : null;
}

function declaredLevel(metadata: Metadata, otherwise: RequiredLevel): RequiredLevel | null {
  const declared = own(metadata, LEVEL);
  if (declared === undefined) return otherwise;
  return isRequiredLevel(declared) ? declared : null;
}

function declaredLevels(metadata: Metadata): ReadonlyMap<string, RequiredLevel> | null | undefined {
  const declared = own(metadata, LEVELS);
  if (declared === undefined) return undefined;
  if (!isPlainObject(declared)) return null;
  const levels = new Map<string, RequiredLevel>();
  for (const [method, level] of Object.entries(declared)) {
    if (!isRequiredLevel(level)) return null;
    levels.set(method, level);
  }
  return levels;
}
