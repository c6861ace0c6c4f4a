import type { CompiledWorkflow, WorkflowDefinition } from "@graphtap/langgraph";
import { MemorySaver } from "@langchain/langgraph";
import type { EntryOptions, WorkflowCache } from "./cache.js";
import { keyOf } from "./key.js";

/** Measured: a compiled graph of two nodes with its wrapping, and a tool with its schema. */
const GRAPH_BYTES = 20_480;
const TOOL_BYTES = 17_408;

interface Parts {
  readonly mode?: unknown;
  readonly tools?: unknown;
  readonly providerName?: unknown;
  readonly modelName?: unknown;
  readonly systemMessage?: unknown;
  readonly enableMemory?: unknown;
  readonly checkpointer?: unknown;
}

/** What a compiled graph can do that is needed here. */
interface Graph {
  withConfig(config: object): Graph;
  checkpointer?: unknown;
}

const isGraph = (value: object): value is Graph => typeof (value as Partial<Graph>).withConfig === "function";

/** Under which names the entry of a specification is found, and how much it is reckoned to hold. */
function entryOf({ name, spec }: WorkflowDefinition): EntryOptions {
  const { mode, tools, providerName, modelName, systemMessage } = spec as Parts;
  const list: readonly unknown[] = Array.isArray(tools) ? tools : [];
  const tags = [`workflow:${name}`];
  for (const [label, value] of [
    ["mode", mode],
    ["provider", providerName],
    ["model", modelName],
  ] as const)
    if (typeof value === "string") tags.push(`${label}:${value}`);
  for (const tool of list) {
    const called: unknown = (tool as { name?: unknown } | null)?.name;
    if (typeof called === "string") tags.push(`tool:${called}`);
  }
  const text = typeof systemMessage === "string" ? 2 * systemMessage.length : 0;
  return { tags, bytes: GRAPH_BYTES + TOOL_BYTES * list.length + text };
}

/**
 * A workflow from the cache, or from `build`. Each caller gets a graph object of his own around the shared nodes: what
 * he sets on it (a server sets the checkpointer) is his, and a memory that nobody named is not shared with a stranger.
 */
export async function compileThrough(
  cache: WorkflowCache,
  definition: WorkflowDefinition,
  build: () => Promise<CompiledWorkflow>,
): Promise<CompiledWorkflow> {
  const { name, spec } = definition;
  const found = keyOf(["workflow.compile", name, spec], { live: true });
  if (!found.ok) {
    cache.bypass(name, found.reason);
    return build();
  }
  const shared = await cache.byKey(
    found.key,
    name,
    async () => (await build()).compiled,
    () => entryOf(definition),
  );
  if (!isGraph(shared)) return { compiled: shared };
  const own = shared.withConfig({});
  const { enableMemory, checkpointer } = spec as Parts;
  if (enableMemory === true && checkpointer === undefined) own.checkpointer = new MemorySaver();
  return { compiled: own };
}
