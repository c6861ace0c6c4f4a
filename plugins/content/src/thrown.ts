import { types } from "node:util";
import { DeniedError } from "@graphtap/langgraph";

const CAUSES = 8;

/**
 * An error that says nothing of what has to be hidden. The very error is changed: whoever catches it knows it by what it
 * is. Gives false where one cannot be changed.
 */
export function cleanError(error: unknown, clean: (text: string) => string): boolean {
  let at = error;
  for (let i = 0; i < CAUSES && types.isNativeError(at); i++, at = at.cause) {
    if (DeniedError.isDenied(at) || (at as { is_bubble_up?: unknown }).is_bubble_up === true) return true;
    const { message } = at;
    if (typeof message !== "string" || message === "") continue;
    const shown = clean(message);
    if (shown === message) continue;
    try {
      at.message = shown;
      // It begins with the message that was.
      at.stack = `${at.name}: ${shown}`;
    } catch {
      return false;
    }
  }
  return true;
}
