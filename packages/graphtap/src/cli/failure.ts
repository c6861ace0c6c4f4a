import { GraphTapError } from "@graphtap/kernel";
import type { Paint } from "../paint.js";

/** Lines of somebody else's error that are printed: enough to see the line of code. */
const LINES = 12;

/** An error as the terminal shows it: code, why, what to do, and the error behind it where that is not ours. */
export function failureText(error: unknown, paint: Paint): string {
  if (!GraphTapError.isInstance(error)) return paint("red", stackOf(error));
  const [first = "", ...rest] = error.message.split("\n");
  const parts = [[paint("red", first), ...rest, `  More: ${error.docs}`].join("\n")];
  for (const one of error.errors ?? []) parts.push(failureText(one, paint));
  if (error.cause !== undefined && !GraphTapError.isInstance(error.cause))
    parts.push(paint("dim", stackOf(error.cause)));
  return parts.join("\n\n");
}

/** The same as data, for `--json`. */
export function failureData(error: unknown): unknown {
  if (!GraphTapError.isInstance(error))
    return { error: { code: null, message: stackOf(error).split("\n", 1)[0] ?? "" } };
  const { code, message, hint, plugin, hook } = error;
  return { error: { code, message, hint, plugin: plugin ?? null, hook: hook ?? null } };
}

const stackOf = (error: unknown): string =>
  (error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error))
    .split("\n")
    .slice(0, LINES)
    .join("\n");
