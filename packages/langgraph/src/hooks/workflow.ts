import { defineHook } from "@graphtap/kernel";
import type { Clock } from "@graphtap/kernel";

/** Creation has no identity: no user, conversation or run is known, or may be captured, here. */
export interface CreationContext {
  readonly stack: string;
  readonly clock: Clock;
}

/** A workflow about to be built. `spec` is plain configuration beside live objects (models, tools, retrievers). */
export interface WorkflowDefinition {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The compiled graph that came out. */
export interface CompiledWorkflow {
  readonly compiled: object;
}

export const workflow = Object.freeze({
  define: defineHook.waterfall<WorkflowDefinition, CreationContext>("workflow.define", {
    doc: "A workflow specification is about to be built.",
  }),
  compile: defineHook.around<WorkflowDefinition, Promise<CompiledWorkflow>, CreationContext>("workflow.compile", {
    doc: "Build and compile; a cache answers here.",
  }),
});
