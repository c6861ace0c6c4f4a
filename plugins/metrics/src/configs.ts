import { deepFreeze, isPlainObject, snapshot } from "@graphtap/values";

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

/**
 * A configuration as it is at this moment: the caller's own object may change, and a model in it would be kept alive for
 * as long as the run is.
 *
 * @throws ValuesError for cyclic data, or more than 32 levels, 10,000 values or 1 MiB
 */
export function copyOf(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { value, opaque } = snapshot(config);
  return deepFreeze(opaque.length === 0 ? value : (named(value) as typeof value));
}

/** The same with functions and instances by what they are called. */
function named(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(named);
  if (value instanceof Date) return value;
  if (!isPlainObject(value)) return `[${nameOfClass(value)}]`;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) copy[key] = named(value[key]);
  return copy;
}

function nameOfClass(value: object): string {
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === "string" && name !== "" ? name.slice(0, 64) : "object";
}
