/** Every code this package throws. Codes are permanent: they are matched by name in other packages. */
export type ValuesErrorCode =
  | "NOT_PLAIN"
  | "TOO_DEEP"
  | "TOO_LARGE"
  | "CYCLIC"
  | "LIMITS_INVALID"
  | "GLOB_INVALID"
  | "CONDITION_INVALID";

export interface CatalogEntry {
  readonly title: string;
  readonly why: string;
  readonly do: string;
}

/** Long form of every code, for generated documentation and the command line. */
export const errorCatalog: Readonly<Record<ValuesErrorCode, CatalogEntry>> = Object.freeze({
  NOT_PLAIN: {
    title: "a value is not plain data",
    why: "It is, or holds, a function, symbol, class instance, Proxy or accessor, so it has no dependable text form.",
    do: "Pass plain data, or take a snapshot() of it first and leave out the paths it lists as opaque.",
  },
  TOO_DEEP: {
    title: "a value is nested too deeply",
    why: "Nesting is bounded so that hostile data cannot exhaust the stack.",
    do: "Flatten the data, or raise `depth` in the limits (500 at most).",
  },
  TOO_LARGE: {
    title: "a value is too large",
    why: "The number of values or their size is bounded so that hostile data cannot block the process.",
    do: "Send less data, or raise `nodes` or `bytes` in the limits.",
  },
  CYCLIC: {
    title: "a value contains itself",
    why: "Data that contains itself has no finite text form.",
    do: "Remove the reference back to the parent.",
  },
  LIMITS_INVALID: {
    title: "a limit is not usable",
    why: "`depth`, `nodes` and `bytes` have to be numbers above zero.",
    do: "Leave the limit out to get its default, or give a positive number.",
  },
  GLOB_INVALID: {
    title: "a glob pattern is not text",
    why: "Patterns are strings in which * stands for any text and ? for one character.",
    do: "Pass a string.",
  },
  CONDITION_INVALID: {
    title: "a condition or a list of rules is wrong",
    why: "An operator is unknown, an operand does not fit it, a range or a list is empty, a target or the default is missing, or a rule can never be reached.",
    do: "issuesOf(error) lists every issue with its path, what was found, what is expected, and what to write instead.",
  },
});

const BRAND = Symbol.for("graphtap.values-error");

/**
 * The only error this package throws.
 *
 * `code` is permanent, `path` says where in the data (`$` is the whole value), `cause` is what a getter or a Proxy
 * threw, if that was the reason. Contents of the data are never part of the message; names of keys are.
 */
export class ValuesError extends Error {
  override readonly name = "ValuesError";
  readonly code: ValuesErrorCode;
  readonly path: string;
  readonly hint: string;

  constructor(code: ValuesErrorCode, path: string, detail: string, cause?: unknown) {
    const entry = errorCatalog[code];
    super(`[${code}] ${detail}\n  Why: ${entry.why}\n  Do:  ${entry.do}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.hint = entry.do;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** True for an error of any copy of this package; `instanceof` fails between the copies of two bundles. */
  static isInstance(error: unknown): error is ValuesError {
    return typeof error === "object" && error !== null && (error as { [BRAND]?: unknown })[BRAND] === true;
  }
}
