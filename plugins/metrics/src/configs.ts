/** Workflows whose configuration is remembered; the oldest gives way. */
const MOST = 1_000;

/** What is recorded of a workflow's configuration: facts, never the prompt or the tools themselves. */
export type WorkflowConfig = Readonly<Record<string, string | number | boolean | null>>;

/** Configurations of workflows by name, as they were made last. */
export class Configs {
  readonly #byName = new Map<string, WorkflowConfig>();

  get(workflow: string): WorkflowConfig | null {
    return this.#byName.get(workflow) ?? null;
  }

  add(workflow: string, spec: Readonly<Record<string, unknown>>): void {
    this.#byName.delete(workflow);
    if (this.#byName.size >= MOST)
      for (const oldest of this.#byName.keys()) {
        this.#byName.delete(oldest);
        break;
      }
    this.#byName.set(workflow, configOf(spec));
  }
}

function configOf(spec: Readonly<Record<string, unknown>>): WorkflowConfig {
  const text = (key: string): string | null => (typeof spec[key] === "string" ? spec[key] : null);
  const { tools, memoryWindow, enableMemory } = spec;
  return Object.freeze({
    mode: text("mode"),
    enableMemory: enableMemory === true,
    memoryWindow: typeof memoryWindow === "number" ? memoryWindow : null,
    hasRetriever: spec["retriever"] !== undefined && spec["retriever"] !== null,
    hasTools: Array.isArray(tools) && tools.length > 0,
    tools: Array.isArray(tools) ? tools.length : 0,
    hasSystemMessage: (text("systemMessage") ?? text("systemPrompt")) !== null,
    hasCheckpointer: spec["checkpointer"] !== undefined && spec["checkpointer"] !== false,
    providerName: text("providerName"),
    modelName: text("modelName"),
  });
}
