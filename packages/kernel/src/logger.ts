import { abandon, isThenable } from "./thenable.js";

export type LogLevel = "error" | "warn" | "info" | "debug";
export type LogFields = Record<string, unknown>;

/** The port through which the kernel and its plugins log. Whatever it throws is dropped. */
export interface Logger {
  log(level: LogLevel, text: string, fields: LogFields): void;
}

/** Logs nothing. The default. */
export const silentLogger: Logger = Object.freeze({ log: () => undefined });

/** A logger with the level as a method, and fields of its own added to every line. */
export type Log = { readonly [L in LogLevel]: (text: string, fields?: LogFields) => void };

/** Binds `fields` to every line and keeps the logger's faults away from the caller. */
export function createLog(logger: Logger, fields: LogFields): Log {
  const at =
    (level: LogLevel) =>
    (text: string, more?: LogFields): void => {
      try {
        const returned: unknown = logger.log(level, text, more === undefined ? { ...fields } : { ...fields, ...more });
        // An async logger breaks the port's type, yet its rejection must not become an unhandledRejection.
        if (isThenable(returned)) abandon(returned);
      } catch {
        // A logger that throws changes nothing: there is nowhere left to tell.
      }
    };
  return Object.freeze({ error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") });
}
