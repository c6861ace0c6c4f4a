import type { WorkflowSpec } from "@graphtap/langgraph";

type Values = Readonly<Record<string, unknown>>;

/** Keys of a workflow's specification that members inherit from what they are part of. */
export const SHARED: readonly string[] = Object.freeze([
  "llm",
  "model",
  "systemMessage",
  "systemPrompt",
  "tools",
  "retriever",
  "memoryWindow",
  "store",
  "providerName",
  "modelName",
]);

/** Two names of one thing: whoever gives one does not inherit the other. */
const SYNONYMS: readonly (readonly [string, string])[] = [
  ["llm", "model"],
  ["systemMessage", "systemPrompt"],
];
/** What only some modes use: handed down only to those. */
const USED_BY: Readonly<Record<string, readonly string[]>> = { tools: ["tools", "full"], retriever: ["rag", "full"] };

const remembers = (spec: Values): boolean => spec["enableMemory"] === true || spec["checkpointer"] !== undefined;

/**
 * The whole specification of a member: its own, and what it inherits. Nothing that a mode needs gets lost on the way: a
 * member of mode `tools` has the tools, or createWorkflow refuses it.
 *
 * @param outerRemembers a conversation is kept around it; a member without memory then sees the current turn only
 */
export function memberSpec(name: string, shared: Values, own: Values, outerRemembers: boolean): WorkflowSpec {
  const inherited: Record<string, unknown> = {};
  const mode = (own["mode"] ?? "plain") as string;
  for (const key of SHARED)
    if (shared[key] !== undefined && (USED_BY[key]?.includes(mode) ?? true)) inherited[key] = shared[key];
  for (const [one, other] of SYNONYMS) {
    if (own[one] !== undefined) delete inherited[other];
    if (own[other] !== undefined) delete inherited[one];
  }
  const window = outerRemembers && !remembers(own) && shared["memoryWindow"] === undefined ? { memoryWindow: 1 } : {};
  return { name, ...window, ...inherited, ...own } as unknown as WorkflowSpec;
}

/** Whether any of these keeps a conversation, so that what they are part of has to. */
export const anyRemembers = (specs: readonly Values[]): boolean => specs.some(remembers);

/** The first checkpointer that any of these names. */
export const saverOf = (specs: readonly Values[]): unknown =>
  specs.map(({ checkpointer }) => checkpointer).find((saver) => typeof saver === "object" && saver !== null);
