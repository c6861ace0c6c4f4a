import type { GraphTapError } from "@graphtap/kernel";
import { bindingError } from "../errors.js";

/** What a middleware did or has that a plugin cannot do, by name. */
export function unsupported(middleware: string, what: readonly string[]): GraphTapError {
  return bindingError(
    "MIDDLEWARE_UNSUPPORTED",
    `middleware "${middleware}" cannot be a plugin: ${what.join(", ")}.`,
    "A plugin works in graphs that are no agents: it adds no nodes, no state and no tools, cannot jump, and cannot exchange the model or the tool of a call.",
    { details: { middleware, unsupported: what } },
  );
}

/** A middleware that does not keep to LangChain's own rules. */
export function invalid(middleware: string, why: string): GraphTapError {
  return bindingError("MIDDLEWARE_INVALID", `middleware "${middleware}" gave something that nobody can use.`, why, {
    do: "Correct the middleware; LangChain's createAgent refuses the same.",
  });
}
