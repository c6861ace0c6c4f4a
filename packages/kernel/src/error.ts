import { described } from "./given.js";

const BRAND = Symbol.for("graphtap.error");

/** What a `GraphTapError` is made from. `what`, `why` and `do` become its message, in this order. */
export interface GraphTapErrorInit {
  /** Permanent, SCREAMING_SNAKE. */
  readonly code: string;
  /** What happened, one line. */
  readonly what: string;
  /** Why, with the values seen; never arguments of a call or contents of a message. */
  readonly why: string;
  /** What to do now, as code where possible. Also the error's `hint`. */
  readonly do: string;
  readonly plugin?: string | undefined;
  readonly hook?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
  /** For errors that gather several, in the order they happened. */
  readonly errors?: readonly unknown[] | undefined;
}

const indent = (text: string): string => text.split("\n").join("\n       ");

/**
 * Every error GraphTap throws. The message says what happened, why, and what to do.
 *
 * @example
 * try { await kernel.ready(); } catch (error) {
 *   if (GraphTapError.isInstance(error)) console.error(error.code, error.plugin, error.hint);
 * }
 */
export class GraphTapError extends Error {
  override readonly name: string = "GraphTapError";
  readonly code: string;
  /** What to do, as a sentence or a line of code. */
  readonly hint: string;
  /** The command that prints the long form. */
  readonly docs: string;
  /** Instance id of the plugin at fault, where one is known. */
  declare readonly plugin?: string;
  /** Name of the hook, where one is known. */
  declare readonly hook?: string;
  declare readonly details?: Readonly<Record<string, unknown>>;
  declare readonly errors?: readonly unknown[];
  /** Copied from the cause, because LangChain's retry logic reads it. */
  declare readonly lc_error_code?: string;

  constructor(init: GraphTapErrorInit) {
    super(
      `[${init.code}] ${init.what}\n  Why: ${indent(init.why)}\n  Do:  ${indent(init.do)}`,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.code = init.code;
    this.hint = init.do;
    this.docs = `npx graphtap why ${init.code}`;
    if (init.plugin !== undefined) this.plugin = init.plugin;
    if (init.hook !== undefined) this.hook = init.hook;
    if (init.details !== undefined) this.details = init.details;
    if (init.errors !== undefined) this.errors = init.errors;
    const lcCode = codeOf(init.cause, "lc_error_code");
    if (lcCode !== null) this.lc_error_code = lcCode;
  }

  /** True for an error of any copy of the kernel. Use it instead of `instanceof`: two copies are two classes. */
  static isInstance(error: unknown): error is GraphTapError {
    return typeof error === "object" && error !== null && (error as { [BRAND]?: unknown })[BRAND] === true;
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }
}

function codeOf(value: unknown, key: string): string | null {
  if (typeof value !== "object" || value === null) return null;
  const code = (value as Record<string, unknown>)[key];
  return typeof code === "string" ? code : null;
}

function textOf(error: unknown): string {
  try {
    return String(error instanceof Error || GraphTapError.isInstance(error) ? error.message : error);
  } catch {
    // Anything can be thrown, also what has no text.
    return described(error);
  }
}

const SUMMARY_LENGTH = 200;

/** First line of an error's message, at most 200 characters: for texts and logs that quote somebody else's error. */
export function summaryOf(error: unknown): string {
  const text = textOf(error);
  const line = text.split("\n", 1)[0] ?? "";
  return line.length <= SUMMARY_LENGTH ? line : `${line.slice(0, SUMMARY_LENGTH)}...`;
}
