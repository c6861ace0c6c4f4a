/** A call that a message asks for. */
export interface Asked {
  readonly id: string;
  readonly args: unknown;
}

/** Deeper than messages lie in a state or in a command. */
const DEPTH = 12;

/** The tool calls of all messages in a value, as LangChain or as OpenAI write them; the value is not run. */
export function callsIn(value: unknown): readonly Asked[] {
  const found: Asked[] = [];
  const seen = new WeakSet<object>();
  const visit = (at: unknown, depth: number): void => {
    if (typeof at !== "object" || at === null || depth > DEPTH || seen.has(at)) return;
    seen.add(at);
    for (const [key, { value: inner }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (key === "tool_calls" && Array.isArray(inner)) for (const call of inner as readonly unknown[]) take(call);
      visit(inner, depth + 1);
    }
  };
  const take = (call: unknown): void => {
    const { id, args, function: called } = (call ?? {}) as { id?: unknown; args?: unknown; function?: unknown };
    if (typeof id === "string") found.push({ id, args: args ?? (called as { arguments?: unknown } | null)?.arguments });
  };
  visit(value, 0);
  return found;
}
