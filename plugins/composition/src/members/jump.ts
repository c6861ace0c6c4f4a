/** Where a Command would go; LangGraph knows one by its name, in plain data too. */
export function jumpOf(input: unknown): string | null {
  if (typeof input !== "object" || input === null || !("lg_name" in input) || input.lg_name !== "Command") return null;
  const { goto } = input as { goto?: unknown };
  if (goto === undefined || goto === null) return null;
  const targets: readonly unknown[] = Array.isArray(goto) ? goto : [goto];
  if (targets.length === 0) return null;
  const [first] = targets;
  const node = typeof first === "object" && first !== null ? (first as { node?: unknown }).node : first;
  return typeof node === "string" ? node : "a node";
}
