import { types } from "node:util";
import { DeniedError } from "@graphtap/langgraph";

/** Errors that are looked at: what caused one, and what one is made of. With more of them an error does not leave. */
const MOST = 1_000;

/** What is left of a text, and of data, when nothing may be said of what has to be hidden. */
export interface Clean {
  text(text: string): string;
  data(value: unknown): unknown;
}

/**
 * What is thrown instead, which says nothing of what has to be hidden, in its message or in what it carries. An error is
 * changed itself: whoever catches it knows it by what it is. Null where that cannot be done.
 */
export function cleaned(thrown: unknown, clean: Clean): { readonly error: unknown } | null {
  try {
    // From Node 22 on, an error of the platform is one of the language too.
    if (!types.isNativeError(thrown) || thrown instanceof DOMException) return { error: withoutError(thrown, clean) };
    const seen = new Set<Error>([thrown]);
    for (const at of seen) {
      if (DeniedError.isDenied(at) || (at as { is_bubble_up?: unknown }).is_bubble_up === true) continue;
      cleanOne(at, clean);
      const { cause, errors } = at as { cause?: unknown; errors?: unknown };
      for (const next of [cause, ...(Array.isArray(errors) ? errors : [])])
        if (types.isNativeError(next)) seen.add(next);
      if (seen.size > MOST) return null;
    }
    return { error: thrown };
  } catch {
    // It is frozen, or reading it runs code that throws.
    return null;
  }
}

function cleanOne(error: Error, clean: Clean): void {
  const { message, stack } = error;
  const shown = typeof message === "string" ? clean.text(message) : message;
  if (shown !== message) {
    error.message = shown;
    if (error.message !== shown) throw new TypeError("the message cannot be changed");
    // It begins with the message that was.
    error.stack = `${clean.text(error.name)}: ${shown}`;
  } else if (typeof stack === "string") {
    const trace = clean.text(stack);
    if (trace !== stack) error.stack = trace;
  }
  for (const key of Reflect.ownKeys(error)) {
    if (key === "message" || key === "stack") continue;
    const field = Object.getOwnPropertyDescriptor(error, key);
    // Errors are changed themselves, in their turn.
    if (field === undefined || !("value" in field) || types.isNativeError(field.value)) continue;
    const value: unknown = field.value;
    const left = typeof value === "string" ? clean.text(value) : without(value, clean);
    if (left === value) continue;
    Object.defineProperty(error, key, { ...field, value: left });
  }
}

/** A list of errors keeps them; what else is in it is data like any other. */
function without(value: unknown, clean: Clean): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value) || !value.some((one) => types.isNativeError(one))) return clean.data(value);
  const shown = value.map((one: unknown) =>
    types.isNativeError(one) ? one : typeof one === "string" ? clean.text(one) : without(one, clean),
  );
  return shown.every((one, i) => one === value[i]) ? value : shown;
}

/** What is thrown and is no error of the language: a text, data, or one of the platform's, which cannot be changed. */
function withoutError(thrown: unknown, clean: Clean): unknown {
  if (typeof thrown === "string") return clean.text(thrown);
  if (!(thrown instanceof DOMException)) return without(thrown, clean);
  const shown = clean.text(thrown.message);
  return shown === thrown.message ? thrown : new DOMException(shown, thrown.name);
}
