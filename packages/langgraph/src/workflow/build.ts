import type { BaseMessage } from "@langchain/core/messages";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import type { GraphWrapper } from "../graph/wrap.js";
import type { ModelGuards } from "../model/guard.js";
import { type Guards, isCallable } from "../tool/guard.js";
import { MODES } from "./options.js";
import { PromptedModel, retrieveWith } from "./nodes.js";
import type { ChatModelLike, ReadySpec } from "./spec.js";
import { type Workflow, WorkflowInput, type WorkflowNode, WorkflowState, type WorkflowValues } from "./state.js";

/** The parts of a stack that govern what a workflow is made of. */
export interface Governors {
  readonly tools: Guards;
  readonly models: ModelGuards;
  readonly graphs: GraphWrapper;
}

/** A chat model that takes tools. */
interface ToolModel extends ChatModelLike {
  bindTools(tools: readonly unknown[]): ChatModelLike;
}

const newGraph = () => new StateGraph({ stateSchema: WorkflowState, input: WorkflowInput });
/** The builder under its own name for all nodes: which ones there are is decided by the mode, at run time. */
type Builder = StateGraph<
  (typeof WorkflowState)["spec"],
  (typeof WorkflowState)["State"],
  (typeof WorkflowState)["Update"],
  WorkflowNode,
  (typeof WorkflowInput)["spec"],
  (typeof WorkflowState)["spec"]
>;

/** Builds and compiles the graph of a specification: [retrieve] -> model <-> tools, everything in it governed. */
export function buildWorkflow({ tools, models, graphs }: Governors, spec: ReadySpec): Workflow {
  const needs = MODES[spec.mode];
  const governed = spec.tools.map((tool) => (isCallable(tool) ? tools.guard(tool) : tool));
  const { providerName: provider = null, modelName = null } = spec;
  const names = provider === null && modelName === null ? null : { provider, model: modelName };
  const llm = models.guard(spec.llm, names);
  const model = needs.tools ? (llm as ToolModel).bindTools(governed) : llm;
  const builder = newGraph() as unknown as Builder;
  builder.addNode("model", new PromptedModel(model, spec));
  if (needs.retriever && spec.retriever !== undefined) {
    builder.addNode("retrieve", retrieveWith(spec.retriever, spec.name));
    builder.addEdge(START, "retrieve").addEdge("retrieve", "model");
  } else builder.addEdge(START, "model");
  if (needs.tools) {
    const callable = governed.filter(isCallable);
    builder.addNode("tools", new ToolNode(callable as never));
    builder.addConditionalEdges("model", toolsCondition, ["tools", END]);
    const direct = new Set(
      callable.filter((tool) => (tool as { returnDirect?: unknown }).returnDirect === true).map((tool) => tool.name),
    );
    if (direct.size === 0) builder.addEdge("tools", "model");
    else
      builder.addConditionalEdges("tools", (state: WorkflowValues) => (answered(state, direct) ? END : "model"), [
        "model",
        END,
      ]);
  } else builder.addEdge("model", END);
  const checkpointer = spec.enableMemory ? (spec.checkpointer ?? new MemorySaver()) : undefined;
  const compiled = builder.compile({
    name: spec.name,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(checkpointer === undefined ? {} : { checkpointer }),
    ...(spec.store === undefined ? {} : { store: spec.store }),
  });
  return graphs.wrap(compiled) as Workflow;
}

/** Whether a tool marked `returnDirect` has given the answer, so that the model need not say it again. */
function answered({ messages }: WorkflowValues, direct: ReadonlySet<string>): boolean {
  const last = messages.at(-1) as (BaseMessage & { readonly status?: string }) | undefined;
  return last?.type === "tool" && last.status !== "error" && direct.has(last.name ?? "");
}
