import type { BaseMessage } from "@langchain/core/messages";
import { Annotation, type CompiledStateGraph, MessagesAnnotation } from "@langchain/langgraph";

/** What a retriever found, as plain data: it is written to checkpoints. */
export interface RetrievedDocument {
  readonly pageContent: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly id?: string | undefined;
}

/** What a caller sends. `context` is not among it: documents come from the retriever, never from a caller. */
export const WorkflowInput = Annotation.Root({ messages: MessagesAnnotation.spec.messages });

/** What is stored: every message, and what the retriever found for the last question. */
export const WorkflowState = Annotation.Root({
  messages: MessagesAnnotation.spec.messages,
  context: Annotation<readonly RetrievedDocument[]>({ reducer: (_old, found) => found, default: () => [] }),
});

/** The state of a workflow's graph. */
export interface WorkflowValues {
  readonly messages: readonly BaseMessage[];
  readonly context: readonly RetrievedDocument[];
}

/** The nodes a workflow may have; which ones depends on its mode. */
export type WorkflowNode = "__start__" | "retrieve" | "model" | "tools";

/** What `stack.createWorkflow` gives: a compiled graph, wrapped by the stack, with no user inside. */
export type Workflow = CompiledStateGraph<
  (typeof WorkflowState)["State"],
  (typeof WorkflowState)["Update"],
  WorkflowNode,
  (typeof WorkflowInput)["spec"],
  (typeof WorkflowState)["spec"]
>;
