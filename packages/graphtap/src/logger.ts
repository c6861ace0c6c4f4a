import { GraphTapError, type LogFields, type Logger, type LogLevel } from "@graphtap/kernel";
import { logLevelInvalid } from "./errors.js";
import { painter, type Tint, wantsColor } from "./paint.js";

/** Levels in the order of growing talkativeness. */
export const THRESHOLDS = ["silent", "error", "warn", "info", "debug"] as const;
/** The least important level that is printed. */
export type LogThreshold = (typeof THRESHOLDS)[number];

/** Options of {@link consoleLogger}. */
export interface ConsoleLoggerOptions {
  /** What is printed where GRAPHTAP_LOG is not set. Default `warn`. */
  readonly level?: LogThreshold;
  /** Where lines go. Default: standard error. */
  readonly write?: (line: string) => void;
  /** Default: as the terminal, NO_COLOR and FORCE_COLOR say. */
  readonly color?: boolean;
  /** Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const isThreshold = (value: unknown): value is LogThreshold => THRESHOLDS.some((known) => known === value);

/** Names of things. Other fields may hold arguments or contents, which are not logged at any level. */
const NAMES = [
  "stack",
  "kernel",
  "plugin",
  "hook",
  "code",
  "workflow",
  "node",
  "tool",
  "model",
  "run",
  "runId",
  "thread",
  "threadId",
];
const TINTS: Readonly<Record<LogLevel, Tint>> = { error: "red", warn: "yellow", info: "green", debug: "dim" };

/**
 * A logger for the terminal: one line per entry, on standard error. GRAPHTAP_LOG (silent, error, warn, info, debug) wins
 * over `level`, so that an operator can listen without a change of code.
 *
 * @example
 * const stack = createStack({ plugins: [metrics()], logger: consoleLogger({ level: "info" }) });
 * @throws GraphTapError LOG_LEVEL_INVALID for an unknown `level`; an unknown GRAPHTAP_LOG is told once and left aside.
 */
export function consoleLogger(options: ConsoleLoggerOptions = {}): Logger {
  const { level = "warn", env = process.env, write = (line) => void process.stderr.write(`${line}\n`) } = options;
  if (!isThreshold(level)) throw logLevelInvalid(level);
  const paint = painter(options.color ?? wantsColor(env, process.stderr.isTTY === true));
  const asked = env["GRAPHTAP_LOG"];
  const known = asked === undefined || asked === "" || isThreshold(asked);
  const threshold = THRESHOLDS.indexOf(isThreshold(asked) ? asked : level);
  const print = (at: LogLevel, text: string, fields: LogFields): void =>
    write(`${paint(TINTS[at], at.padEnd(5))} ${oneLine(text)}${paint("dim", named(fields))}`);
  // A typing error in the environment must not stop a server, and must not pass for the level that was meant.
  if (!known)
    print("warn", `GRAPHTAP_LOG is none of ${THRESHOLDS.join(", ")}: logging at ${level}`, {
      code: "VARIABLE_INVALID",
    });
  return Object.freeze({
    log(at: LogLevel, text: string, fields: LogFields) {
      if (THRESHOLDS.indexOf(at) <= threshold) print(at, text, fields);
    },
  });
}

/** An entry is a line: a line break in a text could pass for another entry. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");

function named(fields: LogFields): string {
  const parts = NAMES.filter((key) => ["string", "number"].includes(typeof fields[key])).map(
    (key) => `${key}=${oneLine(String(fields[key]))}`,
  );
  const { error, suppressed } = fields;
  // Class and code only: the message of somebody else's error may quote what it was given.
  if (GraphTapError.isInstance(error)) {
    if (fields["code"] !== error.code) parts.push(`error=${error.code}`);
  } else if (error instanceof Error) parts.push(`error=${error.name}`);
  if (typeof suppressed === "number" && suppressed > 0) parts.push(`and ${suppressed} more like it`);
  return parts.length === 0 ? "" : `  ${parts.join(" ")}`;
}
