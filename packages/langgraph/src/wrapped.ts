import { wrapForeignStack } from "./errors.js";

/** On whatever a stack has wrapped: by its registered name, so that other copies of this package see it too. */
export const WRAPPED_BY = Symbol.for("graphtap.wrapped");

/** The stack that wrapped a graph, tool or model; null for any other object. */
export function wrapperOf(value: unknown): { readonly name: string } | null {
  const found: unknown =
    typeof value === "object" && value !== null ? (value as { [WRAPPED_BY]?: unknown })[WRAPPED_BY] : undefined;
  return (found as { name: string } | undefined) ?? null;
}

/** @throws GraphTapError WRAP_FOREIGN_STACK */
export function assertNotForeign(
  kind: "graph" | "tool" | "model",
  value: object,
  own: { readonly name: string },
): void {
  const by = wrapperOf(value);
  if (by === null || by === own) return;
  const { name } = value as { readonly name?: unknown };
  throw wrapForeignStack(kind, typeof name === "string" ? name : kind, by.name, own.name);
}
