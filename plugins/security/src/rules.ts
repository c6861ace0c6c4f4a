import { isRequiredLevel, type RequiredLevel } from "./levels.js";

/** What is declared about one tool. */
export interface ToolRule {
  /** Level a caller needs. Default: the tool's own metadata, else `defaultLevel`. */
  readonly level?: RequiredLevel | undefined;
}

/** Key of a tool's `metadata` under which its author declares the level it needs. */
const LEVEL_KEY = "permissionLevel";

/** Which level each tool needs. A Map, because tool names are data: an object would answer for `constructor`. */
export class ToolRules {
  readonly #rules: ReadonlyMap<string, ToolRule>;
  readonly #defaultLevel: RequiredLevel;

  constructor(rules: ReadonlyMap<string, ToolRule> = new Map(), defaultLevel: RequiredLevel = "write") {
    this.#rules = new Map(rules);
    this.#defaultLevel = defaultLevel;
  }

  /**
   * The level a call of this tool needs: the host's rule, else the tool's metadata, else the default.
   *
   * @returns null when the metadata names a level that does not exist: nobody can know what its author meant.
   */
  required(toolName: string, metadata?: Readonly<Record<string, unknown>>): RequiredLevel | null {
    const own = this.#rules.get(toolName)?.level;
    if (own !== undefined) return own;
    if (metadata === undefined || !Object.hasOwn(metadata, LEVEL_KEY)) return this.#defaultLevel;
    const declared = metadata[LEVEL_KEY];
    if (declared === undefined) return this.#defaultLevel;
    return isRequiredLevel(declared) ? declared : null;
  }
}
