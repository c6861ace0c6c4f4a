import type { Core } from "./core.js";
import type { GraphWrapper } from "./graph/wrap.js";
import type { ModelGuards } from "./model/guard.js";
import type { Guards } from "./tool/guard.js";

/** What the subpaths of this package need of a stack and its public interface does not show. */
export interface StackParts {
  readonly core: Core;
  readonly tools: Guards;
  readonly models: ModelGuards;
  readonly graphs: GraphWrapper;
}

const parts = new WeakMap<object, StackParts>();

/** Remembers the inside of a stack. */
export function keepParts(stack: object, inside: StackParts): void {
  parts.set(stack, inside);
}

/** The inside of a stack; undefined for anything else, and for a stack of another copy of this package. */
export function partsOf(stack: unknown): StackParts | undefined {
  return typeof stack === "object" && stack !== null ? parts.get(stack) : undefined;
}
