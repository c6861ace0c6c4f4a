import type { ModelCall, RunContext, WorkflowDefinition } from "@graphtap/langgraph";
import type { Compressed, StateCompressor } from "./compressor.js";
import { isSummarizing } from "./summarize.js";
import type { LazyToolLoader } from "./tool-loader.js";

/** Brings a model call under the budget; undefined, and no promise, if it is. */
export function compressedCall(
  compressor: StateCompressor,
  countTools: boolean,
  call: ModelCall,
  run: RunContext,
  tell: (done: Compressed) => void,
): Promise<ModelCall> | undefined {
  const reserved = countTools ? compressor.countTools(call.options["tools"]) : 0;
  if (compressor.fits(call.messages, reserved) || isSummarizing()) return undefined;
  const { tenantId = null, userId = null, service = null } = run.principal ?? {};
  const scope = JSON.stringify([tenantId, userId, service]);
  return compressor.compress(call.messages, { scope, reserved }).then((done) => {
    tell(done);
    return { ...call, messages: done.messages };
  });
}

/** Where a specification names a tool: `{ type: "lazy", name: "calculator" }`. */
const nameIn = (tool: unknown): string | null => {
  const { type, name } = (tool ?? {}) as { readonly type?: unknown; readonly name?: unknown };
  return type === "lazy" && typeof name === "string" ? name : null;
};

/** Puts the tools of a loader in the place of their names; undefined where there are none. */
export function withLazyTools(loader: LazyToolLoader, definition: WorkflowDefinition): WorkflowDefinition | undefined {
  const { tools } = definition.spec;
  if (!Array.isArray(tools) || !tools.some((tool) => nameIn(tool) !== null)) return undefined;
  const found = (tools as readonly unknown[]).map((tool) => {
    const name = nameIn(tool);
    return name === null ? tool : loader.lazy(name);
  });
  return { ...definition, spec: { ...definition.spec, tools: found } };
}
