import type { BaseMessage, SystemMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph";

export type { RetrievedDocument, Workflow } from "./state.js";

/** `rag` retrieves before the model answers, `tools` lets it call tools, `full` does both. */
export type WorkflowMode = "plain" | "rag" | "tools" | "full";

/** A chat model, or a binding around one. Structural: copies of LangChain differ in class. */
export interface ChatModelLike {
  invoke(input: BaseMessage[], config?: RunnableConfig): Promise<unknown>;
}

/** A tool that runs here, or one that the provider runs (`{ type: "web_search" }`), which the model is only told of. */
export type ToolLike =
  | { readonly name: string; invoke(input: never, config?: never): Promise<unknown> }
  | { readonly type: string; readonly [option: string]: unknown };

/** LangChain's retrievers are one; so is any object with such an `invoke`. */
export interface RetrieverLike {
  invoke(
    question: string,
    config?: RunnableConfig,
  ): Promise<readonly { readonly pageContent: string; readonly metadata: object; readonly id?: string | undefined }[]>;
}

/** Options of every mode. */
export interface WorkflowOptions {
  /** The graph's name in events, metrics and errors. Default `workflow`. */
  readonly name?: string | undefined;
  /** What the graph is for, as a supervisor reads it. */
  readonly description?: string | undefined;
  /** Keeps the conversation: thread = conversation. Default false, or true where a `checkpointer` is given. */
  readonly enableMemory?: boolean | undefined;
  /**
   * Messages the model sees at most, 1 to 10,000; the checkpointer keeps all of them. What is seen starts with a human
   * message, and the current turn is always whole, even if it is longer. Default 20 with memory, else all.
   */
  readonly memoryWindow?: number | undefined;
  /** Where conversations are kept. Default with memory: a MemorySaver, which forgets at exit. */
  readonly checkpointer?: BaseCheckpointSaver | undefined;
  /** LangGraph's long-term store, handed to tools. */
  readonly store?: BaseStore | undefined;
  /** Names the provider in `model.*` events if the model does not say. */
  readonly providerName?: string | undefined;
  /** Names the model in `model.*` events if the model does not say. */
  readonly modelName?: string | undefined;
  /** Who runs it is said per run: `workflow.invoke(input, stack.as({ userId, conversationId }))`. */
  readonly userId?: never;
  readonly conversationId?: never;
}

type Model =
  | { readonly llm: ChatModelLike; readonly model?: undefined }
  | { readonly model: ChatModelLike; readonly llm?: undefined };
type System =
  | { readonly systemMessage?: string | SystemMessage | undefined; readonly systemPrompt?: undefined }
  | { readonly systemPrompt: string | SystemMessage; readonly systemMessage?: undefined };

interface Plain {
  readonly mode?: "plain" | undefined;
  readonly retriever?: undefined;
  readonly tools?: undefined;
}
interface Rag {
  readonly mode: "rag";
  readonly retriever: RetrieverLike;
  readonly tools?: undefined;
}
interface Tools {
  readonly mode: "tools";
  readonly tools: readonly ToolLike[];
  readonly retriever?: undefined;
}
interface Full {
  readonly mode: "full";
  readonly retriever: RetrieverLike;
  readonly tools: readonly ToolLike[];
}

/**
 * What `stack.createWorkflow` takes. `model` and `systemPrompt` are other names of `llm` and `systemMessage`; the mode
 * decides what must be there: `rag` needs a retriever, `tools` needs tools, `full` needs both.
 *
 * @example
 * await stack.createWorkflow({ mode: "tools", llm, systemMessage: "You answer support questions.", tools: [search] });
 */
export type WorkflowSpec = WorkflowOptions & Model & System & (Plain | Rag | Tools | Full);

/** A specification from somewhere else: a file, a form. `stack.validate` takes anything. */
export type AnyWorkflowSpec = unknown;

/** A specification as the stack builds it: synonyms resolved, defaults filled in. Hooks see this one. */
export interface ReadySpec {
  readonly name: string;
  readonly mode: WorkflowMode;
  readonly llm: ChatModelLike;
  readonly tools: readonly ToolLike[];
  readonly enableMemory: boolean;
  readonly systemMessage: string | SystemMessage | undefined;
  /** Undefined: the model sees everything. */
  readonly memoryWindow: number | undefined;
  readonly retriever?: RetrieverLike | undefined;
  readonly description?: string | undefined;
  readonly checkpointer?: BaseCheckpointSaver | undefined;
  readonly store?: BaseStore | undefined;
  readonly providerName?: string | undefined;
  readonly modelName?: string | undefined;
}

/** One thing that is wrong with a specification. */
export interface WorkflowIssue {
  /** Permanent; long form: `npx graphtap why CODE`. */
  readonly code: WorkflowIssueCode;
  /** Where: `memoryWindow`, `tools[2].name`; empty for the whole. */
  readonly path: string;
  /** What was found, described and never quoted at length. */
  readonly got: string;
  readonly expected: string;
  /** The line to write instead. */
  readonly fix: string;
  /** All of it in one sentence. */
  readonly message: string;
}

export type WorkflowIssueCode =
  | "WORKFLOW_IDENTITY"
  | "WORKFLOW_MEMORY_WINDOW"
  | "WORKFLOW_MODEL_UNUSABLE"
  | "WORKFLOW_OPTION_CONFLICT"
  | "WORKFLOW_OPTION_TYPE"
  | "WORKFLOW_OPTION_UNKNOWN"
  | "WORKFLOW_OPTIONS_INVALID"
  | "WORKFLOW_RETRIEVER_MISSING"
  | "WORKFLOW_TOOL_DUPLICATE"
  | "WORKFLOW_TOOL_UNUSABLE"
  | "WORKFLOW_TOOLS_MISSING";
