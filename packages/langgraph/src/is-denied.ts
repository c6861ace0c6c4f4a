/** A denied tool call, as a message carries it. */
interface Denied {
  readonly artifact: { readonly graphtap: { readonly code: string; readonly requestId: string } };
}

/**
 * Whether a message is a tool call that was denied: a live message, one read back from a checkpoint, or its JSON. This
 * module imports nothing, so that a browser can load it: `@graphtap/langgraph/is-denied`, `graphtap/is-denied`.
 *
 * @example
 * const denials = state.messages.filter(isDenied);
 */
export function isDenied(message: unknown): message is Denied | { readonly kwargs: Denied } {
  const artifact = part(message, "artifact") ?? part(part(message, "kwargs"), "artifact");
  return typeof part(part(artifact, "graphtap"), "code") === "string";
}

const part = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
