import { types } from "node:util";
import { DeniedError } from "@graphtap/langgraph";

/** Errors that are looked at: what caused one, and what one is made of. */
const MOST = 32;

/** What is left of a text, and of data, when nothing may be said of what has to be hidden. */
export interface Clean {
  text(text: string): string;
  data(value: unknown): unknown;
}

/**
 * An error that says nothing of what has to be hidden, in its message or in what it carries. The very error is changed:
 * whoever catches it knows it by what it is. Gives false where one cannot be changed.
 */
export function cleanError(error: unknown, clean: Clean): boolean {
  const seen = new Set<unknown>([error]);
  for (const at of seen) {
    if (!types.isNativeError(at)) continue;
    if (DeniedError.isDenied(at) || (at as { is_bubble_up?: unknown }).is_bubble_up === true) continue;
    if (!cleaned(at, clean)) return false;
    const { cause, errors } = at as { cause?: unknown; errors?: unknown };
    for (const next of [cause, ...(Array.isArray(errors) ? errors : [])]) if (seen.size < MOST) seen.add(next);
  }
  return true;
}

function cleaned(error: Error, clean: Clean): boolean {
  try {
    const { message } = error;
    if (typeof message === "string" && message !== "") {
      const shown = clean.text(message);
      if (shown !== message) {
        error.message = shown;
        // It begins with the message that was.
        error.stack = `${error.name}: ${shown}`;
      }
    }
    for (const key of new Set([...Object.keys(error), "errors"])) {
      const value = Object.getOwnPropertyDescriptor(error, key)?.value as unknown;
      // Errors are changed themselves, in their turn.
      if (key === "message" || key === "stack" || types.isNativeError(value)) continue;
      const shown = typeof value === "string" ? clean.text(value) : without(value, clean);
      if (shown !== value) (error as unknown as Record<string, unknown>)[key] = shown;
    }
    return true;
  } catch {
    return false;
  }
}

/** A list of errors keeps them; what else is in it is data like any other. */
function without(value: unknown, clean: Clean): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value) || !value.some((one) => types.isNativeError(one))) return clean.data(value);
  const shown = value.map((one: unknown) => (types.isNativeError(one) ? one : without(one, clean)));
  return shown.every((one, i) => one === value[i]) ? value : shown;
}
